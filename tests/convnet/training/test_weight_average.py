"""The average of the weights: its formula, its start, and the statistics that go with it."""

import numpy as np
import pytest

import convnet
from convnet.training.weight_average import WeightAverage, measure_statistics


def make_network(rng: np.random.Generator) -> convnet.Sequential:
    layers = [convnet.Dense(3), convnet.BatchNorm(), convnet.Dropout(0.5), convnet.Dense(2)]
    return convnet.Sequential(layers, (4,), rng=rng)


def test_it_is_the_weighted_sum_of_all_weights_so_far(rng: np.random.Generator) -> None:
    network = make_network(rng)
    first = {name: value.copy() for name, value in network.params.items()}
    average = WeightAverage(network, decay=0.9)
    expected = {name: value.astype(np.float64) for name, value in first.items()}
    for step in range(1, 101):
        share = min(0.9, (1 + step) / (10 + step))
        for name, value in network.params.items():
            value[...] = rng.normal(size=value.shape)
            expected[name] = share * expected[name] + (1 - share) * value
        average.update(network)
    for name, value in average.params.items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-4, atol=1e-6)


def test_constant_weights_average_to_themselves(rng: np.random.Generator) -> None:
    network = make_network(rng)
    average = WeightAverage(network, decay=0.999)
    for _ in range(10):
        average.update(network)
    for name, value in network.params.items():
        np.testing.assert_array_equal(average.params[name], value)


def test_the_start_is_soon_forgotten(rng: np.random.Generator) -> None:
    network = make_network(rng)
    average = WeightAverage(network, decay=0.999)
    for value in network.params.values():
        value[...] = 1
    for _ in range(30):
        average.update(network)
    for value in average.params.values():
        np.testing.assert_allclose(value, 1, atol=0.02)


def test_copying_replaces_the_weights_in_place(rng: np.random.Generator) -> None:
    network = make_network(rng)
    arrays = network.params
    average = WeightAverage(network)
    kept = {name: value.copy() for name, value in average.params.items()}
    for value in arrays.values():
        value[...] = 7
    average.copy_to(network)
    for name, value in network.params.items():
        assert value is arrays[name]
        np.testing.assert_array_equal(value, kept[name])


@pytest.mark.parametrize("decay", [-0.1, 1.0, float("nan")])
def test_a_decay_out_of_range_is_refused(rng: np.random.Generator, decay: float) -> None:
    with pytest.raises(ValueError, match="`decay` must be in"):
        WeightAverage(make_network(rng), decay)


def test_statistics_become_the_mean_over_the_batches(rng: np.random.Generator) -> None:
    network = convnet.Sequential([convnet.BatchNorm(momentum=0.5)], (3,), rng=rng)
    (norm,) = network.layers
    norm.state["mean"][...] = 99  # of other weights: must leave no trace
    batches = [rng.normal(2, 3, (50, 3)).astype(np.float32) for _ in range(7)]
    measure_statistics(network, batches)
    np.testing.assert_allclose(norm.state["mean"], np.mean(batches, axis=(0, 1)), rtol=1e-4)
    variances = [batch.var(axis=0, ddof=1) for batch in batches]
    np.testing.assert_allclose(norm.state["var"], np.mean(variances, axis=0), rtol=1e-4)
    assert norm.momentum == 0.5
    with pytest.raises(RuntimeError):  # nothing is left to run backwards from
        norm.backward(batches[0])
