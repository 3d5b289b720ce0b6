"""What a reader is told about convolution: which way the kernel lies, and what it costs."""

import numpy as np
import pytest

from convnet.layers import Conv2D
from convnet.reference import correlate

KERNEL = np.arange(1.0, 10.0).reshape(3, 3, 1, 1)


def respond(mode, picture):
    """What a 3 × 3 kernel 1 … 9 makes of a picture (H, W)."""
    layer = Conv2D(1, 3, padding="same", use_bias=False, mode=mode)
    layer.build((*picture.shape, 1), np.random.default_rng(0), np.float64)
    layer.params["w"][...] = KERNEL
    return layer.forward(picture[None, :, :, None])[0, :, :, 0]


def test_a_single_dot_shows_the_kernel_turned_or_as_it_is():
    dot = np.zeros((5, 5))
    dot[2, 2] = 1
    # Each output looks at the dot from its own side, so correlation shows the kernel turned …
    turned = respond("cross-correlation", dot)[1:4, 1:4]
    np.testing.assert_allclose(turned, KERNEL[::-1, ::-1, 0, 0], atol=1e-12)
    # … and convolution, which turns it beforehand, as it is.
    as_it_is = respond("convolution", dot)[1:4, 1:4]
    np.testing.assert_allclose(as_it_is, KERNEL[:, :, 0, 0], atol=1e-12)


def test_convolution_is_correlation_with_the_turned_kernel_in_both_passes(rng):
    x, dout = rng.normal(size=(2, 6, 7, 3)), rng.normal(size=(2, 4, 6, 4))
    layers = [Conv2D(4, (3, 2), mode=mode) for mode in ("convolution", "cross-correlation")]
    for layer in layers:
        layer.build((6, 7, 3), np.random.default_rng(0), np.float64)
    convolving, correlating = layers
    correlating.params["w"][...] = convolving.params["w"][::-1, ::-1]
    one, other = (layer.forward(x, training=True) for layer in layers)
    np.testing.assert_allclose(one, other, rtol=1e-12)
    np.testing.assert_allclose(*(layer.backward(dout) for layer in layers), rtol=1e-12)
    np.testing.assert_allclose(
        convolving.grads["w"], correlating.grads["w"][::-1, ::-1], rtol=1e-12
    )


def test_the_plain_definition_in_the_engine_agrees(rng):
    layer = Conv2D(4, 3, stride=2, use_bias=False)
    layer.build((7, 8, 3), rng, np.float64)
    x = rng.normal(size=(2, 7, 8, 3))
    expected = correlate(x, layer.params["w"], stride=2)
    np.testing.assert_allclose(layer.forward(x), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("layer", "shape", "output", "cost"),
    [
        (Conv2D(8, 5), (28, 28, 1), (24, 24, 8), 24 * 24 * 8 * 25),
        (Conv2D(32, 3, padding="same"), (28, 28, 16), (28, 28, 32), 28 * 28 * 32 * 9 * 16),
        (Conv2D(4, (2, 3), stride=(2, 3)), (9, 9, 2), (4, 3, 4), 4 * 3 * 4 * 6 * 2),
        (Conv2D(4, 4, padding="same", stride=3), (8, 9, 1), (3, 3, 4), 9 * 4 * 16),
        (Conv2D(4, 3, padding=2), (5, 5, 1), (7, 7, 4), 49 * 4 * 9),
    ],
    ids=repr,
)
def test_output_shape_and_multiply_adds(layer, shape, output, cost, rng):
    assert layer.build(shape, rng) == layer.output_shape == output
    assert layer.multiply_adds == cost


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_same_padding_gives_one_output_for_every_stride(kernel, stride, rng):
    layer = Conv2D(1, kernel, padding="same", stride=stride)
    assert layer.build((10, 11, 1), rng) == (-(-10 // stride), -(-11 // stride), 1)
