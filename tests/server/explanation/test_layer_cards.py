"""Every kind of layer says of itself what `/model`, `/explain` and the page show of it."""

import base64
import json
import re

import jsonschema
import numpy as np
import pytest

import convnet
from convnet.layers import LAYERS, BatchNorm, Conv2D, Layer
from server import create_app
from server.explanation import layer_cards, sprites
from server.explanation.layer_arithmetic import detail, window
from server.explanation.layer_trace import Trace
from server.problems import Problem
from tests.support.layer_cases import CASES, RANDOM

ALL = [*CASES, *RANDOM]
every_case = pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
FIRST_OF_KIND = list({type(case.make()): case for case in reversed(ALL)}.values())
every_kind = pytest.mark.parametrize(
    "case", FIRST_OF_KIND, ids=lambda case: type(case.make()).__name__
)
NAMES = re.compile(r"\{(\w+)\}")


def at_work(case):
    layer, x = case.build(np.float32), case.x(np.float32)
    return Trace(layer, x[0], layer.forward(x)[0])


def array(tensor):
    values = np.frombuffer(base64.b64decode(tensor["data"]), "<f4")
    return values.reshape(tensor["shape"])


def test_there_is_a_case_of_every_kind():
    assert {type(case.make()) for case in FIRST_OF_KIND} == set(LAYERS.values())


@pytest.fixture(scope="module")
def schema():
    document = create_app().test_client().get("/openapi.json").get_json()
    return {"$ref": "#/components/schemas/Layer", "components": document["components"]}


@every_case
def test_a_card_fits_the_schema(case, schema):
    card = json.loads(json.dumps(layer_cards.describe(case.build(), 3)))
    jsonschema.validate(card, schema)


@every_kind
def test_a_card_says_what_the_layer_does_and_where(case, root):
    card = layer_cards.describe(case.build(), 0)
    assert re.fullmatch(r"[A-Z0-9].{10,90}[^.]", card["description"])
    assert f"class {card['kind']}(" in (root / card["source"]).read_text()


@every_case
def test_the_numbers_of_a_layer_are_all_of_one_channel_or_all_of_it(case):
    step = at_work(case)
    if step.layer.view in ("whole", "reshape"):
        shown = detail(step, 0, None)
        assert (shown["input"]["shape"], shown["output"]["shape"]) == (
            list(step.input.shape),
            list(step.output.shape),
        )
        return
    shown = detail(step, 0, 1 if step.output.shape[-1] > 1 else 0)
    output = step.output[..., shown["channel"]]
    assert np.array_equal(array(shown["output"]) if output.ndim else shown["output"], output)
    assert set(NAMES.findall(step.layer.rule)) <= shown.keys()


@every_case
def test_a_window_leads_to_its_output(case):
    step = at_work(case)
    if step.layer.view not in ("convolution", "pooling"):
        with pytest.raises(Problem, match="has no windows"):
            window(step, 0, 0, 0)
        return
    rows, columns, channels = step.output.shape
    shown = window(step, channels - 1, rows - 1, columns - 1)
    expected = step.output[-1, -1, -1]
    assert shown["output"] == pytest.approx(expected, rel=1e-4, abs=1e-5)
    if step.layer.view == "convolution":
        assert np.shape(shown["input"]) == np.shape(shown["kernel"])
        assert shown["sum"] + shown["bias"] == pytest.approx(expected, rel=1e-3, abs=1e-4)


def test_a_convolution_in_groups_shows_what_it_sees():
    layer = Conv2D(4, 3, groups=2, dilation=2)
    layer.build((7, 7, 6), np.random.default_rng(0))
    x = np.random.default_rng(1).random((1, 7, 7, 6), np.float32)
    shown = detail(Trace(layer, x[0], layer.forward(x)[0]), 0, 3)
    assert np.array_equal(array(shown["input"]), x[0][..., 3:])
    assert array(shown["kernel"]).shape == (3, 3, 3)
    assert shown["dilation"] == [2, 2]


def test_a_normalisation_shows_its_four_numbers():
    layer = BatchNorm(epsilon=0.5)
    layer.build((3,), np.random.default_rng(0))
    assert layer.channel_numbers(1) == {
        "gamma": 1.0,
        "beta": 0.0,
        "mean": 0.0,
        "variance": 1.0,
        "epsilon": 0.5,
    }


class Doubled(Layer):
    """Twice every number. What else there is to say of it."""

    kind = "doubled"

    def array_shapes(self, input_shape):
        return {"trained": input_shape[-1:]}

    def create_params(self, rng):
        self.params["trained"] = np.arange(self.input_shape[-1], dtype=float)

    def forward(self, x, *, training=False):
        return 2 * x


def test_a_new_layer_says_what_its_docstring_says():
    network = convnet.Sequential([Doubled()], (2, 2, 3), rng=np.random.default_rng(0))
    card = layer_cards.describe(network.layers[0], 0)
    assert (card["description"], card["view"], card["rule"]) == (
        *("Twice every number", "elementwise"),
        "",
    )
    x = np.ones((2, 2, 3), np.float32)
    assert detail(Trace(network.layers[0], x, 2 * x), 0, 2)["trained"] == 2.0


@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 4, 2)])
def test_arrays_that_are_no_pictures_are_shown(shape):
    """The last axis has the maps, whatever the others are."""
    values = np.random.default_rng(0).random(shape, np.float32)
    shown = sprites.maps(values)
    assert shown["count"] == shape[-1]
    assert shown["tile"] == [shape[0], values.size // shape[0] // shape[-1]]


def test_nothing_else_lists_the_kinds_of_layers(root):
    """Neither the service nor the page knows a kind by its name; `Conv2D` is an example of one."""
    names = "|".join(sorted(LAYERS))
    quoted = re.compile(rf"[\"'`=]({names})[\"'`\]]")
    found = {
        f"{path.relative_to(root)}: {match[1]}"
        for path in (*root.glob("server/**/*.py"), *root.glob("static/js/**/*.js"))
        for match in quoted.finditer(path.read_text())
    }
    assert found == {"server/openapi/layer_schemas.py: Conv2D"}
