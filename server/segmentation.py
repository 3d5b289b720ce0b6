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
from server.components import Indices
from server.preprocessing import INK_THRESHOLD, check_grey, locate_ink, normalize
from server.seams import find_seams

Scores = NDArray[np.float64]

# Scores (N, 10) of inputs (N, 28, 28), as before a softmax.
Classify = Callable[[list[Ink]], Scores]

# Lines are cut at about this height in pixels.
_LINE_HEIGHT = 48

# A digit is no wider than this part of the height of its line, ...
_WIDEST = 1.5

# ... and no lower.
_LOWEST = 0.35

# What a digit costs that the network does not take for one, at most, ...
_NO_DIGIT = 12.0

# ... and what a gap inside of a digit costs, as wide as the line is high.
_GAP = 10.0


@dataclass(frozen=True)
class Segment:
    """What may be one digit of a number.

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
class Candidate:
    """A run of neighbouring pieces of a line: it may be a digit.

    Attributes
    ----------
    line : int
    first, last : int
        The seams of the line on its left and on its right.
    gap : float
        The widest gap in it, as a part of the height of the line.
    segment : Segment
    """

    line: int
    first: int
    last: int
    gap: float
    segment: Segment


def segment(grey: Grey, classify: Classify) -> tuple[list[Segment], Scores]:
    """Find the digits of a number, in reading order: lines from above, digits from the left.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)
    classify : callable
        Gives the network's scores (N, 10), before a softmax, of N inputs (28, 28). It is called
        once.

    Returns
    -------
    list of Segment
    ndarray, shape (len(list), 10)
        Their scores.

    Raises
    ------
    BlankImage
        If nothing is drawn in the picture.
    """
    candidates = find_candidates(grey)
    scores = classify([candidate.segment.input for candidate in candidates])
    chosen = choose(candidates, scores)
    return [candidates[index].segment for index in chosen], scores[chosen]


def find_candidates(grey: Grey) -> list[Candidate]:
    """Find everything in a picture (H, W) that may be a digit, line by line."""
    check_grey(grey)
    ink = locate_ink(grey)
    return [
        candidate
        for number, (top, bottom) in enumerate(_lines(ink))
        for candidate in _Line.crop(ink, number, top, bottom).candidates()
    ]


def choose(candidates: list[Candidate], scores: Scores) -> list[int]:
    """Choose the way through each line whose digits are likeliest; indices, in reading order."""
    costs = _costs(scores) + [_GAP * candidate.gap for candidate in candidates]
    best: dict[tuple[int, int], tuple[float, int]] = {}  # (line, seam): cost so far, candidate
    ends: dict[int, int] = {}
    for index, candidate in enumerate(candidates):  # sorted by line, and there by first seam
        line, first, last = candidate.line, candidate.first, candidate.last
        cost = float(costs[index]) + (best[line, first][0] if first else 0.0)
        if (line, last) not in best or cost < best[line, last][0]:
            best[line, last] = cost, index
        ends[line] = max(last, ends.get(line, 0))
    chosen = []
    for line in sorted(ends, reverse=True):
        seam = ends[line]
        while seam:
            chosen.append(best[line, seam][1])
            seam = candidates[chosen[-1]].first
    return chosen[::-1]


def _costs(scores: Scores) -> Scores:
    """Cost (N,) of taking each candidate for a digit: minus the logarithm of its probability.

    "None of these" takes part, with a score of 0 (see `convnet.rejection`).
    """
    best = scores.max(axis=1)
    top = np.maximum(best, 0)
    total = np.log(np.exp(scores - top[:, np.newaxis]).sum(axis=1) + np.exp(-top)) + top
    return np.asarray(np.minimum(total - best, _NO_DIGIT))


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


@dataclass(frozen=True)
class _Line:
    """One line of digits, at a handy size.

    Attributes
    ----------
    ink : ndarray of float32, shape (H, W)
    number : int
        Its number, from above.
    corner : (x, y)
        Where it is in the picture.
    factor : int
        How many pixels of the picture make one of `ink`.
    """

    ink: Ink
    number: int
    corner: tuple[int, int]
    factor: int

    @classmethod
    def crop(cls, ink: Ink, number: int, top: int, bottom: int) -> "_Line":
        """Take rows `top` to `bottom` of a picture."""
        columns = np.flatnonzero((ink[top:bottom] > INK_THRESHOLD).any(axis=0))
        left, right = columns[0], columns[-1] + 1
        factor = max(1, (bottom - top) // _LINE_HEIGHT)
        image = Image.fromarray(ink[top:bottom, left:right]).reduce(factor)
        return cls(np.asarray(image), number, (int(left), top), factor)

    def candidates(self) -> list[Candidate]:
        """Return every run of pieces that is not too wide, sorted by its first seam."""
        seams = find_seams(self.ink)
        found = []
        for first in range(len(seams) - 1):
            for last in range(first + 1, len(seams)):
                candidate = self._candidate(seams, first, last)
                too_wide = candidate.segment.box[2] > _WIDEST * self.factor * len(self.ink)
                if too_wide and last > first + 1:
                    break
                found.append(candidate)
        return found

    def _candidate(self, seams: Indices, first: int, last: int) -> Candidate:
        left, right = seams[first].min(), seams[last].max()
        columns = np.arange(left, right)
        within = (columns >= seams[first][:, np.newaxis]) & (columns < seams[last][:, np.newaxis])
        ink = np.where(within, self.ink[:, left:right], np.float32(0))
        mask = ink > INK_THRESHOLD
        x, y = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
        x0, y0, width, height = x[0], y[0], x[-1] + 1 - x[0], y[-1] + 1 - y[0]
        gap = (np.diff(x).max(initial=1) - 1) / len(self.ink)
        box = (
            self.corner[0] + self.factor * int(left + x0),
            self.corner[1] + self.factor * int(y0),
            self.factor * int(width),
            self.factor * int(height),
        )
        return Candidate(self.number, first, last, float(gap), Segment(box, normalize(ink)))
