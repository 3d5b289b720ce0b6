"""The page of a network that knows other things than digits, in any size, grey or in colour."""

import base64
import io

import numpy as np
import pytest
import requests
from PIL import Image

from convnet import (
    Concatenate,
    Conv2D,
    Dense,
    GlobalAveragePool2D,
    LayerNorm,
    Reshape,
    Residual,
    Sequential,
    SiLU,
    Upsample2D,
)
from tests.server import networks
from tests.support.live import eventually, serve
from tests.support.page import written

pytestmark = pytest.mark.browser


@pytest.fixture
def served(request, tmp_path, open_desk):
    """The kind's name, the page of its network, and the service behind."""
    network = networks.of_kind(request.param)
    network.save(tmp_path / "other.npz")
    with serve(tmp_path, MODEL=tmp_path / "other.npz", WEB_CONCURRENCY=1) as service:
        desk = open_desk(url=service.url)
        desk.wait("() => document.querySelectorAll('.layer').length > 0")
        yield request.param, desk, service


every_kind = pytest.mark.parametrize("served", networks.KINDS, indirect=True)


def sent(desk):
    """The picture in the command that the page offers, as bytes."""
    desk.wait("() => document.getElementById('curl').textContent.includes('image')")
    return base64.b64decode(desk.text("#curl").split('"image": "')[1].split('"')[0])


@every_kind
def test_what_is_drawn_is_called_by_its_class(served):
    kind, desk, service = served
    shape, names = networks.KINDS[kind]
    desk.draw(written(3))
    desk.wait("() => document.getElementById('reading').dataset.state !== 'empty'")
    desk.settle()
    answer = requests.post(
        f"{service.url}/predict?top={min(10, len(names))}",
        data=sent(desk),
        headers={"Content-Type": "image/png"},
    ).json()
    assert answer["label"] in names
    assert desk.text("#answer") == answer["label"]
    assert answer["label"] in desk.text("#verdict")
    assert "digit" not in desk.text("#verdict")
    bars = [bar.inner_text().split("\n") for bar in desk.page.locator("#bars li").all()]
    expected = dict(zip(names, answer["probabilities"], strict=True))
    if len(names) > 12:
        expected = {entry["label"]: entry["probability"] for entry in answer["top"]}
    assert [bar[0] for bar in bars] == list(expected)
    for bar, share in zip(bars, expected.values(), strict=True):
        assert bar[-1] == f"{100 * min(share, 0.999):.1f} %"
    assert desk.text("#bars li.best .bar-digit") == answer["label"]
    for canvas in ("#input", "#heat"):
        size = "canvas => [canvas.height, canvas.width]"
        assert desk.page.locator(canvas).evaluate(size) == list(shape[:2])


@every_kind
def test_the_input_is_shown_as_it_is(served):
    kind, desk, service = served
    height, width, _ = networks.KINDS[kind][0]
    desk.draw(written(2))
    desk.wait("() => document.getElementById('reading').dataset.state !== 'empty'")
    desk.settle()
    answer = requests.post(
        f"{service.url}/predict?input=true",
        data=sent(desk),
        headers={"Content-Type": "image/png"},
    ).json()
    given = Image.open(io.BytesIO(base64.b64decode(answer["input"].split(",")[1])))
    shown = desk.page.evaluate(
        """() => {
          const canvas = document.getElementById("input");
          const { width, height } = canvas;
          return [...canvas.getContext("2d").getImageData(0, 0, width, height).data];
        }"""
    )
    pixels = np.reshape(shown, (height, width, 4))[..., :3]
    np.testing.assert_array_equal(pixels, np.asarray(given.convert("RGB")))
    assert pixels.max() > 200  # paper is white
    eventually(lambda: desk.colours("#heat") > 5)


@every_kind
def test_every_layer_can_be_opened(served):
    kind, desk, _ = served
    names = networks.KINDS[kind][1]
    desk.draw(written(4))
    desk.page.locator("#layers").scroll_into_view_if_needed()
    for card in desk.page.locator(".layer button").all():
        card.press("Enter")
        desk.wait("() => document.querySelector('#inspector strong, #inspector .term-text')")
        desk.page.get_by_role("button", name="Close").click()
    desk.page.locator(".layer button").last.press("Enter")
    desk.page.locator(".picker input").fill("1")
    assert desk.text(".picker output") == f"Score of {names[1]}"
    softmax = "text => document.querySelector('#inspector').textContent.includes(text)"
    desk.wait(softmax, f"of {names[1]} becomes")


@every_kind
def test_what_is_about_digits_is_not_there(served):
    _, desk, _ = served
    for hidden in (".switch", "#samples"):
        assert desk.page.locator(hidden).is_hidden()
    for title in (desk.page.title(), desk.text("h1")):
        assert "digit" not in title
    assert desk.text("#accuracy dd") == "unknown"
    plain = desk.page.locator("#desk").get_attribute("data-form") == "plain"
    assert desk.page.get_by_text("Which ink it took").is_hidden() == plain


@every_kind
def test_names_are_not_cut_off(served):
    """What hangs below the line, such as the tail of a Q or g, has room."""
    _, desk, _ = served
    desk.draw(written(3))
    desk.wait("() => document.getElementById('reading').dataset.state !== 'empty'")
    room = (
        "e => parseFloat(getComputedStyle(e).lineHeight) / parseFloat(getComputedStyle(e).fontSize)"
    )
    for place in ("#answer", "#bars .bar-digit >> nth=0"):
        assert desk.page.locator(place).evaluate(room) >= 1.2


def test_a_network_of_branches_is_shown(tmp_path, open_desk):
    """Layers whose maps are not made of maps of the same shape, and some within others."""
    layers = [
        Conv2D(4, 3, stride=2),
        Residual([Conv2D(4, 3, padding=1, dilation=1), SiLU()]),
        Concatenate([[], [Conv2D(4, 3, padding=2, dilation=2, groups=2), LayerNorm()]]),
        Upsample2D(2),
        LayerNorm(),
        Reshape((26, -1, 8)),
        Reshape((-1, 8)),  # rows of numbers are no pictures
        LayerNorm(),
        Reshape((26, 26, 8)),
        GlobalAveragePool2D(),
        Dense(10),
    ]
    network = Sequential(layers, (28, 28, 1), rng=np.random.default_rng(0))
    network.save(tmp_path / "n.npz")
    with serve(tmp_path, MODEL=tmp_path / "n.npz", WEB_CONCURRENCY=1) as service:
        desk = open_desk(url=service.url)
        desk.page.click("#samples button >> nth=5")
        desk.wait("() => document.querySelectorAll('.layer').length === 11")
        for card, layer in zip(desk.page.locator(".layer").all(), network.layers, strict=True):
            assert card.locator("p").inner_text() == layer.does
            card.locator("button").press("Enter")
            desk.wait("() => document.querySelector('#inspector strong, #inspector .term-text')")
            desk.page.get_by_role("button", name="Close").click()
