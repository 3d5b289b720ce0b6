"""The training set: what it holds, and that the generator alone decides it."""

import numpy as np
import pytest

from scripts.synthesis import dataset
from scripts.synthesis.dataset import KINDS, training_set


def rng(seed=0):
    return np.random.default_rng(seed)


def test_samples_are_network_inputs_with_their_labels():
    images, labels, kinds = training_set(60, rng(), {"handwriting": 1})
    assert (images.shape, images.dtype) == ((60, 28, 28), np.uint8)
    assert (labels.shape, labels.dtype) == ((60,), np.int8)
    assert (kinds.shape, kinds.dtype) == ((60,), np.uint8)
    assert set(labels.tolist()) == set(range(10))
    assert {KINDS[kind] for kind in kinds} == {"handwriting"}
    assert images.max(axis=(1, 2)).min() > 200  # ink is bright, paper is black
    assert images[:, 0].max() == 0


def test_the_same_generator_gives_the_same_samples():
    first, again, other = (training_set(40, rng(seed), {"handwriting": 1}) for seed in (1, 1, 2))
    assert np.array_equal(first.images, again.images)
    assert np.array_equal(first.labels, again.labels)
    assert not np.array_equal(first.images, other.images)


def test_workers_do_not_change_the_samples(monkeypatch):
    monkeypatch.setattr(dataset, "CHUNK", 16)
    alone = training_set(40, rng(3), {"handwriting": 1}, workers=1)
    shared = training_set(40, rng(3), {"handwriting": 1}, workers=2)
    assert np.array_equal(alone.images, shared.images)
    assert np.array_equal(alone.labels, shared.labels)


@pytest.mark.parametrize("kinds", [{"embroidery": 1.0}, {"restroked": 1.0}])
def test_kinds_that_cannot_be_drawn_are_refused(kinds):
    with pytest.raises(ValueError, match=f"`kinds` must be .* got .*{next(iter(kinds))}"):
        training_set(10, rng(), kinds)
