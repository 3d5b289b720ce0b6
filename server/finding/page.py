"""All writing of a picture, as ink: by a look at the whole, then one where it can be read.

The first look tells where the writing is, and how high; walls around it, such as a grid's, belong
to the part that is looked at again. What is ink and what is a wall, the second look tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.finding.contrast import ink_by_contrast
from server.finding.digit import FAINT, INKED
from server.finding.finder import OTHER, SIDE, WRITING, Finder, resized
from server.images.errors import BlankImage
from server.images.types import Grey, Ink, Mask
from server.preprocessing.connected_components import find_components
from server.preprocessing.filters import bounding_box, local_max
from server.preprocessing.weighted_median import weighted_median

Box = tuple[int, int, int, int]

READABLE = 36
"""Pixels of height to which characters are brought, as far as `LARGEST` allows."""

LARGEST = 640
"""Pixels of the longer side of a page at the second look."""

# The writing, with so much around it, as a part of its usual height, is looked at again.
_MARGIN = 0.6

# A picture is enlarged to this many times its size at most: more would show nothing more.
_MOST_ENLARGED = 4

# Writing of this height in pixels is as large as what the finder was trained on.
_SEEN_WELL = 9

# Fewer pixels than this, at the first look, are no writing.
_LEAST_AREA = 3

# A frame is so many times as high and wide as what is written, and this part of it is in there.
_FRAME = 1.5
_FRAMED = 0.2

# Some pixel of a piece of writing is as likely written on as this.
_SURE = 0.7


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
    other : ndarray of bool, shape (H, W), optional
        Where walls, rulings, frames and the like are, if they were looked for.
    """

    ink: Ink
    left: float
    top: float
    scale: tuple[float, float]
    other: Mask | None = None

    def in_picture(self, box: Box) -> Box:
        """Give a box (x, y, width, height) of `ink` in pixels of the picture."""
        x, y, width, height = box
        left, right = (round(self.left + edge * self.scale[0]) for edge in (x, x + width))
        top, bottom = (round(self.top + edge * self.scale[1]) for edge in (y, y + height))
        return left, top, max(1, right - left), max(1, bottom - top)

    def points_in_picture(self, points: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Give points (..., 2), x and y, of `ink` in pixels of the picture."""
        return np.asarray(points * self.scale + (self.left, self.top))


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
    rows, columns, usual = _where(grey, finder)
    part = grey[rows, columns]
    zoom = min(READABLE / usual, _MOST_ENLARGED, LARGEST / max(part.shape))
    size = max(8, round(part.shape[1] * zoom)), max(8, round(part.shape[0] * zoom))
    closer = resized(part, *size)
    seen = finder.look_at(closer)
    likely: Ink = np.ascontiguousarray(seen[..., WRITING])
    ink = np.sqrt(likely * ink_by_contrast(closer, likely, likely > INKED, READABLE))
    _remove_unsure(ink, likely)
    if not ink.any():
        raise BlankImage("nothing is written in the picture")
    scale = part.shape[1] / size[0], part.shape[0] / size[1]
    return Page(ink, columns.start, rows.start, scale, seen[..., OTHER] > INKED)


def _where(grey: Grey, finder: Finder) -> tuple[slice, slice, float]:
    """Look at all of a picture: in which rows and columns is writing, and how high is it?"""
    height, width = grey.shape
    for first in (SIDE, 2 * SIDE, 4 * SIDE):  # what is small is not seen well at first
        factor = first / max(height, width)
        small = resized(grey, max(8, round(width * factor)), max(8, round(height * factor)))
        seen = finder.look_at(small)
        writing = seen[..., WRITING] > INKED
        usual = usual_height(writing)
        if usual >= _SEEN_WELL or first >= 2 * max(height, width):
            break
    if np.count_nonzero(writing) < _LEAST_AREA:
        raise BlankImage("nothing is written in the picture")
    across, down = width / small.shape[1], height / small.shape[0]
    rows, columns = _with_frames(
        bounding_box(writing, margin=round(_MARGIN * usual)),
        writing,
        seen[..., OTHER] > INKED,
        usual,
    )
    left, right = (min(round(x * across), width) for x in (columns.start, columns.stop))
    top, bottom = (min(round(y * down), height) for y in (rows.start, rows.stop))
    return slice(top, bottom), slice(left, right), usual * down


def _with_frames(
    part: tuple[slice, slice], writing: Mask, other: Mask, usual: float
) -> tuple[slice, slice]:
    """Widen a part of a picture by the frames that much of the writing is in, as a grid's walls."""
    found = find_components(other)
    top, left = part[0].start, part[1].start
    bottom, right = part[0].stop, part[1].stop
    margin = max(2, round(_MARGIN * usual / 2))
    large = (found.boxes[:, 2:] - found.boxes[:, :2] > _FRAME * usual).all(axis=1)
    # Rulings and squared paper run to the border; a picture may cut one side of a frame.
    borders = np.count_nonzero(found.boxes == [0, 0, *other.shape], axis=1)
    least = _FRAMED * np.count_nonzero(writing)
    for y, x, y_end, x_end in found.boxes[large & (borders <= 1)].tolist():
        if np.count_nonzero(writing[y:y_end, x:x_end]) > least:
            top, left = min(top, y - margin), min(left, x - margin)
            bottom, right = max(bottom, y_end + margin), max(right, x_end + margin)
    return slice(max(top, 0), bottom), slice(max(left, 0), right)


def _remove_unsure(ink: Ink, likely: Ink) -> None:
    """Leave the pieces that are surely writing in some pixel, with their soft edges."""
    pieces = find_components(likely > FAINT)
    sure = pieces.mask(pieces.peaks(pieces.under(likely)) > _SURE)
    ink[~local_max(sure, 5)] = 0


def usual_height(writing: Mask) -> float:
    """Return the median height of the pieces, each counted by its pixels; 0 if there are none."""
    parts = find_components(writing)
    return weighted_median(parts.boxes[:, 2] - parts.boxes[:, 0], parts.areas())
