"""Activations far from zero, where careless formulas overflow or lose all digits."""

import math

import numpy as np
import pytest

from convnet.layers import LeakyReLU, ReLU, Sigmoid, Softmax, Tanh
from convnet.layers.activations import sigmoid, softmax


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_is_exact_in_both_tails(dtype):
    x = np.array([-80, -30, -1, 0, 1, 30, 80], dtype)
    expected = [math.exp(z) / (1 + math.exp(z)) if z < 0 else 1 / (1 + math.exp(-z)) for z in x]
    np.testing.assert_allclose(sigmoid(x), expected, rtol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", [ReLU, LeakyReLU, Sigmoid, Tanh, Softmax])
def test_huge_numbers_overflow_nowhere(make, dtype):
    layer = make()
    layer.build((3,), np.random.default_rng(0))
    x = np.array([[-1e30, 0, 1e30]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        out = layer.forward(x, training=True)
        dx = layer.backward(np.ones_like(out))
    assert np.isfinite(out).all()
    assert np.isfinite(dx).all()


def test_the_slope_at_zero_is_the_left_one():
    for layer, slope in ((ReLU(), 0.0), (LeakyReLU(0.25), 0.25)):
        layer.build((1,), np.random.default_rng(0))
        layer.forward(np.zeros((1, 1)), training=True)
        assert layer.backward(np.ones((1, 1))) == slope


def test_softmax_rows_are_distributions_that_a_constant_does_not_change(rng):
    logits = rng.normal(0, 3, (5, 7))
    np.testing.assert_allclose(softmax(logits).sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(softmax(logits + 100), softmax(logits), rtol=1e-12)
    np.testing.assert_array_equal(softmax(np.array([[1e4, 0, -1e4]])), [[1, 0, 0]])
