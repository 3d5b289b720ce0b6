"""Pooling where the battery's distinct numbers do not lead: ties, rests and negative windows."""

import numpy as np
import pytest

from convnet.layers import AveragePool2D, MaxPool2D


def built(layer, shape):
    layer.build(shape, np.random.default_rng(0))
    return layer


def test_of_equal_numbers_the_first_gets_the_gradient():
    layer = built(MaxPool2D(2), (2, 4, 1))
    layer.forward(np.array([[5, 5, 1, 2], [5, 5, 3, 3]], float).reshape(1, 2, 4, 1), training=True)
    dx = layer.backward(np.array([7.0, 9.0]).reshape(1, 1, 2, 1))
    np.testing.assert_array_equal(dx[0, :, :, 0], [[7, 0, 0, 0], [0, 0, 9, 0]])


def test_the_largest_of_negative_numbers_is_negative():
    layer = built(MaxPool2D(2), (2, 2, 1))
    x = np.array([[-4, -3], [-2, -5]], np.float32).reshape(1, 2, 2, 1)
    assert layer.forward(x).item() == -2


@pytest.mark.parametrize("layer", [MaxPool2D(2), AveragePool2D(2)], ids=repr)
def test_what_no_window_covers_gets_no_gradient(layer):
    built(layer, (5, 7, 2))
    x = np.random.default_rng(0).normal(size=(3, 5, 7, 2))
    out = layer.forward(x, training=True)
    dx = layer.backward(np.ones_like(out))
    assert not dx[:, 4].any()
    assert not dx[:, :, 6].any()
    np.testing.assert_allclose(dx.sum(), out.size, rtol=1e-12)  # and none is lost


def test_overlapping_windows_add_up():
    layer = built(MaxPool2D(2, stride=1), (3, 3, 1))
    x = np.zeros((1, 3, 3, 1))
    x[0, 1, 1] = 1.0  # the largest of all four windows
    layer.forward(x, training=True)
    dx = layer.backward(np.array([1.0, 10, 100, 1000]).reshape(1, 2, 2, 1))
    assert dx[0, 1, 1, 0] == 1111
    assert dx.sum() == 1111
