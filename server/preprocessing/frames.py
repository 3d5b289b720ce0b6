"""Marks that are no writing: rings, boxes and walls around others, lines below or across them."""

import numpy as np

from server.images.types import Ink, Mask
from server.preprocessing.connected_components import Components, find_components
from server.preprocessing.foreground import INK_THRESHOLD

# A frame has something inside of it that is as high as this part of it, ...
_INSIDE = 0.35

# (in a grid of cells, as this part), ...
_CELL = 0.08

# ... and fewer runs of pixels in a row than this, on the average: a row of digits has more.
_SIDES = 2.5

# Each mark is compared with each other one. A number has fewer than this; texture has thousands.
_MOST_MARKS = 512

# A line is so many times as long as the highest other mark, and so much lower than that.
_LONG = 1.2
_LOW = 0.35

# Ink of one pen has this part of full strength somewhere.
_FULL = 0.5

# A bar that is narrower than this part of its length may be a one, all of it ink.
_NARROW = 0.3

# The strokes of bold digits fill this part of the box around them at most, plates more.
_FILLED = 0.8


def are_frames(marks: Components) -> Mask:
    """Tell which marks are drawn around others: they have two sides, and a digit inside."""
    heights = marks.boxes[:, 2] - marks.boxes[:, 0]
    return np.asarray(_enclose(marks, _INSIDE) & (np.bincount(marks.labels) < _SIDES * heights))


def is_plain(ink: Ink) -> bool:
    """Tell whether all ink of a drawing may be writing: pen strokes of one strength, and no more.

    Nothing is drawn around other marks, below or across them, none is fainter than others, and they
    leave room between them, unlike a plate whose digits are what is left out. Nor are there so many
    that they can only be texture.
    """
    marks = find_components(ink > INK_THRESHOLD)
    if len(marks) > _MOST_MARKS:
        return False
    heights, widths = np.moveaxis(marks.boxes[:, 2:] - marks.boxes[:, :2], 0, 1)
    highest = heights.max()
    level = (heights < _LOW * highest) & (widths > _LONG * highest)
    faint = marks.peaks(marks.under(ink)) < _FULL
    (top, left), (bottom, right) = marks.boxes[:, :2].min(axis=0), marks.boxes[:, 2:].max(axis=0)
    sides = sorted((bottom - top, right - left))
    filled = marks.areas().sum() / (sides[0] * sides[1]) if sides[0] > _NARROW * sides[1] else 0.0
    return not (level.any() or faint.any() or filled > _FILLED or _enclose(marks, _CELL).any())


def _enclose(marks: Components, part: float) -> Mask:
    """Tell which marks have another within their box that is as high as a part of them."""
    boxes = marks.boxes
    around = (boxes[:, np.newaxis, :2] < boxes[:, :2]).all(axis=2)
    around &= (boxes[:, np.newaxis, 2:] > boxes[:, 2:]).all(axis=2)
    heights = boxes[:, 2] - boxes[:, 0]
    around &= heights > part * heights[:, np.newaxis]
    return np.asarray(around.any(axis=1))
