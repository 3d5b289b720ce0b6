"""Batches for the trainer: shuffled and augmented.

Every random choice follows from (seed, epoch, step) alone, not from what was drawn before. So a
resumed run continues with the same batches, and each thread may augment another batch at the same
time. They do so between two steps: a thread that prepares batches during a step slows the step down
(docs/performance.md). `convnet/training/trainer.py` uses the batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convnet.arrays import Array
from convnet.checks import require_positive_int
from convnet.runtime.threads import get_threads, parallel

Augment = Callable[[Array, np.random.Generator], Array]
Labels = NDArray[np.integer] | Array
Batch = tuple[Array, Labels]


@dataclass(frozen=True)
class Stored:
    """A batch before it is prepared: images as they are stored, and what is to be done to them.

    Attributes
    ----------
    images : ndarray, shape (N, H, W) or (N, H, W, C)
    augment : callable, optional
    seed : tuple of int
        Of all that is random in this batch.
    """

    images: NDArray[np.generic]
    augment: Augment | None
    seed: tuple[int, int, int]

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True)
class DataLoader:
    """Deliver a data set in shuffled batches.

    Parameters
    ----------
    images : ndarray, shape (N, H, W) or (N, H, W, C)
        uint8 (0..255) or floating point (0..1).
    labels : ndarray, shape (N,) or (N, K)
        Integers, or probabilities of K classes.
    batch_size : int
        Images in a batch; the last one of an epoch may be smaller.
    seed : int
        All shuffling and augmenting follows from it.
    augment : callable, optional
        ``augment(images, rng) -> images`` on float32 (N, H, W) images; several threads call it.
    drop_last : bool
        Whether an epoch leaves out a last batch that is smaller.
    """

    images: NDArray[np.generic]
    labels: Labels
    batch_size: int
    seed: int
    augment: Augment | None = None
    drop_last: bool = False

    def __post_init__(self) -> None:
        require_positive_int("batch_size", self.batch_size)
        if len(self.images) != len(self.labels):
            raise ValueError(f"{len(self.images)} images but {len(self.labels)} labels")
        if self.steps_per_epoch < 1:
            raise ValueError(f"{len(self.images)} images give no batch of {self.batch_size}")

    @property
    def steps_per_epoch(self) -> int:
        """Batches in one pass over the data."""
        whole, rest = divmod(len(self.images), self.batch_size)
        return whole if self.drop_last else whole + (rest > 0)

    def epoch(self, epoch: int, first_step: int = 0) -> Iterator[Batch]:
        """Yield the batches (N, H, W, C) and labels of one epoch, from `first_step` on.

        The order and the augmenting of step 0 are drawn from equal generators, because to NumPy the
        seeds (a, b) and (a, b, 0) are the same. This has no visible effect, and the shipped weights
        were trained with it.
        """
        order = self._order(epoch)
        together = 1 if self.augment is None else get_threads()
        for first in range(first_step, self.steps_per_epoch, together):
            steps = range(first, min(first + together, self.steps_per_epoch))
            yield from self._batches(epoch, steps, order)

    def stored(self, epoch: int, first_step: int = 0) -> Iterator[tuple[Stored, Labels]]:
        """Yield the same batches as they are stored, for others to prepare."""
        order = self._order(epoch)
        for step in range(first_step, self.steps_per_epoch):
            yield self._stored(epoch, step, order)

    def _order(self, epoch: int) -> NDArray[np.integer]:
        return np.random.default_rng((self.seed, epoch)).permutation(len(self.images))

    def _batches(self, epoch: int, steps: range, order: NDArray[np.integer]) -> list[Batch]:
        """Make a batch for each step, side by side."""
        made: dict[int, Batch] = {}

        def task(start: int, stop: int) -> None:
            for step in steps[start:stop]:
                batch, labels = self._stored(epoch, step, order)
                rng = np.random.default_rng(batch.seed)
                made[step] = prepare(batch.images, batch.augment, rng), labels

        parallel(task, len(steps))
        return [made[step] for step in steps]

    def _stored(self, epoch: int, step: int, order: NDArray[np.integer]) -> tuple[Stored, Labels]:
        chosen = order[step * self.batch_size : (step + 1) * self.batch_size]
        batch = Stored(self.images[chosen], self.augment, (self.seed, epoch, step))
        return batch, self.labels[chosen]


def prepare(
    images: NDArray[np.generic], augment: Augment | None, rng: np.random.Generator
) -> Array:
    """Make of images as they are stored what a network takes."""
    images = to_float(images)
    return with_channel(images if augment is None else augment(images, rng))


def to_float(images: NDArray[np.generic]) -> Array:
    """Return uint8 images (0..255) as float32 (0..1); floating-point ones as they are."""
    if images.dtype == np.uint8:
        return images.astype(np.float32) * np.float32(1 / 255)
    return images  # type: ignore[return-value]


def with_channel(images: Array) -> Array:
    """Return (N, H, W) images as (N, H, W, 1); others as they are."""
    return images[..., None] if images.ndim == 3 else images
