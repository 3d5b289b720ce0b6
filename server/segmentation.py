"""A picture of a number in, its digits in reading order, each as the network's input.

Digits that touch cannot be told apart before they are read. So a line is cut into more pieces than
it has digits, the network looks at every run of neighbouring pieces that could be a digit, and the
way through the line whose digits are likeliest is taken [1]_.

.. [1] LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition",
   section V, Proceedings of the IEEE, 1998.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from server.arrays import Grey, Ink
from server.components import Indices, find_components
from server.preprocessing import INK_THRESHOLD, check_grey, locate_ink, normalize
from server.seams import find_seams

# Scores (N, 10) of inputs (N, 28, 28), as before a softmax.
Classify = Callable[[Ink], NDArray[np.float64]]

# Lines are cut at about this height in pixels.
_LINE_HEIGHT = 48

# A digit is no wider than this part of the height of its line, ...
_WIDEST = 1.5

# ... and no lower.
_LOWEST = 0.35


@dataclass(frozen=True)
class Segment:
    """One digit of a number.

    Attributes
    ----------
    box : (x, y, width, height)
        In pixels of the picture.
    input : ndarray of float32, shape (28, 28)
        Ink 1, paper 0.
    """

    box: tuple[int, int, int, int]
    input: Ink


@dataclass(frozen=True)
class _Piece:
    """A run of neighbouring pieces of a line, between two seams: it may be a digit."""

    first: int
    last: int
    segment: Segment


def segment(grey: Grey, classify: Classify | None = None) -> list[Segment]:
    """Find the digits of a number, in reading order: lines from above, digits from the left.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)
    classify : callable, optional
        Gives the network's scores (N, 10), before a softmax, of inputs (N, 28, 28). Without it,
        digits that touch stay together.

    Raises
    ------
    BlankImage
        If nothing is drawn in the picture.
    """
    check_grey(grey)
    ink = locate_ink(grey)
    return [digit for top, bottom in _lines(ink) for digit in _read_line(ink, top, bottom, classify)]


def _lines(ink: Ink) -> list[tuple[int, int]]:
    """Ranges of rows, one for each line; a low range belongs to the line next to it."""
    rows = np.flatnonzero(np.diff((ink > INK_THRESHOLD).any(axis=1), prepend=False, append=False))
    bands = rows.reshape(-1, 2).tolist()
    tallest = max(bottom - top for top, bottom in bands)
    lines: list[list[int]] = []
    for top, bottom in bands:
        joins = lines and (
            min(bottom - top, lines[-1][1] - lines[-1][0]) < _LOWEST * tallest
            and top - lines[-1][1] < _LOWEST * tallest
        )
        if joins:
            lines[-1][1] = bottom
        else:
            lines.append([top, bottom])
    return [(top, bottom) for top, bottom in lines]
