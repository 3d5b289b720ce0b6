"""What comes back to a layer is the gradient of the loss, and the sum that is shown of it."""

import base64

import numpy as np
import pytest

import convnet
from convnet import layers
from server import create_app
from server.explanation.gradient_arithmetic import Gradients, gradient
from server.explanation.layer_trace import trace
from server.problems import Problem
from server.recognizer import Recognizer
from tests.support.http import encoded, problem


def make(*chain, seed=3):
    network = convnet.Sequential(chain, (28, 28, 1), rng=np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    for value in network.arrays.values():
        value += rng.uniform(0.05, 0.15, value.shape)
    return Recognizer(network)


@pytest.fixture(scope="module")
def recognizer():
    """A layer of every view, with all that makes a convolution hard to turn round."""
    return make(
        layers.Conv2D(6, 5, stride=2, padding="same", mode="convolution"),
        layers.LeakyReLU(0.1),
        layers.AveragePool2D(3, 2),
        layers.BatchNorm(),
        layers.Conv2D(4, (3, 2), padding=1, groups=2, dilation=(2, 1)),
        layers.Tanh(),
        layers.MaxPool2D(2, 1),
        layers.Residual([layers.Conv2D(4, 1), layers.BatchNorm(), layers.ReLU()]),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(12),
        layers.Sigmoid(),
        layers.Dense(10),
    )


@pytest.fixture(scope="module")
def ink():
    return np.random.default_rng(0).random((28, 28), np.float32)


def array(value):
    if isinstance(value, float):
        return value
    return np.frombuffer(base64.b64decode(value["data"]), "<f4").reshape(value["shape"])


def moved(recognizer, ink, target, place, by=1e-2):
    """Return the derivative of the loss by a pixel, from really moving it."""
    losses = []
    for step in (by, -by):
        other = ink.copy()
        other[place] += step
        losses.append(recognizer.gradients(other, target)[0])
    return (losses[0] - losses[1]) / (2 * by)


ENDS = {
    "scores": (layers.Dense(10),),
    "softmax": (layers.Dense(10), layers.Softmax()),
    "sigmoid": (layers.Dense(10), layers.Sigmoid()),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_what_comes_back_is_the_gradient_of_the_loss(ink, end):
    smooth = (layers.Conv2D(3, 5, stride=2), layers.Tanh(), layers.BatchNorm(), layers.Flatten())
    recognizer = make(*smooth, *end)
    loss, by = recognizer.gradients(ink, 7)
    assert len(by) == len(recognizer.layers) + 1
    assert by[0].shape == (28, 28, 1)
    largest = np.argsort(np.abs(by[0]).ravel())[-3:]
    for place in zip(*np.unravel_index(largest, (28, 28)), strict=True):
        assert by[0][place][0] == pytest.approx(moved(recognizer, ink, 7, place), rel=0.03)
    if len(end) == 1:
        scores = recognizer.logits([ink])[0]
        assert loss == pytest.approx(np.log(np.exp(scores).sum()) - scores[7], rel=1e-4)


def test_nothing_of_the_served_network_is_changed(recognizer, ink):
    before = [(layer, dict(layer.params)) for layer in recognizer.layers]
    scores = recognizer.logits([ink])
    recognizer.gradients(ink, 2)
    for layer, params in before:
        assert all(layer.params[key] is value for key, value in params.items())
        with pytest.raises(RuntimeError, match="backward needs"):
            _ = layer.cache
    np.testing.assert_array_equal(recognizer.logits([ink]), scores)


def of(recognizer, ink, index, channel):
    found = Gradients(3, *recognizer.gradients(ink, 3))
    step = trace(recognizer, ink)[index]
    return gradient(step, index, channel, found), step, found


def index_of(recognizer, kind, which=0):
    kinds = [type(layer).__name__ for layer in recognizer.layers]
    return [i for i, name in enumerate(kinds) if name == kind][which]


@pytest.mark.parametrize(("which", "channel"), [(0, 0), (1, 0), (1, 2), (1, 5)])
def test_a_convolution_sends_back_dout_under_the_turned_kernel(recognizer, ink, which, channel):
    index = index_of(recognizer, "Conv2D", which)
    shown, _, found = of(recognizer, ink, index, channel)
    x, kernel, output = (array(shown[name]) for name in ("input", "kernel", "output"))
    np.testing.assert_array_equal(output, found.by[index][..., channel])
    (top, bottom), (left, right) = shown["padding"]
    down, across = shown["dilation"]
    height, width = (kernel.shape[0] - 1) * down + 1, (kernel.shape[1] - 1) * across + 1
    far = 40
    wide = np.pad(x, ((far, far), (far, far), (0, 0)))
    for i, j in np.ndindex(output.shape):
        y, z = far + i - top, far + j - left
        window = wide[y : y + height : down, z : z + width : across]
        assert output[i, j] == pytest.approx((window * kernel).sum(), rel=1e-3, abs=1e-6)
    assert output.shape[0] == x.shape[0] + top + bottom - height + 1
    assert output.shape[1] == x.shape[1] + left + right - width + 1


def test_a_dense_layer_sends_back_a_weighted_sum(recognizer, ink):
    index = index_of(recognizer, "Dense", 0)
    shown, _, found = of(recognizer, ink, index, 5)
    total = array(shown["input"]) @ array(shown["weights"]) + shown["bias"]
    assert shown["output"] == pytest.approx(float(total), rel=1e-4)
    assert shown["output"] == pytest.approx(float(found.by[index][5]))
    assert shown["target"] == 3
    assert shown["loss"] == pytest.approx(found.loss, rel=1e-5)


def test_the_scores_get_probabilities_less_the_truth(recognizer, ink):
    shown, *_ = of(recognizer, ink, len(recognizer.layers) - 1, 0)
    scores = recognizer.logits([ink])[0]
    probabilities = np.exp(scores) / np.exp(scores).sum()
    np.testing.assert_allclose(array(shown["input"]), probabilities - np.eye(10)[3], atol=1e-5)


@pytest.mark.parametrize("kind", ["LeakyReLU", "Tanh", "AveragePool2D", "MaxPool2D", "Flatten"])
def test_other_layers_show_what_came_back_and_what_goes_on(recognizer, ink, kind):
    index = index_of(recognizer, kind)
    shown, step, found = of(recognizer, ink, index, 1)
    whole = step.layer.view in ("reshape", "whole")
    part = ... if whole else (..., 1)
    np.testing.assert_array_equal(array(shown["input"]), found.by[index + 1][part])
    np.testing.assert_array_equal(array(shown["output"]), found.by[index][part])
    if not whole:
        np.testing.assert_array_equal(array(shown["x"]), step.input[..., 1])


def test_a_number_of_a_vector_is_a_number(recognizer, ink):
    shown, *_ = of(recognizer, ink, index_of(recognizer, "Sigmoid"), 3)
    y = 1 / (1 + np.exp(-shown["x"]))
    assert shown["output"] == pytest.approx(shown["input"] * y * (1 - y), rel=0.01)


def test_a_channel_that_is_not_there_is_refused(recognizer, ink):
    with pytest.raises(Problem, match="`gradient` must be a whole number from 0 to 0, got 1"):
        of(recognizer, ink, 0, 1)


@pytest.fixture(scope="module")
def client(recognizer):
    return create_app({"MAX_IMAGES": 2}, recognizer=recognizer).test_client()


def explain(client, seven, **options):
    return client.post("/explain", json={"image": encoded(seven), "maps": False, **options})


def test_a_client_asks_what_comes_back(client, seven):
    answer = explain(client, seven, layer=0, gradient=0, target=3).get_json()
    detail = answer["detail"]
    assert (detail["layer"], detail["channel"], detail["kind"]) == (0, None, "Conv2D")
    assert "kernel" not in detail
    assert detail["gradient"]["target"] == 3
    assert detail["gradient"]["output"]["shape"] == [28, 28]
    both = explain(client, seven, layer=0, channel=2, gradient=0).get_json()["detail"]
    assert both["kernel"]["shape"] == [5, 5, 1]
    likeliest = int(np.argmax(answer["probabilities"]))
    assert both["gradient"]["target"] == likeliest
    assert both["gradient"]["loss"] != detail["gradient"]["loss"]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"gradient": 0}, "layer"),
        ({"gradient": 9, "layer": 0}, "gradient"),
        ({"gradient": 0, "layer": 0, "target": 10}, "target"),
    ],
)
def test_what_cannot_be_asked(client, seven, options, field):
    answer = explain(client, seven, **options)
    assert problem(answer, 422, "invalid_field")["field"] == field


def test_a_class_that_the_network_does_not_know_is_no_truth(seven):
    network = convnet.build("zero-vs-one", rng=np.random.default_rng(0))
    client = create_app(recognizer=Recognizer(network)).test_client()
    answer = explain(client, seven, layer=0, gradient=0, target=5)
    assert problem(answer, 422, "invalid_field")["error"] == (
        "`target`: the network has no output for 5"
    )
    assert explain(client, seven, layer=0, gradient=0, target=1).status_code == 200
