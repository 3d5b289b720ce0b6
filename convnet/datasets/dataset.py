"""What every reader returns: images and labels, checked once, in two splits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
SIDE = 28  # pixels; the size of every image
CLASSES = 10


class DatasetError(ValueError):
    """A data file that cannot be trusted: which one, where in it, and why."""

    def __init__(self, path: Path, reason: str, place: str | None = None) -> None:
        super().__init__(": ".join(part for part in (str(path), place, reason) if part))
        self.path = path
        self.place = place
        self.reason = reason


@dataclass(frozen=True, eq=False)
class Split:
    """Images and their labels.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, 28, 28)
        Ink 255, paper 0.
    labels : ndarray of uint8, shape (N,)
        The digit that each image shows.

    Raises
    ------
    ValueError
        If the shapes or types are others, or a label is not a digit.
    """

    images: Bytes
    labels: Bytes

    def __post_init__(self) -> None:
        for name, array, shape in (
            ("images", self.images, (len(self.labels), SIDE, SIDE)),
            ("labels", self.labels, (len(self.labels),)),
        ):
            if array.dtype != np.uint8 or array.shape != shape:
                raise ValueError(
                    f"`{name}` must be uint8 of shape {shape}, got {array.dtype} {array.shape}"
                )
        if (wrong := self.labels >= CLASSES).any():
            raise ValueError(f"`labels` must be in 0..9, got {self.labels[wrong][0]}")

    def __len__(self) -> int:
        return len(self.labels)

    def inputs(self) -> NDArray[np.float32]:
        """Return what a network takes: float32 in 0..1, shape (N, 28, 28, 1)."""
        return (self.images.astype(np.float32) / np.float32(255))[..., np.newaxis]

    def take(self, indices: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Split:
        """Return the images at ``indices`` (positions, a mask or a slice) with their labels."""
        return Split(self.images[indices], self.labels[indices])

    def subset(self, digits: Collection[int] | None = None, limit: int | None = None) -> Split:
        """Return the first ``limit`` images that show one of ``digits``; `None` means all."""
        wanted = self
        if digits is not None:
            if not digits or any(digit not in range(CLASSES) for digit in digits):
                raise ValueError(f"`digits` must be some of 0..9, got {tuple(digits)}")
            wanted = self.take(np.isin(self.labels, list(digits)))
        if limit is not None:
            if limit < 1:
                raise ValueError(f"`limit` must be a positive int, got {limit}")
            wanted = wanted.take(slice(limit))
        return wanted

    def hold_out(
        self, count: int = 5000, rng: np.random.Generator | None = None
    ) -> tuple[Split, Split]:
        """Split off images to choose by, so that the test set is read only once, at the end.

        Parameters
        ----------
        count : int
            How many images to hold out.
        rng : Generator, optional
            Draws them at random; without it they are the last ones, always the same.

        Returns
        -------
        rest, held_out : Split
        """
        if not 0 < count < len(self):
            raise ValueError(f"`count` must be between 1 and {len(self) - 1}, got {count}")
        order = np.arange(len(self)) if rng is None else rng.permutation(len(self))
        return self.take(np.sort(order[:-count])), self.take(np.sort(order[-count:]))


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training set and a test set."""

    train: Split
    test: Split

    def subset(self, digits: Collection[int] | None = None, limit: int | None = None) -> Dataset:
        """Return the first ``limit`` images of each split that show one of ``digits``."""
        return Dataset(self.train.subset(digits, limit), self.test.subset(digits, limit))
