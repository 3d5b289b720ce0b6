"""The loss that knows a class "none": definition, gradient, and what it teaches."""

import numpy as np
import pytest

import convnet
from convnet.open_set import OpenSetCrossEntropy, energy


def loss_by_hand(logits, labels, flatness):
    total = 0.0
    for z, label in zip(logits, labels, strict=True):
        everything = 1 + np.exp(z).sum()
        if label >= 0:
            total -= np.log(np.exp(z[label]) / everything)
        else:
            softmax = np.exp(z) / np.exp(z).sum()
            total -= np.log(1 / everything) + flatness * np.log(softmax).mean()
    return total / len(logits)


@pytest.mark.parametrize("flatness", [0.0, 0.5])
def test_value_and_gradient_match_the_definition(flatness):
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(6, 10)), np.array([3, -1, 0, -1, 9, 5])
    value, gradient = OpenSetCrossEntropy(flatness)(logits, labels)
    assert value == pytest.approx(loss_by_hand(logits, labels, flatness), rel=1e-12)
    for place in np.ndindex(logits.shape):
        step = np.zeros_like(logits)
        step[place] = 1e-6
        rise = loss_by_hand(logits + step, labels, flatness)
        fall = loss_by_hand(logits - step, labels, flatness)
        assert gradient[place] == pytest.approx((rise - fall) / 2e-6, abs=1e-8)


def test_huge_logits_do_not_overflow():
    value, gradient = OpenSetCrossEntropy()(
        np.array([[900.0, -900.0], [-900.0, 900.0]]), np.array([0, -1])
    )
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


def test_energy_is_the_logarithm_of_the_sum():
    logits = np.array([[1.0, 2.0, 3.0], [1000.0, 0.0, 0.0]])
    np.testing.assert_allclose(energy(logits), [np.log(np.exp([1.0, 2.0, 3.0]).sum()), 1000.0])


@pytest.mark.parametrize("labels", [[0, 10], [0, -2], [0]])
def test_labels_that_do_not_fit_are_refused(labels):
    with pytest.raises(ValueError, match="labels"):
        OpenSetCrossEntropy()(np.zeros((2, 10)), np.array(labels))


def test_training_with_it_separates_none_by_energy():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2)).astype(np.float32)
    labels = np.where(x[:, 0] > 0.5, 0, np.where(x[:, 0] < -0.5, 1, -1))
    network = convnet.Sequential(
        [convnet.Dense(32), convnet.ReLU(), convnet.Dense(2)], (2,), rng=rng
    )
    trainer = convnet.Trainer(network, OpenSetCrossEntropy(), convnet.Adam(1e-2))
    for _ in range(300):
        trainer.step(x, labels)
    accepted = energy(network.forward(x)) > 0
    assert np.mean(accepted == (labels >= 0)) > 0.95
