"""Dropout drops what it should, scales the rest, and is gone when serving."""

import numpy as np
import pytest

from convnet.layers import Dropout

SHAPE = (40, 50)


def built(rate, seed=0):
    layer = Dropout(rate)
    layer.build(SHAPE, np.random.default_rng(seed))
    return layer


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_the_rate_is_the_share_dropped_and_the_mean_stays(rate):
    out = built(rate).forward(np.ones((20, *SHAPE)), training=True)
    assert (out == 0).mean() == pytest.approx(rate, abs=0.01)
    np.testing.assert_allclose(out[out != 0], 1 / (1 - rate), rtol=1e-6)
    assert out.mean() == pytest.approx(1, abs=0.03)


def test_the_gradient_passes_where_the_number_passed():
    layer = built(0.5)
    out = layer.forward(np.ones((2, *SHAPE)), training=True)
    np.testing.assert_array_equal(layer.backward(np.ones_like(out)), out)


def test_serving_changes_nothing():
    x = np.random.default_rng(1).normal(size=(2, *SHAPE))
    np.testing.assert_array_equal(built(0.5).forward(x), x)


def test_every_pass_and_every_layer_drops_other_numbers():
    x = np.ones((1, *SHAPE))
    rng = np.random.default_rng(0)
    one, other = Dropout(0.5), Dropout(0.5)
    one.build(SHAPE, rng)
    other.build(SHAPE, rng)
    masks = [layer.forward(x, training=True) for layer in (one, one, other)]
    assert not np.array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[0], masks[2])


def test_the_seed_decides_what_is_dropped():
    x = np.ones((1, *SHAPE))
    first, again, other = (built(0.5, seed).forward(x, training=True) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
