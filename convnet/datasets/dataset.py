"""What every reader returns: pictures and labels, checked once, in two splits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Labels = NDArray[np.unsignedinteger[Any]]
DIGITS = tuple("0123456789")
MOST_CLASSES = 1000
TEST_SHARE = 7  # one picture in so many is the test set where there is none: MNIST's share


class DatasetError(ValueError):
    """A data file that cannot be trusted: which one, where in it, and why."""

    def __init__(self, path: Path, reason: str, place: str | None = None) -> None:
        super().__init__(": ".join(part for part in (str(path), place, reason) if part))
        self.path = path
        self.place = place
        self.reason = reason


@dataclass(frozen=True, eq=False)
class Split:
    """Pictures and their labels.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, H, W) or (N, H, W, 3)
        Greys, or red, green and blue. In MNIST's form ink is 255 and paper 0.
    labels : ndarray of uint8 or uint16, shape (N,)
        The index in `classes` of what each picture shows.
    classes : tuple of str
        The names of the classes; by default the ten digits.

    Raises
    ------
    ValueError
        If the shapes or types are others, or a label has no class.
    """

    images: Bytes
    labels: Labels
    classes: tuple[str, ...] = DIGITS

    def __post_init__(self) -> None:
        count, shape = len(self.labels), self.images.shape
        fits = len(shape) == 3 or (len(shape) == 4 and shape[3] == 3)
        if self.images.dtype != np.uint8 or not fits or len(self.images) != count:
            raise ValueError(
                f"`images` must be uint8 of shape ({count}, H, W) or ({count}, H, W, 3), "
                f"got {self.images.dtype} {shape}"
            )
        if self.labels.dtype not in (np.uint8, np.uint16) or self.labels.shape != (count,):
            raise ValueError(
                f"`labels` must be uint8 or uint16 of shape ({count},), "
                f"got {self.labels.dtype} {self.labels.shape}"
            )
        if (wrong := self.labels >= len(self.classes)).any():
            last = len(self.classes) - 1
            raise ValueError(f"`labels` must be in 0..{last}, got {self.labels[wrong][0]}")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """The shape (H, W, C) of one input of a network."""
        _, height, width, *channels = self.images.shape
        return height, width, channels[0] if channels else 1

    def inputs(self) -> NDArray[np.float32]:
        """Return what a network takes: float32 in 0..1, shape (N, H, W, 1) or (N, H, W, 3)."""
        scaled = self.images.astype(np.float32) / np.float32(255)
        return scaled.reshape(len(self), *self.input_shape)

    def take(self, indices: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Split:
        """Return the images at ``indices`` (positions, a mask or a slice) with their labels."""
        return Split(self.images[indices], self.labels[indices], self.classes)

    def subset(self, digits: Collection[int] | None = None, limit: int | None = None) -> Split:
        """Return the first ``limit`` images that show one of ``digits``; `None` means all.

        Raises
        ------
        ValueError
            If a digit is none, or the classes are other things than digits.
        """
        wanted = self
        if digits is not None:
            if self.classes != DIGITS:
                names = ", ".join(self.classes[:3])
                raise ValueError(f"`digits` needs the classes 0..9, these are {names} …")
            if not digits or any(digit not in range(len(DIGITS)) for digit in digits):
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
    """A training set and a test set.

    Attributes
    ----------
    train, test : Split
        Of pictures of one size and kind, with the same classes.
    input_form : str, optional
        ``"mnist"``: ink 1 on paper 0, cropped and centred as MNIST's digits are. ``"plain"``: the
        picture as it is, scaled. It travels with the weights, so that what is served is prepared
        like what was learnt. None: MNIST's for digits of 28 × 28 greys, otherwise plain.

    Raises
    ------
    ValueError
        If the two splits do not fit each other.
    """

    train: Split
    test: Split
    input_form: str | None = None

    def __post_init__(self) -> None:
        ours, theirs = self.train.input_shape, self.test.input_shape
        if ours != theirs:
            raise ValueError(f"`train` has pictures of shape {ours}, `test` of {theirs}")
        if self.train.classes != self.test.classes:
            raise ValueError("`train` and `test` must have the same classes")

    def subset(self, digits: Collection[int] | None = None, limit: int | None = None) -> Dataset:
        """Return the first ``limit`` images of each split that show one of ``digits``."""
        train, test = (split.subset(digits, limit) for split in (self.train, self.test))
        return Dataset(train, test, self.input_form)


def together(path: Path, train: Split, test: Split, input_form: str | None = None) -> Dataset:
    """Return a data set that was read from `path`.

    Raises
    ------
    DatasetError
        If the two splits do not fit each other.
    """
    try:
        return Dataset(train, test, input_form)
    except ValueError as error:
        raise DatasetError(path, str(error)) from error


def share_out(ranks: NDArray[np.intp], counts: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell which pictures are the test set where none is given: every seventh of each class.

    Parameters
    ----------
    ranks : ndarray of int, shape (N,)
        Of each picture among those of its class, from 0.
    counts : ndarray of int, shape (N,)
        Pictures of its class. Of fewer than seven, the last one is tested.
    """
    of_few = (counts < TEST_SHARE) & (ranks == counts - 1) & (counts > 1)
    mask: NDArray[np.bool_] = (ranks % TEST_SHARE == TEST_SHARE - 1) | of_few
    return mask


def ranks_of(labels: Labels) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return for each label how many like it come before it, and how many there are."""
    order = np.argsort(labels, kind="stable")
    counts = np.bincount(labels)
    starts = np.cumsum(counts) - counts
    ranks = np.empty(len(labels), np.intp)
    ranks[order] = np.arange(len(labels)) - starts[labels[order]]
    return ranks, counts[labels]


def with_test_set(whole: Split, input_form: str | None = None) -> Dataset:
    """Part one split into training and test set; see `share_out`.

    MNIST and those like it are also passed around as one piece of 70,000 pictures of 28 × 28, of
    which the first 60,000 are the training set.
    """
    if whole.images.shape == (70_000, 28, 28):
        tested = np.arange(len(whole)) >= 60_000
    else:
        tested = share_out(*ranks_of(whole.labels))
    return Dataset(whole.take(~tested), whole.take(tested), input_form)
