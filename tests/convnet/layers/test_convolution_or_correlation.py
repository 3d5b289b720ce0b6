"""The two modes of `Conv2D`, against NumPy's own `correlate` and `convolve`, and in training."""

import numpy as np
import pytest

import convnet
from convnet import Conv2D, Dense, Flatten, ReLU, Sequential, reference
from convnet.layers.conv import Mode
from tests.support.numeric import check_layer_gradients

MODES: tuple[Mode, ...] = ("cross-correlation", "convolution")
NUMPY = {"cross-correlation": np.correlate, "convolution": np.convolve}


def layer_with(kernel: np.ndarray, shape: tuple[int, int], mode: Mode) -> Conv2D:
    layer = Conv2D(1, kernel.shape, mode=mode)
    layer.build((*shape, 1), np.random.default_rng(0), np.float64)
    layer.params["w"][:, :, 0, 0] = kernel
    return layer


def apply(layer: Conv2D, picture: np.ndarray) -> np.ndarray:
    return layer.forward(picture[None, :, :, None])[0, :, :, 0]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("axis", [0, 1])
def test_in_one_dimension_it_is_what_numpy_does(
    mode: Mode, axis: int, rng: np.random.Generator
) -> None:
    signal, kernel = rng.normal(size=20), rng.normal(size=4)
    picture, window = (np.expand_dims(values, axis) for values in (signal, kernel))
    out = apply(layer_with(window, picture.shape, mode), picture)
    np.testing.assert_allclose(out.ravel(), NUMPY[mode](signal, kernel, "valid"), rtol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_in_two_dimensions_products_of_signals_stay_products(
    mode: Mode, rng: np.random.Generator
) -> None:
    """For x = a·bᵀ and w = c·dᵀ, the result is (a with c)·(b with d)ᵀ, whatever "with" is."""
    a, b, c, d = (rng.normal(size=size) for size in (9, 7, 3, 2))
    picture, kernel = np.outer(a, b), np.outer(c, d)
    out = apply(layer_with(kernel, picture.shape, mode), picture)
    with_ = NUMPY[mode]
    expected = np.outer(with_(a, c, "valid"), with_(b, d, "valid"))
    np.testing.assert_allclose(out, expected, rtol=1e-10, atol=1e-12)


def test_convolution_is_associative_and_correlation_is_not(rng: np.random.Generator) -> None:
    picture, first = rng.normal(size=(10, 10)), rng.normal(size=(3, 3))
    second = rng.normal(size=(2, 2))
    both = np.zeros((4, 4))  # first * second, in full
    for (i, j), value in np.ndenumerate(second):
        both[i : i + 3, j : j + 3] += value * first
    differences = {}
    for mode in MODES:
        one = apply(layer_with(first, (10, 10), mode), picture)
        two = apply(layer_with(second, (8, 8), mode), one)
        at_once = apply(layer_with(both, (10, 10), "convolution"), picture)
        differences[mode] = np.abs(two - at_once).max()
    assert differences["convolution"] < 1e-12
    assert differences["cross-correlation"] > 0.1


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("batch", [3, 20])
def test_gradients(mode: Mode, batch: int, rng: np.random.Generator) -> None:
    layer = Conv2D(3, (2, 3), stride=(2, 1), padding=1, mode=mode)
    layer.build((6, 7, 2), rng, np.float64)
    x = rng.normal(size=(batch, 6, 7, 2))
    dout = rng.normal(size=(batch, *layer.output_shape))
    layer.forward(x, training=True)
    dx = layer.backward(dout)
    check_layer_gradients(layer.forward, x, dx, layer.params, layer.grads, dout, rng)


def test_the_reference_has_both(rng: np.random.Generator) -> None:
    x, w = rng.normal(size=(2, 6, 6, 3)), rng.normal(size=(3, 2, 3, 4))
    turned = reference.correlate(x, w[::-1, ::-1])
    np.testing.assert_allclose(reference.convolve(x, w), turned, rtol=1e-12)


def test_turned_kernels_train_to_the_same_network(rng: np.random.Generator) -> None:
    """The mode changes what a kernel means, not what is learnt."""
    networks = {
        mode: Sequential(
            [Conv2D(4, 3, mode=mode), ReLU(), Flatten(), Dense(3)],
            (8, 8, 1),
            rng=np.random.default_rng(0),
            dtype=np.float64,
        )
        for mode in MODES
    }
    one, other = networks.values()
    other.params["conv1.w"][...] = one.params["conv1.w"][::-1, ::-1]
    x, labels = rng.normal(size=(12, 8, 8, 1)), rng.integers(0, 3, 12)
    for network in networks.values():
        trainer = convnet.Trainer(network, optimizer=convnet.Adam(1e-2))
        losses = [trainer.step(x, labels) for _ in range(20)]
        assert losses[-1] < losses[0] / 2
    np.testing.assert_allclose(one.predict(x), other.predict(x), rtol=1e-7)
    turned = other.params["conv1.w"][::-1, ::-1]
    np.testing.assert_allclose(one.params["conv1.w"], turned, rtol=1e-6)
