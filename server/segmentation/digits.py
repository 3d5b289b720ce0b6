"""A picture of a number in, its digits in reading order, each as the network's input.

Digits that touch cannot be told apart before they are read. So a line is cut into more pieces than
it has digits, the network looks at every run of neighbouring pieces that could be a digit, and the
way through the line whose digits are likeliest is taken [1]_. First it is cut in gaps only; then,
where the network is not sure of what it sees, through ink.

.. [1] LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition",
   section V, Proceedings of the IEEE, 1998.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from server.images.types import Grey, Ink
from server.preprocessing.mnist_form import check_grey, locate_ink
from server.segmentation.candidates import (
    GAP_STROKES,
    WIDEST,
    Candidate,
    Scores,
    best_way,
    find_candidates,
    find_pairs,
    reading_costs,
)
from server.segmentation.seams import LOOSE, STIFF, Seams, find_seams
from server.segmentation.text_lines import Box, Line, find_lines

# Scores (N, 10) of N inputs (28, 28), as before a softmax.
Classify = Callable[[list[Ink]], Scores]

# The network is sure of a digit that costs less than this.
_SURE = 0.3

# Lines with more candidates than this are not cut through ink: they hold no number.
_MOST_CANDIDATES = 2000


@dataclass(frozen=True)
class Segment:
    """One digit of a number, as far as one was found.

    Attributes
    ----------
    box : (x, y, width, height)
        In pixels of the picture.
    input : ndarray of float32, shape (28, 28)
        Ink 1, paper 0.
    scores : ndarray, shape (10,)
        What the network makes of it.
    """

    box: Box
    input: Ink
    scores: Scores


def segment(grey: Grey, classify: Classify, max_marks: int = 256) -> list[Segment]:
    """Find the digits of a number, in reading order: lines from above, digits from the left.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)
    classify : callable
        Gives the network's scores (N, 10), before a softmax, of N inputs (28, 28). It is called
        once, and once more where digits touch.
    max_marks : int
        How many marks there may be.

    Raises
    ------
    BlankImage
        If nothing is drawn in the picture.
    TooManyMarks
        If there are too many.
    """
    check_grey(grey)
    lines = find_lines(locate_ink(grey, several=True), max_marks)
    readings = _read([(line, _find_gaps(line)) for line in lines], classify)
    unsure = [number for number, reading in enumerate(readings) if not reading.is_sure]
    again = _read([(lines[number], readings[number].cut_further()) for number in unsure], classify)
    for number, reading in zip(unsure, again, strict=True):
        readings[number] = reading
    return [digit for reading in readings for digit in reading.segments()]


@dataclass(frozen=True)
class _Reading:
    """What a line was read as.

    Attributes
    ----------
    line : Line
    seams : Seams
        Where it might have been cut.
    digits : list of Candidate
    scores : ndarray, shape (len(digits), 10)
    """

    line: Line
    seams: Seams
    digits: list[Candidate]
    scores: Scores

    @property
    def sure(self) -> list[Candidate]:
        """The digits that the network is sure of."""
        widest = WIDEST * self.line.height
        costs = reading_costs(self.scores)
        return [
            digit
            for digit, cost in zip(self.digits, costs, strict=True)
            if cost < _SURE and digit.box[2] <= widest
        ]

    @property
    def is_sure(self) -> bool:
        """Whether the network is sure of all digits."""
        return len(self.sure) == len(self.digits)

    def cut_further(self) -> Seams:
        """Find seams through ink too, but none inside of digits that the network is sure of."""
        seams = find_seams(self.line.ink, LOOSE, STIFF)
        ink_left, known = seams.ink_left.sum(axis=1), self.seams.ink_left.sum(axis=1)
        keep = np.ones(len(seams), np.bool_)
        for digit in self.sure:
            start, stop = known[digit.first], known[digit.last]
            keep &= (ink_left < start + seams.least_ink) | (ink_left > stop - seams.least_ink)
        seams = seams.take(keep)
        # There are more pairs than seams, and finding them has its price.
        if len(seams) > _MOST_CANDIDATES or len(find_pairs(self.line, seams)[0]) > _MOST_CANDIDATES:
            return self.seams
        return seams

    def segments(self) -> list[Segment]:
        """Give the digits as they are in the picture."""
        return [
            Segment(self.line.in_picture(digit.box), digit.input, scores)
            for digit, scores in zip(self.digits, self.scores, strict=True)
        ]


def _find_gaps(line: Line) -> Seams:
    """Find the seams that cross no ink."""
    seams = find_seams(line.ink, LOOSE)
    return seams.take(seams.strokes < GAP_STROKES)


def _read(lines: list[tuple[Line, Seams]], classify: Classify) -> list[_Reading]:
    """Find the likeliest digits of lines between their seams, in one call of the network."""
    candidates = [find_candidates(line, seams) for line, seams in lines]
    inputs = [candidate.input for found in candidates for candidate in found]
    if not inputs:
        return []
    ends = np.cumsum([len(found) for found in candidates])
    readings = []
    for (line, seams), found, scores in zip(
        lines, candidates, np.split(classify(inputs), ends[:-1]), strict=True
    ):
        digits, specks = best_way(found, scores)
        chosen = digits or specks
        readings.append(_Reading(line, seams, [found[i] for i in chosen], scores[chosen]))
    return readings
