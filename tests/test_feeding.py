"""Batches: every image once an epoch, always the same ones for a seed, made ahead in order."""

import threading
import time
from collections.abc import Iterator
from itertools import count, islice

import numpy as np
import pytest

from convnet.feeding import Feeder, prefetch, to_float, with_channel

IMAGES = np.arange(10, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)
LABELS = np.arange(10)


def batches(feeder: Feeder, epoch: int = 0, first_step: int = 0) -> list[np.ndarray]:
    return [labels for _, labels in feeder.epoch(epoch, first_step)]


def test_an_epoch_shows_every_image_once_with_its_label() -> None:
    feeder = Feeder(IMAGES, LABELS, 4, seed=0)
    shown = []
    for x, labels in feeder.epoch(0):
        assert x.shape == (len(labels), 4, 4, 1)
        assert x.dtype == np.float32
        np.testing.assert_allclose(x[:, 0, 0, 0] * 255, labels, rtol=1e-6)
        shown += list(labels)
    assert sorted(shown) == list(range(10))
    assert [len(labels) for labels in batches(feeder)] == [4, 4, 2]
    assert feeder.steps_per_epoch == 3


def test_the_last_batch_may_be_dropped() -> None:
    feeder = Feeder(IMAGES, LABELS, 4, seed=0, drop_last=True)
    assert [len(labels) for labels in batches(feeder)] == [4, 4]
    assert feeder.steps_per_epoch == 2


def test_orders_differ_by_seed_and_epoch_and_repeat() -> None:
    orders = {
        (seed, epoch): tuple(np.concatenate(batches(Feeder(IMAGES, LABELS, 4, seed), epoch)))
        for seed in (0, 1)
        for epoch in (0, 1)
    }
    assert len(set(orders.values())) == 4
    again = Feeder(IMAGES, LABELS, 4, seed=1)
    assert tuple(np.concatenate(batches(again, 1))) == orders[1, 1]


def add_noise(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return images + rng.random(images.shape, np.float32)


def test_going_on_within_an_epoch_gives_the_same_batches() -> None:
    feeder = Feeder(IMAGES, LABELS, 3, seed=5, augment=add_noise)
    whole, rest = list(feeder.epoch(2)), list(feeder.epoch(2, first_step=2))
    assert len(rest) == 2
    for (x, labels), (same_x, same_labels) in zip(whole[2:], rest, strict=True):
        np.testing.assert_array_equal(x, same_x)
        np.testing.assert_array_equal(labels, same_labels)


def test_every_step_is_augmented_in_its_own_way() -> None:
    feeder = Feeder(np.zeros((8, 4, 4), np.uint8), np.zeros(8, int), 4, seed=0, augment=add_noise)
    first, second = (x for x, _ in feeder.epoch(0))
    other_epoch = next(feeder.epoch(1))[0]
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, other_epoch)


def test_augmenting_leaves_the_data_alone() -> None:
    images = np.zeros((8, 4, 4), np.float32)

    def blacken(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        batch[...] = 1
        return batch

    list(Feeder(images, np.zeros(8, int), 4, seed=0, augment=blacken).epoch(0))
    assert not images.any()


def test_soft_labels_go_with_their_images() -> None:
    soft = np.eye(10, dtype=np.float32)
    for x, labels in Feeder(IMAGES, soft, 4, seed=0).epoch(0):
        np.testing.assert_allclose(x[:, 0, 0, 0] * 255, labels.argmax(axis=1), rtol=1e-6)


@pytest.mark.parametrize(
    ("images", "labels", "batch_size", "message"),
    [
        (IMAGES, LABELS[:9], 4, "10 images but 9 labels"),
        (IMAGES, LABELS, 0, "`batch_size` must be a positive int, got 0"),
        (IMAGES[:0], LABELS[:0], 4, "0 images give no batch of 4"),
    ],
)
def test_what_cannot_be_fed_is_refused(
    images: np.ndarray, labels: np.ndarray, batch_size: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Feeder(images, labels, batch_size, seed=0)


def test_bytes_become_fractions_and_floats_stay() -> None:
    np.testing.assert_allclose(to_float(np.array([0, 51, 255], np.uint8)), [0, 0.2, 1], rtol=1e-6)
    floats = np.array([0.5], np.float64)
    assert to_float(floats) is floats


def test_images_get_a_channel_once() -> None:
    assert with_channel(np.zeros((2, 4, 4))).shape == (2, 4, 4, 1)
    assert with_channel(np.zeros((2, 4, 4, 3))).shape == (2, 4, 4, 3)


# Making batches ahead


def test_prefetching_keeps_the_order() -> None:
    assert list(prefetch(iter(range(100)))) == list(range(100))
    assert list(prefetch(iter(()))) == []


def test_items_are_made_ahead_but_not_without_bound() -> None:
    made = []

    def items() -> Iterator[int]:
        for i in count():
            made.append(i)
            yield i

    ahead = prefetch(items(), depth=3)
    assert next(ahead) == 0
    deadline = time.monotonic() + 10
    while len(made) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(made) == 5  # one taken, three waiting, one in hand
    ahead.close()


def test_an_error_is_raised_where_its_item_would_be() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the disk is gone")

    ahead = prefetch(items())
    assert next(ahead) == 1
    with pytest.raises(OSError, match="the disk is gone"):
        next(ahead)


def test_the_thread_ends_when_nobody_wants_more() -> None:
    others = set(threading.enumerate())
    ahead = prefetch(count(), depth=1)
    assert list(islice(ahead, 3)) == [0, 1, 2]
    (thread,) = set(threading.enumerate()) - others
    ahead.close()
    thread.join(timeout=30)
    assert not thread.is_alive()
