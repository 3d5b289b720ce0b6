"""BatchNorm between training and serving: what it remembers, and how it is used."""

import numpy as np
import pytest

from convnet.layers import BatchNorm

SHAPE = (4, 5, 3)


@pytest.fixture
def layer(rng):
    layer = BatchNorm(momentum=0.8, epsilon=1e-3)
    layer.build(SHAPE, rng, np.float64)
    layer.params["gamma"][...] = [0.5, 1.0, 2.0]
    layer.params["beta"][...] = [-1.0, 0.0, 1.0]
    return layer


def batch(rng, count=6):
    return rng.normal([1.0, -2.0, 0.5], [0.1, 1.0, 3.0], (count, *SHAPE))


def test_channels_come_out_with_mean_beta_and_deviation_gamma(layer, rng):
    out = layer.forward(batch(rng, 50), training=True)
    np.testing.assert_allclose(out.mean(axis=(0, 1, 2)), [-1, 0, 1], atol=1e-12)
    np.testing.assert_allclose(out.std(axis=(0, 1, 2)), [0.5, 1, 2], rtol=0.06)  # epsilon shrinks


def test_running_statistics_go_part_of_the_way_to_each_batch(layer, rng):
    mean, var = np.zeros(3), np.ones(3)
    for _ in range(4):
        x = batch(rng)
        layer.forward(x, training=True)
        numbers = x.reshape(-1, 3)
        mean = 0.8 * mean + 0.2 * numbers.mean(axis=0)
        var = 0.8 * var + 0.2 * numbers.var(axis=0, ddof=1)  # unbiased, as in PyTorch
        np.testing.assert_allclose(layer.state["mean"], mean, rtol=1e-12)
        np.testing.assert_allclose(layer.state["var"], var, rtol=1e-12)


def test_serving_uses_the_running_statistics(layer, rng):
    layer.state["mean"][...] = [1.0, -2.0, 0.5]
    layer.state["var"][...] = [0.01, 1.0, 9.0]
    x = batch(rng)
    expected = (x - [1.0, -2.0, 0.5]) / np.sqrt(np.array([0.01, 1.0, 9.0]) + 1e-3)
    expected = expected * [0.5, 1.0, 2.0] + [-1.0, 0.0, 1.0]
    np.testing.assert_allclose(layer.forward(x), expected, rtol=1e-12, atol=1e-12)


def test_serving_one_image_does_not_depend_on_its_neighbours(layer, rng):
    x = batch(rng)
    layer.forward(x, training=True)
    together = layer.forward(x)
    for n in range(len(x)):
        np.testing.assert_allclose(layer.forward(x[n : n + 1])[0], together[n], rtol=1e-12)


def test_a_constant_channel_does_not_divide_by_zero(layer):
    x = np.full((3, *SHAPE), 7.0)
    out = layer.forward(x, training=True)
    np.testing.assert_allclose(out, np.broadcast_to([-1.0, 0.0, 1.0], x.shape), atol=1e-12)
    assert np.isfinite(layer.backward(np.ones_like(x))).all()


def test_a_batch_of_one_vector_is_survived():
    layer = BatchNorm()
    layer.build((4,), np.random.default_rng(0), np.float64)
    np.testing.assert_array_equal(layer.forward(np.ones((1, 4)), training=True), np.zeros((1, 4)))
    assert np.isfinite(layer.state["var"]).all()


def test_a_large_mean_costs_few_digits():
    layer = BatchNorm()
    layer.build((1,), np.random.default_rng(0))
    x = np.random.default_rng(0).normal(1000, 1, (4096, 1))
    out = layer.forward(x.astype(np.float32), training=True)
    np.testing.assert_allclose(out, (x - x.mean()) / x.std(), atol=2e-3)


def test_running_statistics_keep_their_dtype(layer, rng):
    single = BatchNorm()
    single.build(SHAPE, rng)
    single.forward(batch(rng), training=True)  # float64 into a float32 layer
    assert {value.dtype for value in single.state.values()} == {np.dtype(np.float32)}
