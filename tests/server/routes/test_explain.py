"""`POST /explain` and `GET /model`: every number can be followed by hand."""

import base64
import gzip
import hashlib
import io
import json

import numpy as np
import pytest
from PIL import Image

import convnet
from convnet import layers
from server import create_app
from server.classes import DIGITS
from server.explanation import occlusion, sprites
from server.finding import prepare
from server.input_form import MNIST_FORM
from server.recognizer import Recognizer
from server.serializers.model_card import accuracies
from tests.support.http import encoded, problem


@pytest.fixture(scope="module")
def recognizer():
    """A small network with a layer of every kind that serves."""
    rng = np.random.default_rng(3)
    network = convnet.Sequential(
        [
            layers.Conv2D(6, 5, stride=2, padding="same", mode="convolution"),
            layers.BatchNorm(),
            layers.LeakyReLU(0.1),
            layers.AveragePool2D(3, 2),
            layers.BatchNorm(),
            layers.Conv2D(4, (3, 2), padding=1),
            layers.Tanh(),
            layers.MaxPool2D(2, 1),
            layers.Reshape((6, 5, 4)),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(12),
            layers.Sigmoid(),
            layers.Dense(10),
        ],
        (28, 28, 1),
        rng=rng,
        name="zoo",
    )
    for value in network.arrays.values():
        value += rng.uniform(0.1, 0.5, value.shape)
    network.metadata = {
        "name": "zoo",
        "version": "7",
        "training": {"epochs": 3},
        "test": {"accuracy": 0.99, "images": 10_000},
        "held_out": {"mnist": 0.98, "fonts": 0.97},
        "calibration": {"temperature": 2.0},
    }
    return Recognizer(network)


@pytest.fixture(scope="module")
def client(recognizer):
    return create_app(recognizer=recognizer).test_client()


@pytest.fixture(scope="module")
def ask(client, seven):
    def ask(**options):
        response = client.post("/explain", json={"image": encoded(seven), **options})
        assert response.status_code == 200, response.get_json()
        return response.get_json()

    return ask


@pytest.fixture(scope="module")
def everything(ask):
    return ask(heatmap=True)


def array(tensor):
    values = np.frombuffer(base64.b64decode(tensor["data"]), "<f4")
    assert tensor["dtype"] == "float32"
    return values.reshape(tensor["shape"]).astype(np.float64)


def sprite(shown):
    """Undo a sprite's scale."""
    file = io.BytesIO(base64.b64decode(shown["image"].partition(",")[2]))
    pixels = np.asarray(Image.open(file), np.float64)
    return shown["min"] + pixels / 255 * (shown["max"] - shown["min"])


def tile(shown, index):
    height, width = shown["tile"]
    row, column = divmod(index, shown["columns"])
    return sprite(shown)[row * height : (row + 1) * height, column * width : (column + 1) * width]


def index_of(everything, name):
    return next(layer["index"] for layer in everything["layers"] if layer["name"] == name)


def test_it_says_what_predict_says(client, everything, seven):
    predicted = client.post("/predict", json={"image": encoded(seven)}).get_json()
    for name in ("digit", "confidence", "is_digit", "probabilities", "top", "model"):
        assert everything[name] == predicted[name]
    assert set(everything["time_ms"]) == {"preprocess", "predict", "explain"}


def test_layers_are_described_as_they_serve(everything, recognizer):
    kinds = [layer["kind"] for layer in everything["layers"]]
    assert kinds == [
        *("Conv2D", "LeakyReLU", "AveragePool2D", "BatchNorm", "Conv2D", "Tanh", "MaxPool2D"),
        *("Reshape", "ReLU", "Flatten", "Dense", "Sigmoid", "Dense"),
    ]
    for index, layer in enumerate(everything["layers"]):
        assert layer["index"] == index
        assert layer["description"]
        before = everything["layers"][index - 1]["output_shape"] if index else [28, 28, 1]
        assert layer["input_shape"] == before
    conv = everything["layers"][0]
    assert conv["kernel_shape"] == [5, 5, 1, 6]
    assert conv["stride"] == [2, 2]
    assert conv["padding"] == [[1, 2], [1, 2]]
    assert conv["parameters"] == 5 * 5 * 6 + 6
    assert conv["multiply_adds"] == 14 * 14 * 6 * 25
    assert everything["layers"][2]["pool"] == [3, 3]
    assert everything["layers"][-1]["kernel_shape"] == [12, 10]


def test_sprites_show_what_every_layer_really_saw(everything, recognizer):
    ink = sprite(everything["input"]).astype(np.float32)
    for layer, out in recognizer.activations(ink):
        shown = everything["layers"][index_of(everything, layer.name)]["maps"]
        tolerance = (shown["max"] - shown["min"]) / 255 + 0.02 * np.abs(out).max()
        expected = out if out.ndim == 3 else out[np.newaxis, :, np.newaxis]
        assert shown["count"] == expected.shape[2]
        assert shown["tile"] == list(expected.shape[:2])
        for channel in range(shown["count"]):
            np.testing.assert_allclose(tile(shown, channel), expected[..., channel], atol=tolerance)


@pytest.mark.parametrize("maps", [False, [], [0, 3], "all"])
def test_maps_are_sent_for_the_layers_asked_for(ask, maps):
    answer = ask() if maps == "all" else ask(maps=maps)
    sent = {layer["index"] for layer in answer["layers"] if layer["maps"] is not None}
    assert sent == ({*range(13)} if maps == "all" else set(maps or []))


@pytest.mark.parametrize(("text", "count"), [("true", 13), ("false", 0), ("0,12", 2), ("5", 1)])
def test_maps_can_be_chosen_in_the_query(client, seven, text, count):
    answer = client.post(f"/explain?maps={text}", data=seven, content_type="image/png").get_json()
    assert sum(layer["maps"] is not None for layer in answer["layers"]) == count


def correlate(values, kernel, stride, padding):
    """The definition, in loops."""
    padded = np.pad(values, (*padding, (0, 0)))
    height, width = kernel.shape[:2]
    rows = (padded.shape[0] - height) // stride[0] + 1
    columns = (padded.shape[1] - width) // stride[1] + 1
    out = np.empty((rows, columns))
    for row in range(rows):
        for column in range(columns):
            top, left = row * stride[0], column * stride[1]
            out[row, column] = (padded[top : top + height, left : left + width] * kernel).sum()
    return out


@pytest.mark.parametrize(("name", "channel", "flipped"), [("conv1", 5, True), ("conv2", 0, False)])
def test_a_convolution_can_be_followed(ask, everything, name, channel, flipped):
    detail = ask(maps=False, layer=index_of(everything, name), channel=channel)["detail"]
    assert (detail["kind"], detail["channel"], detail["flipped"]) == ("Conv2D", channel, flipped)
    values, kernel = array(detail["input"]), array(detail["kernel"])
    out = correlate(values, kernel, detail["stride"], detail["padding"]) + detail["bias"]
    np.testing.assert_allclose(out, array(detail["output"]), rtol=1e-4, atol=1e-5)


def test_one_window_is_spelled_out(ask, everything):
    index = index_of(everything, "conv2")
    answer = ask(maps=False, layer=index, channel=2, row=0, column=3)
    window, detail = answer["detail"]["window"], answer["detail"]
    values, kernel, products = (np.array(window[name]) for name in ("input", "kernel", "products"))
    assert values.shape == kernel.shape == products.shape == (3, 2, 6)
    assert (window["top"], window["left"]) == (-1, 2)
    assert not values[0].any()  # in the padding
    np.testing.assert_allclose(products, values * kernel, rtol=1e-4)
    assert window["sum"] == pytest.approx(products.sum(), rel=1e-4)
    assert window["output"] == pytest.approx(window["sum"] + window["bias"], rel=1e-4)
    assert window["output"] == pytest.approx(array(detail["output"])[0, 3], rel=1e-4)


@pytest.mark.parametrize(("name", "keep"), [("max_pool1", np.max), ("average_pool1", np.mean)])
def test_a_pooling_can_be_followed(ask, everything, name, keep):
    answer = ask(maps=False, layer=index_of(everything, name), channel=1, row=2, column=1)
    detail = answer["detail"]
    (height, width), stride = detail["pool"], detail["stride"]
    values, out = array(detail["input"]), array(detail["output"])
    for row, column in np.ndindex(out.shape):
        top, left = row * stride[0], column * stride[1]
        expected = keep(values[top : top + height, left : left + width])
        assert out[row, column] == pytest.approx(expected, rel=1e-5)
    window = detail["window"]
    assert np.shape(window["input"]) == (height, width)
    assert window["output"] == pytest.approx(keep(window["input"]), rel=1e-4)
    assert (window["top"], window["left"]) == (2 * stride[0], stride[1])


def test_a_normalisation_can_be_followed(ask, everything):
    detail = ask(maps=False, layer=index_of(everything, "batch_norm1"), channel=2)["detail"]
    scale = detail["gamma"] / np.sqrt(detail["variance"] + detail["epsilon"])
    expected = (array(detail["input"]) - detail["mean"]) * scale + detail["beta"]
    np.testing.assert_allclose(array(detail["output"]), expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("leaky_relu1", lambda x: np.where(x > 0, x, 0.1 * x)),
        ("tanh1", np.tanh),
        ("relu1", lambda x: np.maximum(x, 0)),
    ],
)
def test_an_activation_can_be_followed(ask, everything, name, function):
    detail = ask(maps=False, layer=index_of(everything, name), channel=3)["detail"]
    np.testing.assert_allclose(array(detail["output"]), function(array(detail["input"])), atol=1e-5)


def test_after_flatten_a_channel_is_one_number(ask, everything):
    detail = ask(maps=False, layer=index_of(everything, "sigmoid1"), channel=4)["detail"]
    assert detail["output"] == pytest.approx(1 / (1 + np.exp(-detail["input"])), rel=1e-5)
    detail = ask(maps=False, layer=index_of(everything, "dense1"), channel=4)["detail"]
    expected = array(detail["input"]) @ array(detail["weights"]) + detail["bias"]
    assert detail["output"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", ["flatten1", "reshape1"])
def test_a_change_of_shape_keeps_the_numbers(ask, everything, name):
    detail = ask(maps=False, layer=index_of(everything, name), channel=3)["detail"]
    assert detail["channel"] is None
    assert array(detail["input"]).ravel().tolist() == array(detail["output"]).ravel().tolist()


def test_the_path_to_the_ten_scores(ask, everything):
    answer = ask(maps=False, layer=12)
    detail, scores = answer["detail"], answer["scores"]
    logits = array(detail["input"]) @ array(detail["weights"]) + array(detail["bias"])
    np.testing.assert_allclose(logits, scores["logits"], rtol=1e-4)
    assert scores["temperature"] == 2.0
    exponentials = np.exp(logits / scores["temperature"])
    np.testing.assert_allclose(
        exponentials / exponentials.sum(), answer["probabilities"], atol=1e-5
    )


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"layer": 13}, "layer"),
        ({"layer": -1}, "layer"),
        ({"layer": 0}, "channel"),
        ({"layer": 0, "channel": 6}, "channel"),
        ({"channel": 0}, "layer"),
        ({"layer": 0, "channel": 0, "row": 1}, "row"),
        ({"layer": 0, "channel": 0, "row": 14, "column": 0}, "row"),
        ({"layer": 0, "channel": 0, "row": 0, "column": 14}, "column"),
        ({"layer": 1, "channel": 0, "row": 0, "column": 0}, "row"),
        ({"maps": [13]}, "maps"),
        ({"maps": "x"}, "maps"),
        ({"maps": [True]}, "maps"),
        ({"maps": 1}, "maps"),
        ({"heatmap": "perhaps"}, "heatmap"),
    ],
)
def test_questions_that_make_no_sense_are_refused(client, seven, options, field):
    response = client.post("/explain", json={"image": encoded(seven), **options})
    assert problem(response, 422, "invalid_field")["field"] == field


def test_the_heat_map_is_there_if_asked_for(ask, everything):
    shown = everything["heatmap"]
    assert shown["digit"] == int(np.argmax(everything["probabilities"]))
    assert sprite(shown).shape == (28, 28)
    assert shown["min"] <= 0 <= shown["max"]
    assert "heatmap" not in ask(maps=False)


def test_the_ink_is_looked_for_once(client, seven, monkeypatch):
    looks = []

    def locate(grey):
        looks.append(grey)
        return prepare.locate(grey)

    monkeypatch.setattr("server.input_form.locate", locate)
    body = client.post("/explain", json={"image": encoded(seven), "heatmap": True}).get_json()
    assert body["ink"].startswith("data:image/png")
    assert len(looks) == 1


class OneCorner:
    classes, form = DIGITS, MNIST_FORM

    """Scores the digit 4 by the ink in one corner alone, and against it by another."""

    def logits(self, inputs):
        inputs = np.asarray(inputs)
        scores = np.zeros((len(inputs), 10))
        scores[:, 4] = inputs[:, 4:8, 4:8].sum((1, 2)) - inputs[:, 20:24, 20:24].sum((1, 2))
        return scores


def test_the_heat_map_shows_where_the_network_looks():
    ink = np.ones((28, 28), np.float32)
    values = sprite(occlusion.heatmap(OneCorner(), ink, 4))
    assert np.unravel_index(values.argmax(), values.shape) in [
        (row, column) for row in range(4, 8) for column in range(4, 8)
    ]
    assert np.unravel_index(values.argmin(), values.shape) in [
        (row, column) for row in range(20, 24) for column in range(20, 24)
    ]
    assert values[4:8, 4:8].min() > 0.2 * values.max()
    assert abs(values[14, 14]) < 0.01 * values.max()


def test_paper_is_not_looked_at():
    ink = np.zeros((28, 28), np.float32)
    ink[5, 5] = 1
    values = sprite(occlusion.heatmap(OneCorner(), ink, 4))
    assert values[5, 5] == pytest.approx(1)
    assert abs(values[15:, 15:]).max() < 0.01


def test_a_constant_layer_can_be_shown():
    shown = sprites.maps(np.full((3, 3, 5), 2.5, np.float32))
    assert shown["min"] == shown["max"] == 2.5
    assert (sprite(shown) == 2.5).all()


def test_model_tells_all_about_the_network(client, everything, recognizer):
    card = client.get("/model").get_json()
    assert (card["name"], card["version"]) == ("zoo", "7")
    assert (card["input_shape"], card["output_shape"]) == ([28, 28, 1], [10])
    without_maps = [
        {name: value for name, value in layer.items() if name != "maps"}
        for layer in everything["layers"]
    ]
    assert card["layers"] == without_maps
    assert card["parameters"] == sum(layer["parameters"] for layer in card["layers"])
    assert card["multiply_adds"] == recognizer.served.network.multiply_adds
    assert card["architecture"][1].startswith("BatchNorm(")
    assert card["training"] == {"epochs": 3}
    assert card["accuracy"] == {"mnist_test": 0.99, "held_out_mnist": 0.98, "held_out_fonts": 0.97}
    assert card["limits"]["max_images"] == 32


def test_only_mnists_test_set_is_called_so():
    record = {"test": {"accuracy": 0.5, "images": 10_000}}
    assert accuracies(record, of_digits=True) == {"mnist_test": 0.5}
    assert accuracies(record, of_digits=False) == {"test": 0.5}
    assert accuracies({"test": {"accuracy": 0.5}}, of_digits=True) == {"test": 0.5}


def test_formats_are_listed(client):
    card = client.get("/model").get_json()
    assert card["limits"]["formats"] == ["PNG", "JPEG", "WEBP", "GIF", "BMP"]


def test_model_is_sent_compressed_to_those_who_take_that(client):
    plain = client.get("/model")
    packed = client.get("/model", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(plain.data) / 2
    assert json.loads(gzip.decompress(packed.data)) == plain.get_json()


def test_model_is_not_sent_again(client):
    first = client.get("/model")
    again = client.get("/model", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_shipped_network_tells_where_it_comes_from(root):
    card = create_app().test_client().get("/model").get_json()
    file = root / "convnet/pretrained/digits.npz"
    assert card["file_bytes"] == file.stat().st_size
    assert card["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert json.dumps(card["training"]) != "{}"
