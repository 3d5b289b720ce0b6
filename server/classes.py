"""The classes of a network: their names, and which of them are digits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_CLASSES = 1000
LONGEST_NAME = 100


@dataclass(frozen=True)
class Classes:
    """What the probabilities of a reading stand for.

    A network that knows nothing but digits, all of them or some, always has the ten digits, so that
    the index of a probability is its digit.

    Attributes
    ----------
    labels : tuple of str
        A name for each probability.
    places : tuple of int
        For each output of the network, the index of its probability.
    """

    labels: tuple[str, ...]
    places: tuple[int, ...]

    @classmethod
    def read(cls, names: object, output_shape: tuple[int, ...]) -> Classes:
        """Read ``metadata["classes"]`` of a network.

        Parameters
        ----------
        names : list of str or int, optional
            A name for each output; None is "0", "1", "2" …
        output_shape : tuple of int
            That of the network, without the batch.

        Raises
        ------
        ValueError
            If the outputs are no scores of classes, or the names do not fit them.
        """
        if len(output_shape) != 1 or not 2 <= output_shape[0] <= MOST_CLASSES:
            raise ValueError(
                f"the network must give one score for each of 2 to {MOST_CLASSES} classes, "
                f"its output has shape {output_shape}"
            )
        labels = names_of(names, output_shape[0])
        if all(map(is_digit, labels)):
            return cls(DIGITS.labels, tuple(map(int, labels)))
        return cls(labels, tuple(range(len(labels))))

    @property
    def are_digits(self) -> bool:
        """Whether these are the ten digits."""
        return self.labels == DIGITS.labels

    def digit(self, index: int) -> int | None:
        """Return the digit that a class is; None if it is something else."""
        label = self.labels[index]
        return int(label) if is_digit(label) else None

    def spread(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn the outputs (N, M) of the network into scores (N, K), one for each label.

        A class that the network does not know has minus infinity.
        """
        scores = np.full((len(outputs), len(self.labels)), -math.inf)
        scores[:, self.places] = outputs
        return scores


def names_of(names: object, outputs: int) -> tuple[str, ...]:
    """Return the names of so many classes, checked."""
    if names is None:
        return tuple(map(str, range(outputs)))
    if not isinstance(names, Sequence) or isinstance(names, str) or len(names) != outputs:
        raise ValueError(f"`classes` must be a list of {outputs} names, got {shown(names)}")
    labels = tuple(str(name) if type(name) is int else name for name in names)
    for label in labels:
        if not isinstance(label, str) or not label.strip() or not label.isprintable():
            raise ValueError(f"`classes` must hold names in printable text, got {shown(label)}")
        if len(label) > LONGEST_NAME:
            raise ValueError(
                f"`classes` must hold names of at most {LONGEST_NAME} characters, "
                f"got {shown(label)}"
            )
    if len(set(labels)) < outputs:
        twice = next(label for label in labels if labels.count(label) > 1)
        raise ValueError(f"`classes` must differ from each other, got {twice!r} twice")
    return labels


def shown(value: object) -> str:
    """Write a value for a message, cut short."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def is_digit(label: str) -> bool:
    """Whether a name is one digit, "0" to "9"."""
    return len(label) == 1 and label in "0123456789"


DIGITS = Classes(tuple("0123456789"), tuple(range(10)))
"""The ten digits, each an output of its own."""
