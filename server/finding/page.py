"""All writing of a picture, as ink: by a look at the whole, then one where it can be read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from server.finding.digit import INKED
from server.finding.finder import SIDE, WRITING, Finder, resized
from server.images.errors import BlankImage
from server.images.types import Grey, Ink
from server.preprocessing.connected_components import find_components
from server.preprocessing.filters import bounding_box

Box = tuple[int, int, int, int]

READABLE = 36
"""Pixels of height to which characters are brought, as far as `LARGEST` allows."""

LARGEST = 640
"""Pixels of the longer side of a page at the second look."""

# The writing, with so many pixels of the first look around it, is looked at again.
_MARGIN = 6

# A picture is enlarged to this many times its size at most: more would show nothing more.
_MOST_ENLARGED = 4

# Fewer pixels than this, at the first look, are no writing.
_LEAST_AREA = 3


@dataclass(frozen=True)
class Page:
    """The writing of a picture.

    Attributes
    ----------
    ink : ndarray of float32, shape (H, W)
        Ink 1, all else 0, of a part of the picture, at a size at which it can be read.
    left, top : float
        Where it begins, in pixels of the picture.
    scale : (float, float)
        Pixels of the picture to one of `ink`, across and down.
    """

    ink: Ink
    left: float
    top: float
    scale: tuple[float, float]

    def in_picture(self, box: Box) -> Box:
        """Give a box (x, y, width, height) of `ink` in pixels of the picture."""
        x, y, width, height = box
        left, right = (round(self.left + edge * self.scale[0]) for edge in (x, x + width))
        top, bottom = (round(self.top + edge * self.scale[1]) for edge in (y, y + height))
        return left, top, max(1, right - left), max(1, bottom - top)


def find_writing(grey: Grey, finder: Finder) -> Page:
    """Find all that is written in a picture.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)
    finder : Finder

    Raises
    ------
    BlankImage
        If nothing is.
    """
    height, width = grey.shape
    for first in (SIDE, 2 * SIDE, 4 * SIDE):  # what is very small is not seen at first
        factor = first / max(height, width)
        small = resized(grey, max(8, round(width * factor)), max(8, round(height * factor)))
        writing = finder.look_at(small)[..., WRITING] > INKED
        if np.count_nonzero(writing) >= _LEAST_AREA:
            break
    else:
        raise BlankImage("nothing is written in the picture")
    rows, columns = bounding_box(writing, margin=_MARGIN)
    steps = width / small.shape[1], height / small.shape[0]
    left, right = (round(x * steps[0]) for x in (columns.start, columns.stop))
    top, bottom = (round(y * steps[1]) for y in (rows.start, rows.stop))
    part = grey[max(top, 0) : bottom, max(left, 0) : right]
    zoom = READABLE / (_usual_height(writing) * steps[1])
    zoom = min(zoom, _MOST_ENLARGED, LARGEST / max(part.shape))
    size = max(8, round(part.shape[1] * zoom)), max(8, round(part.shape[0] * zoom))
    ink = np.ascontiguousarray(finder.look_at(resized(part, *size))[..., WRITING])
    if ink.max() <= INKED:
        raise BlankImage("nothing is written in the picture")
    scale = part.shape[1] / size[0], part.shape[0] / size[1]
    return Page(ink, max(left, 0), max(top, 0), scale)


def _usual_height(writing: np.ndarray) -> float:
    """Return the median height of the pieces, each counted by its pixels."""
    parts = find_components(writing)
    heights = parts.boxes[:, 2] - parts.boxes[:, 0]
    order = np.argsort(heights)
    so_far = np.cumsum(parts.areas()[order])
    return float(heights[order][np.searchsorted(so_far, so_far[-1] / 2)])
