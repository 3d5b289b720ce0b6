"""The served form of a network gives the trained network's answers, from any thread."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import convnet
from convnet.inference import served_network
from convnet.inference.folding import fold
from convnet.layers import (
    GELU,
    AveragePool2D,
    BatchNorm,
    Concatenate,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool2D,
    LayerNorm,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Reshape,
    Residual,
    Sigmoid,
    SiLU,
    Softmax,
    Tanh,
    Upsample2D,
)
from convnet.layers.chain import walk


def everything(rng):
    """Every kind of layer, every way of padding, BatchNorm that can and cannot be folded."""
    return convnet.Sequential(
        [
            BatchNorm(),
            Conv2D(6, 3, padding=1, use_bias=False),
            BatchNorm(),
            ReLU(),
            Conv2D(5, (2, 3), stride=(1, 2), padding="same", mode="convolution"),
            LeakyReLU(),
            AveragePool2D(3, 2),
            Dropout(0.5),
            Conv2D(32, 3, padding="same"),
            BatchNorm(),
            Tanh(),
            Conv2D(32, 3, padding=1),
            ReLU(),
            MaxPool2D(3, 2),
            Sigmoid(),
            Reshape((96, 2)),
            Flatten(),
            Dense(20, use_bias=False),
            BatchNorm(),
            ReLU(),
            Dense(7),
            Softmax(),
        ],
        (28, 20, 1),
        rng=rng,
        name="everything",
    )


def trained(network, rng):
    """Give BatchNorm statistics, scales and shifts that make a difference."""
    for _, layer in walk(network.layers):
        if isinstance(layer, BatchNorm):
            for values in (*layer.params.values(), *layer.state.values()):
                values[...] = rng.uniform(0.5, 1.5, values.shape)
    return network


@pytest.fixture(params=["everything", "digits", "torch-example", "live-app", "zero-vs-one"])
def network(request):
    rng = np.random.default_rng(0)
    made = (
        everything(rng) if request.param == "everything" else convnet.build(request.param, rng=rng)
    )
    return trained(made, rng)


@pytest.mark.parametrize("count", [0, 1, 3, 8, 9, 33, 70, 200])
def test_answers_equal_the_trained_network_s(network, count):
    x = np.random.default_rng(1).random((count, *network.input_shape), dtype=np.float32)
    served = convnet.InferenceNetwork(network)
    exact = network.forward(x.astype(np.float64))
    np.testing.assert_allclose(
        served.logits(x), exact, atol=1e-5 * max(1, np.abs(exact).max(initial=0))
    )
    np.testing.assert_allclose(served.predict(x), network.predict(x), atol=1e-5)


@pytest.mark.parametrize("size", [9, 11, 15, 20])
@pytest.mark.parametrize("pool", [(1,), (2,), (3,), (4,), (2, 1), (4, 2)])
def test_a_single_image_is_pooled_as_in_a_batch(size, pool):
    rng = np.random.default_rng(size)
    layers = [Conv2D(16, 3, padding=1), MaxPool2D(*pool), ReLU(), Conv2D(17, 3, padding="same")]
    network = convnet.Sequential(layers, (size, size + 2, 16), rng=rng)
    x = rng.normal(size=(1, *network.input_shape)).astype(np.float32)
    exact = network.forward(x.astype(np.float64))
    served = convnet.InferenceNetwork(network)
    np.testing.assert_allclose(served.logits(x), exact, atol=1e-5 * np.abs(exact).max())


def test_what_is_pooled_before_it_is_rectified():
    rng = np.random.default_rng(0)
    network = convnet.Sequential([LeakyReLU(0.2), MaxPool2D(3, 2)], (9, 8, 3), rng=rng)
    x = rng.normal(size=(2, 9, 8, 3)).astype(np.float32)
    served = convnet.InferenceNetwork(network)
    np.testing.assert_allclose(served.logits(x), network.forward(x), rtol=1e-6)


@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize(
    "conv",
    [{"dilation": 2}, {"dilation": (3, 1), "stride": 2}, {"dilation": (1, 2), "padding": "same"}],
)
def test_kernels_with_gaps_and_groups(conv, channels):
    rng = np.random.default_rng(0)
    layers = [
        Conv2D(8, 3, **conv),
        BatchNorm(),
        Conv2D(8, 3, padding=1, groups=8, use_bias=False),
        BatchNorm(),
        ReLU(),
        Conv2D(6, 1, groups=2),
    ]
    network = trained(convnet.Sequential(layers, (15, 17, channels), rng=rng), rng)
    served = convnet.InferenceNetwork(network)
    assert not any(isinstance(layer, BatchNorm) for layer in served.network.layers)
    for count in (1, 20):
        x = rng.normal(size=(count, *network.input_shape)).astype(np.float32)
        exact = network.forward(x.astype(np.float64))
        np.testing.assert_allclose(served.logits(x), exact, atol=1e-5 * np.abs(exact).max())


def branching(rng):
    """Branches that work in the buffer they read, that change shapes, that are within others."""
    return convnet.Sequential(
        [
            Conv2D(4, 3, use_bias=False),
            BatchNorm(),
            Concatenate(
                [[], [ReLU()], [Flatten(), Reshape((8, 7, 4)), ReLU(), Upsample2D(3), MaxPool2D(3)]]
            ),
            Residual(
                [ReLU(), MaxPool2D(3, 1), Conv2D(5, 3, padding=2, use_bias=False), BatchNorm()]
            ),
            Residual([Dropout(0.5), Concatenate([[ReLU()], [Residual([Tanh()])]])]),
            LayerNorm(),
            Concatenate([[Conv2D(3, 1), BatchNorm(), GELU()], [Upsample2D(2), AveragePool2D(2)]]),
            Upsample2D(2, "bilinear"),
            SiLU(),
            GlobalAveragePool2D(),
            Residual([Dense(6, use_bias=False), BatchNorm(), Dropout(0.5)]),
        ],
        (10, 9, 3),
        rng=rng,
    )


@pytest.mark.parametrize("count", [0, 1, 3, 40])
def test_branches(count):
    rng = np.random.default_rng(0)
    network = trained(branching(rng), rng)
    x = rng.normal(size=(count, *network.input_shape)).astype(np.float32)
    served = convnet.InferenceNetwork(network)
    kinds = {type(layer) for _, layer in walk(served.network.layers)}
    assert not kinds & {BatchNorm, Dropout}
    exact = network.forward(x.astype(np.float64))
    np.testing.assert_allclose(
        served.logits(x), exact, atol=1e-5 * max(1, np.abs(exact).max(initial=0))
    )


def test_batch_norm_and_dropout_are_folded_away(network):
    folded = fold(network)
    assert not any(isinstance(layer, Dropout) for layer in folded.layers)
    # What has no convolution or dense layer before it stays.
    kept = [layer for layer in folded.layers if isinstance(layer, BatchNorm)]
    assert len(kept) == (1 if network.name == "everything" else 0)


def test_what_is_served_is_a_copy(network):
    x = np.random.default_rng(1).random((2, *network.input_shape), dtype=np.float32)
    served = convnet.InferenceNetwork(network)
    before = served.predict(x)
    for values in network.params.values():
        values[...] = 0
    np.testing.assert_array_equal(served.predict(x), before)


def test_an_answer_is_not_overwritten_by_the_next(network):
    x = np.random.default_rng(1).random((2, *network.input_shape), dtype=np.float32)
    served = convnet.InferenceNetwork(network)
    first = served.logits(x[:1])
    copy = first.copy()
    served.logits(x[1:])
    np.testing.assert_array_equal(first, copy)


def test_threads_share_one_network(network):
    x = np.random.default_rng(1).random((40, *network.input_shape), dtype=np.float32)
    served = convnet.InferenceNetwork(network)
    batches = [x[i : i + 1] for i in range(40)] + [x, x[:20]]
    expected = [served.predict(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            for found, one in zip(pool.map(served.predict, batches), expected, strict=True):
                np.testing.assert_array_equal(found, one)


def test_there_are_as_many_plans_as_callers_at_once(monkeypatch):
    network = convnet.build("live-app", rng=np.random.default_rng(0))
    image = np.zeros((1, *network.input_shape), np.float32)
    served, made, together = convnet.InferenceNetwork(network), [], threading.Barrier(3)

    class Plan(served_network.Plan):
        def __init__(self, network):
            super().__init__(network)
            made.append(self)

        def run(self, image):
            together.wait(10)
            return super().run(image)

    monkeypatch.setattr(served_network, "Plan", Plan)
    with ThreadPoolExecutor(3) as pool:
        for _ in range(4):
            list(pool.map(served.predict, [image] * 3))
            assert len(made) == 3


def test_float64_is_answered_in_float64(network):
    x = np.random.default_rng(1).random((2, *network.input_shape))
    assert convnet.InferenceNetwork(network).predict(x).dtype == np.float64


def test_inputs_that_do_not_fit_are_refused(network):
    with pytest.raises(ValueError, match="must have shape"):
        convnet.InferenceNetwork(network).predict(np.zeros((1, 5, 5, 1), np.float32))
