"""A step that is told by hand has the figures of the real one."""

import numpy as np
import pytest

from convnet import SGD, CrossEntropy, Sequential
from convnet.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU
from server.training_room.by_hand import SteppingTrainer
from tests.support.tiny_digits import tiny_digits

RATE = 0.1


@pytest.fixture
def split():
    return tiny_digits(train=16).train


def trainer():
    layers = [Conv2D(4, 5), BatchNorm(), ReLU(), MaxPool2D(2), Flatten(), Dropout(0.5), Dense(10)]
    network = Sequential(layers, (28, 28, 1), rng=np.random.default_rng(3))
    return SteppingTrainer(network, CrossEntropy(), SGD(RATE))


def test_telling_a_step_changes_nothing(split):
    plain, telling = trainer(), trainer()
    telling.noting = True
    for _ in range(2):
        assert plain.step(split.inputs(), split.labels) == telling.step(
            split.inputs(), split.labels
        )
    assert plain.noted is None
    ours, theirs = plain.network.arrays, telling.network.arrays
    assert all((ours[name] == theirs[name]).all() for name in ours)


def test_what_is_told_is_what_was_done(split):
    one = trainer()
    one.noting = True
    before = {name: value.copy() for name, value in one.network.params.items()}
    loss = one.step(split.inputs(), split.labels)
    told = one.noted
    assert told["loss"] == pytest.approx(loss, rel=1e-5)
    assert told["batch"] == 16
    first = told["pictures"][0]
    assert first["label"] == split.labels[0]
    assert first["loss"] == pytest.approx(-np.log(first["probabilities"][first["label"]]), rel=1e-2)
    wanted = np.array(first["probabilities"]) - (np.arange(10) == first["label"])
    assert np.allclose(first["gradient"], wanted, atol=2e-3)
    assert told["layers"][0]["layer"] == "dense1"
    assert {row["layer"] for row in told["layers"]} == {one.name for one in one.network.layers}
    weights = {row["name"]: row for layer in told["layers"] for row in layer["weights"]}
    assert weights.keys() == before.keys()
    for name, row in weights.items():
        largest, place = row["largest"], tuple(row["largest"]["place"])
        assert largest["before"] == pytest.approx(before[name][place], rel=1e-5)
        assert largest["after"] == pytest.approx(one.network.params[name][place], rel=1e-5)
        step = largest["before"] - RATE * largest["gradient"]
        assert largest["after"] == pytest.approx(step, rel=1e-4, abs=1e-6)
        assert row["gradient"] == pytest.approx(row["change"] / RATE, rel=1e-2, abs=1e-6)
