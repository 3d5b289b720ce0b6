"""Networks of any classes and any input are served by the real application."""

import base64
import io

import jsonschema
import numpy as np
import pytest
from PIL import Image

import convnet
from convnet import layers
from server import create_app
from server.classes import DIGITS, MOST_CLASSES, Classes
from server.input_form import InputForm
from server.recognizer import Recognizer
from tests.server import networks
from tests.support.http import problem


@pytest.fixture(params=networks.KINDS)
def kind(request):
    return request.param


@pytest.fixture
def network(kind):
    return networks.of_kind(kind)


@pytest.fixture
def client(network):
    return create_app(recognizer=Recognizer(network)).test_client()


def file_of(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def png(pixels):
    return file_of(Image.fromarray(pixels))


@pytest.fixture
def pixels(network, rng):
    height, width, channels = network.input_shape
    pixels = rng.integers(0, 256, (height, width, channels), np.uint8)
    return pixels[..., 0] if channels == 1 else pixels


def send(client, path, picture):
    response = client.post(path, data=picture, content_type="image/png")
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()


def opened(url):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))))


def probabilities_of(network, pixels):
    x = (pixels / np.float32(255)).astype(np.float32).reshape(1, *network.input_shape)
    return network.predict(x)[0]


def test_a_picture_of_the_networks_size_goes_in_as_it_is(client, network, pixels):
    answer = send(client, "/predict?input=true", png(pixels))
    expected = probabilities_of(network, pixels)
    np.testing.assert_allclose(answer["probabilities"], expected, atol=2e-6)
    assert answer["label"] == network.metadata["classes"][expected.argmax()]
    assert (answer["digit"], answer["is_digit"]) == (None, False)
    assert answer["confidence"] == max(answer["probabilities"])
    assert np.array_equal(opened(answer["input"]), pixels)


def test_top_names_the_classes(client, network, pixels):
    answer = send(client, "/predict?top=2", png(pixels))
    order = np.argsort(-probabilities_of(network, pixels))[:2]
    names = [network.metadata["classes"][index] for index in order]
    assert [entry["label"] for entry in answer["top"]] == names
    assert [entry["digit"] for entry in answer["top"]] == [None, None]
    known = len(network.metadata["classes"])
    assert len(send(client, f"/predict?top={known}", png(pixels))["top"]) == known
    response = client.post(f"/predict?top={known + 1}", data=png(pixels), content_type="image/png")
    problem(response, 422, "invalid_field")


def test_several_pictures_are_read_each_by_itself(client, network, rng):
    height, width, channels = network.input_shape
    many = rng.integers(0, 256, (3, height, width, channels), np.uint8)
    images = [png(one[..., 0] if channels == 1 else one) for one in many]
    body = {"images": [base64.b64encode(image).decode() for image in images]}
    answers = client.post("/predict", json=body).get_json()["predictions"]
    for answer, one in zip(answers, many, strict=True):
        np.testing.assert_allclose(
            answer["probabilities"], probabilities_of(network, one), atol=2e-6
        )


def test_there_are_no_numbers_to_read(client):
    response = client.post("/read", data=b"whatever", content_type="image/png")
    detail = problem(response, 404, "not_found")["detail"]
    assert detail.endswith("reads no digits, so it finds no numbers: send pictures to /predict")


def test_every_layer_is_explained(client, network, pixels):
    answer = send(client, "/explain?heatmap=true&layer=0&channel=1&row=2&column=3", png(pixels))
    x = (pixels / np.float32(255)).astype(np.float32).reshape(1, *network.input_shape)
    last = network.forward(x)[0]
    np.testing.assert_allclose(answer["scores"]["logits"], last, rtol=1e-4, atol=1e-4)
    assert [layer["output_shape"] for layer in answer["layers"]] == [
        list(layer.output_shape) for layer in network.layers
    ]
    assert answer["input"]["shape"] == list(pixels.shape)
    assert np.array_equal(opened(answer["input"]["image"]), pixels)
    assert answer["heatmap"]["shape"] == list(pixels.shape[:2])
    assert answer["heatmap"]["label"] == network.metadata["classes"][last.argmax()]
    window = answer["detail"]["window"]
    assert np.shape(window["input"]) == (3, 3, network.input_shape[2])
    assert window["output"] == pytest.approx(window["sum"] + window["bias"], rel=1e-4, abs=1e-5)


def test_the_network_tells_its_classes_and_its_form(client, network):
    model = client.get("/model").get_json()
    assert model["classes"] == network.metadata["classes"]
    assert (model["input_form"], model["reads_numbers"]) == ("plain", False)
    assert model["input_shape"] == list(network.input_shape)
    assert model["output_shape"] == [len(model["classes"])]


def test_the_open_inference_protocol_has_the_networks_shapes(client, network, rng):
    about = client.get("/v2/models/other").get_json()
    known = len(network.metadata["classes"])
    assert about["inputs"][0]["shape"] == [-1, *network.input_shape]
    assert [(out["name"], out["shape"]) for out in about["outputs"]] == [
        ("probabilities", [-1, known]),
        ("class", [-1]),
    ]
    x = rng.random((2, *network.input_shape), np.float32)
    tensor = {"name": "image", "datatype": "FP32", "shape": list(x.shape), "data": x.tolist()}
    answer = client.post("/v2/models/other/infer", json={"inputs": [tensor]}).get_json()
    expected = network.predict(x)
    probabilities, index = answer["outputs"]
    assert probabilities["shape"] == [2, known]
    np.testing.assert_allclose(probabilities["data"], expected.ravel(), atol=2e-6)
    assert index["data"] == expected.argmax(axis=1).tolist()
    tensor["shape"] = [2, 28, 28, 2]
    body = {"inputs": [tensor]}
    problem(client.post("/v2/models/other/infer", json=body), 422, "invalid_field")


def test_answers_are_what_their_description_says(client, pixels):
    api = client.get("/openapi.json").get_json()
    assert "/read" not in api["paths"]
    for path, schema in (
        ("/predict?input=true", "Prediction"),
        ("/explain?heatmap=true", "Explanation"),
    ):
        whole = api["components"]["schemas"][schema] | {"components": api["components"]}
        jsonschema.Draft202012Validator(whole).validate(send(client, path, png(pixels)))
    model = api["components"]["schemas"]["Model"] | {"components": api["components"]}
    jsonschema.Draft202012Validator(model).validate(client.get("/model").get_json())


def test_examples_are_what_their_description_says(client):
    api = client.get("/openapi.json").get_json()
    components = {"components": api["components"]}
    checked = 0
    for item in api["paths"].values():
        for operation in item.values():
            bodies = [operation.get("requestBody", {}), operation["responses"]["200"]]
            for body in bodies:
                content = body.get("content", {}).get("application/json", {})
                for example in content.get("examples", {}).values():
                    schema = content["schema"] | components
                    jsonschema.Draft202012Validator(schema).validate(example["value"])
                    checked += 1
    assert checked > 20
    assert client.get("/docs").status_code == 200


def test_ready_without_a_picture_whose_answer_is_known(client):
    assert client.get("/readyz").get_json() == {"status": "ready"}


def test_not_ready_if_the_probabilities_are_no_numbers():
    network = networks.of_kind("letters")
    recognizer = Recognizer(network)
    recognizer.served.logits = lambda x: np.full((len(x), 26), np.nan, np.float32)
    problem(create_app(recognizer=recognizer).test_client().get("/readyz"), 503, "not_ready")


def test_what_is_no_class_is_null():
    network = networks.of_kind("letters")
    network.metadata["calibration"] = {"rejection": {"score": "energy", "threshold": 1e6}}
    client = create_app(recognizer=Recognizer(network)).test_client()
    answer = send(client, "/predict", png(np.full((28, 28), 90, np.uint8)))
    assert (answer["label"], answer["digit"]) == (None, None)
    assert answer["top"][0]["label"] in networks.LETTERS


def test_digits_among_other_classes_are_digits(rng):
    network = networks.make((16, 16, 1), ["7", "A", "3", "12"])
    client = create_app(recognizer=Recognizer(network)).test_client()
    answer = send(client, "/predict?top=4", png(rng.integers(0, 256, (16, 16), np.uint8)))
    digits = {entry["label"]: entry["digit"] for entry in answer["top"]}
    assert digits == {"7": 7, "A": None, "3": 3, "12": None}
    assert answer["is_digit"] == (answer["label"] in "73")


def test_digits_of_the_shipped_network_have_their_label_too(seven):
    answer = send(create_app().test_client(), "/predict", seven)
    assert (answer["digit"], answer["label"]) == (7, "7")
    assert answer["top"][0] == {"digit": 7, "label": "7", "probability": answer["confidence"]}


def test_predictions_are_counted_by_name():
    pytest.importorskip("prometheus_client")
    client = create_app(recognizer=Recognizer(networks.of_kind("colours"))).test_client()
    label = send(client, "/predict", png(np.zeros((32, 32, 3), np.uint8)))["label"]
    text = client.get("/metrics").get_data(as_text=True)
    assert f'predictions_total{{digit="{label}",verdict="class"}} 1.0' in text


# -- plain pictures


def plain(shape):
    return InputForm.read("plain", shape, DIGITS)


def prepared(form, image):
    """What goes into the network from a picture."""
    recognizer = Recognizer(networks.make(form.shape, "ab", input_form="plain"))
    pipeline = create_app(recognizer=recognizer).extensions["services"].pipeline
    return pipeline.predict([file_of(image)]).inputs[0]


def test_grey_is_luminance_in_the_pictures_own_polarity():
    image = Image.new("RGB", (8, 8), (255, 0, 0))
    image.paste((255, 255, 255), (0, 0, 4, 8))
    values = prepared(plain((8, 8, 1)), image)
    assert values.shape == (8, 8)
    assert np.array_equal(values * 255, np.asarray(image.convert("L"), np.float32))


def test_shrinking_averages():
    image = Image.fromarray(np.indices((64, 64)).sum(0).astype(np.uint8) % 2 * 255)
    assert np.ptp(prepared(plain((16, 16, 1)), image)) < 0.02


def test_proportions_are_the_networks():
    image = Image.new("RGB", (40, 10), "red")
    image.paste("blue", (20, 0, 40, 10))
    values = prepared(plain((10, 10, 3)), image)
    assert values.shape == (10, 10, 3)
    np.testing.assert_allclose(values[:, 1], [[1, 0, 0]] * 10, atol=0.01)
    np.testing.assert_allclose(values[:, 8], [[0, 0, 1]] * 10, atol=0.01)


def test_transparent_parts_are_white_and_grey_becomes_colour():
    image = Image.new("LA", (8, 8), (0, 0))
    image.paste((51, 255), (0, 0, 8, 4))
    values = prepared(plain((8, 8, 3)), image)
    np.testing.assert_allclose(values[:4], 0.2, atol=1e-6)
    np.testing.assert_allclose(values[4:], 1.0)


def test_an_empty_picture_is_no_problem():
    assert np.array_equal(
        prepared(plain((8, 8, 1)), Image.new("L", (30, 30), 255)), np.ones((8, 8))
    )


def test_colour_is_turned_upright():
    image = Image.new("RGB", (6, 4), "red")
    image.paste("blue", (0, 0, 1, 4))
    exif = image.getexif()
    exif[0x0112] = 6  # the camera was turned: show it a quarter turn clockwise
    file = io.BytesIO()
    image.save(file, "PNG", exif=exif)
    recognizer = Recognizer(networks.make((6, 4, 3), "ab"))
    pipeline = create_app(recognizer=recognizer).extensions["services"].pipeline
    (values,) = pipeline.predict([file.getvalue()]).inputs
    upright = np.asarray(image.transpose(Image.Transpose.ROTATE_270))
    assert np.array_equal(values * 255, upright)


def test_classes_that_are_digits_are_all_ten():
    assert Classes.read(None, (10,)) == DIGITS
    assert Classes.read(["3", "8"], (2,)) == Classes(DIGITS.labels, (3, 8))
    assert Classes.read(None, (12,)).labels[-2:] == ("10", "11")


@pytest.mark.parametrize(
    ("name", "shape", "classes", "form"),
    [
        (None, (28, 28, 1), DIGITS, "mnist"),
        (None, (28, 28, 1), Classes.read([0, 1], (2,)), "mnist"),
        (None, (28, 28, 1), Classes.read(networks.LETTERS, (26,)), "plain"),
        (None, (32, 32, 1), DIGITS, "plain"),
        (None, (28, 28, 3), DIGITS, "plain"),
        ("plain", (28, 28, 1), DIGITS, "plain"),
        ("mnist", (28, 28, 1), Classes.read(networks.LETTERS, (26,)), "mnist"),
    ],
)
def test_the_form_follows_from_metadata_shape_and_classes(name, shape, classes, form):
    assert InputForm.read(name, shape, classes).name == form


def test_letters_in_mnists_form_are_prepared_as_digits_are(seven):
    def input_of(recognizer):
        pipeline = create_app(recognizer=recognizer).extensions["services"].pipeline
        return pipeline.predict([seven]).inputs[0]

    letters = networks.make((28, 28, 1), networks.LETTERS, input_form="mnist")
    assert np.array_equal(input_of(Recognizer(letters)), input_of(Recognizer.load("digits")))


def test_a_network_of_digits_in_plain_form_reads_pictures_but_no_numbers(seven):
    network = networks.make((28, 28, 1), range(10), input_form="plain")
    client = create_app(recognizer=Recognizer(network)).test_client()
    assert send(client, "/predict", seven)["digit"] in range(10)
    assert client.get("/readyz").status_code == 200
    problem(client.post("/read", data=seven, content_type="image/png"), 404, "not_found")


# -- what cannot be served


def many(outputs):
    return [f"class {number}" for number in range(outputs)]


UNFIT = {
    "a vector": (
        lambda: convnet.Sequential([layers.Dense(10)], (784,), rng=np.random.default_rng(0)),
        r"must take pictures of shape \(height, width, 1\) or .*its input has shape \(784,\)",
    ),
    "four channels": (lambda: networks.make((8, 8, 4), "ab"), r"input has shape \(8, 8, 4\)"),
    "too large": (lambda: networks.make((8, 257, 1), "ab"), "1 to 256 pixels a side"),
    "one score": (lambda: networks.make((8, 8, 1), "a"), "for each of 2 to 1000 classes"),
    "too many": (
        lambda: networks.make((8, 8, 1), many(MOST_CLASSES + 1)),
        r"for each of 2 to 1000 classes, its output has shape \(1001,\)",
    ),
    "maps": (
        lambda: convnet.Sequential([layers.Conv2D(3, 3)], (8, 8, 1), rng=np.random.default_rng(0)),
        r"its output has shape \(\d, \d, 3\)",
    ),
    "too few names": (
        lambda: named(["a"]),
        r"`classes` must be a list of 2 names, got \['a'\]",
    ),
    "no list": (lambda: named("ab"), "`classes` must be a list of 2 names, got 'ab'"),
    "the same name": (lambda: named(["a", "a"]), "must differ from each other, got 'a' twice"),
    "no text": (lambda: named(["a", 1.5]), "must hold names in printable text, got 1.5"),
    "control characters": (lambda: named(["a", "b\n"]), "in printable text"),
    "a long name": (lambda: named(["a", "b" * 101]), "names of at most 100 characters"),
    "an unknown form": (
        lambda: networks.make((8, 8, 1), "ab", input_form="cifar"),
        '`input_form` must be "mnist" or "plain", got \'cifar\'',
    ),
    "a form that does not fit": (
        lambda: networks.make((32, 32, 1), "ab", input_form="mnist"),
        r'"mnist" needs an input of shape \(28, 28, 1\), got \(32, 32, 1\)',
    ),
}


def named(names):
    network = networks.make((8, 8, 1), "ab")
    network.metadata["classes"] = names
    return network


@pytest.mark.parametrize("what", UNFIT)
def test_what_cannot_be_served_is_refused_at_start_in_one_sentence(what, tmp_path):
    make, message = UNFIT[what]
    network = make()
    network.save(tmp_path / "unfit.npz")
    with pytest.raises(ValueError, match=f"^`MODEL`: .*{message}") as error:
        create_app({"MODEL": str(tmp_path / "unfit.npz")})
    assert "\n" not in str(error.value)
