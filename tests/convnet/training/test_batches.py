"""Batches: every image once an epoch, always the same ones for a seed, whoever makes them."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from convnet.runtime.threads import get_threads, set_threads
from convnet.training.batches import DataLoader, to_float, with_channel

IMAGES = np.arange(10, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)
LABELS = np.arange(10)


def batches(loader: DataLoader, epoch: int = 0, first_step: int = 0) -> list[np.ndarray]:
    return [labels for _, labels in loader.epoch(epoch, first_step)]


def test_an_epoch_shows_every_image_once_with_its_label() -> None:
    loader = DataLoader(IMAGES, LABELS, 4, seed=0)
    shown = []
    for x, labels in loader.epoch(0):
        assert x.shape == (len(labels), 4, 4, 1)
        assert x.dtype == np.float32
        np.testing.assert_allclose(x[:, 0, 0, 0] * 255, labels, rtol=1e-6)
        shown += list(labels)
    assert sorted(shown) == list(range(10))
    assert [len(labels) for labels in batches(loader)] == [4, 4, 2]
    assert loader.steps_per_epoch == 3


def test_the_last_batch_may_be_dropped() -> None:
    loader = DataLoader(IMAGES, LABELS, 4, seed=0, drop_last=True)
    assert [len(labels) for labels in batches(loader)] == [4, 4]
    assert loader.steps_per_epoch == 2


def test_orders_differ_by_seed_and_epoch_and_repeat() -> None:
    orders = {
        (seed, epoch): tuple(np.concatenate(batches(DataLoader(IMAGES, LABELS, 4, seed), epoch)))
        for seed in (0, 1)
        for epoch in (0, 1)
    }
    assert len(set(orders.values())) == 4
    again = DataLoader(IMAGES, LABELS, 4, seed=1)
    assert tuple(np.concatenate(batches(again, 1))) == orders[1, 1]


def add_noise(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return images + rng.random(images.shape, np.float32)


def test_going_on_within_an_epoch_gives_the_same_batches() -> None:
    loader = DataLoader(IMAGES, LABELS, 3, seed=5, augment=add_noise)
    whole, rest = list(loader.epoch(2)), list(loader.epoch(2, first_step=2))
    assert len(rest) == 2
    for (x, labels), (same_x, same_labels) in zip(whole[2:], rest, strict=True):
        np.testing.assert_array_equal(x, same_x)
        np.testing.assert_array_equal(labels, same_labels)


def test_every_step_is_augmented_in_its_own_way() -> None:
    loader = DataLoader(
        np.zeros((8, 4, 4), np.uint8), np.zeros(8, int), 4, seed=0, augment=add_noise
    )
    first, second = (x for x, _ in loader.epoch(0))
    other_epoch = next(loader.epoch(1))[0]
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, other_epoch)


def test_augmenting_leaves_the_data_alone() -> None:
    images = np.zeros((8, 4, 4), np.float32)

    def blacken(batch: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        batch[...] = 1
        return batch

    list(DataLoader(images, np.zeros(8, int), 4, seed=0, augment=blacken).epoch(0))
    assert not images.any()


def test_soft_labels_go_with_their_images() -> None:
    soft = np.eye(10, dtype=np.float32)
    for x, labels in DataLoader(IMAGES, soft, 4, seed=0).epoch(0):
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
        DataLoader(images, labels, batch_size, seed=0)


def test_bytes_become_fractions_and_floats_stay() -> None:
    np.testing.assert_allclose(to_float(np.array([0, 51, 255], np.uint8)), [0, 0.2, 1], rtol=1e-6)
    floats = np.array([0.5], np.float64)
    assert to_float(floats) is floats


def test_images_get_a_channel_once() -> None:
    assert with_channel(np.zeros((2, 4, 4))).shape == (2, 4, 4, 1)
    assert with_channel(np.zeros((2, 4, 4, 3))).shape == (2, 4, 4, 3)


# Making batches side by side


@pytest.fixture(params=[1, 2, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = get_threads()
    set_threads(request.param)
    yield request.param
    set_threads(before)


@pytest.mark.parametrize("first_step", [0, 1, 2])
def test_batches_do_not_depend_on_the_number_of_threads(threads: int, first_step: int) -> None:
    loader = DataLoader(IMAGES, LABELS, 3, seed=0, augment=add_noise)
    shown = list(loader.epoch(0, first_step))
    order = np.random.default_rng((0, 0)).permutation(10)
    assert len(shown) == 4 - first_step
    for step, (x, labels) in enumerate(shown, first_step):
        chosen = order[step * 3 : (step + 1) * 3]
        noisy = add_noise(to_float(IMAGES[chosen]), np.random.default_rng((0, 0, step)))
        np.testing.assert_array_equal(x[..., 0], noisy)
        np.testing.assert_array_equal(labels, LABELS[chosen])


def test_each_thread_augments_a_batch(threads: int) -> None:
    # Nobody gets on before all of them are here.
    meeting = threading.Barrier(threads, timeout=30)

    def meet(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        meeting.wait()
        return images

    loader = DataLoader(IMAGES[:6], LABELS[:6], 1, seed=0, augment=meet)
    assert len(list(loader.epoch(0))) == 6


def test_no_more_batches_are_made_than_there_are_threads(threads: int) -> None:
    made: list[int] = []

    def count(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        made.append(len(images))
        return images

    loader = DataLoader(IMAGES, LABELS, 1, seed=0, augment=count)
    next(loader.epoch(0))
    assert len(made) == threads


def test_an_error_of_any_thread_is_raised(threads: int) -> None:
    def fail_for_nine(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if (images * 255 > 8.5).any():
            raise OSError("the disk is gone")
        return images

    with pytest.raises(OSError, match="the disk is gone"):
        list(DataLoader(IMAGES, LABELS, 1, seed=0, augment=fail_for_nine).epoch(0))
