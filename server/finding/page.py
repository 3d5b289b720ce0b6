"""All writing of a picture, as ink: by a look at the whole, then one where it can be read.

The first look sees whole rulings, boxes and frames: what it takes for other ink is none for the
second, which sees pieces of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from server.finding.contrast import ink_by_contrast
from server.finding.digit import INKED
from server.finding.finder import OTHER, SIDE, WRITING, Finder, resized
from server.images.errors import BlankImage
from server.images.types import Grey, Ink, Mask
from server.preprocessing.connected_components import find_components
from server.preprocessing.filters import bounding_box

Box = tuple[int, int, int, int]

READABLE = 36
"""Pixels of height to which characters are brought, as far as `LARGEST` allows."""

LARGEST = 640
"""Pixels of the longer side of a page at the second look."""

# The writing, with so much around it, as a part of its usual height, is looked at again.
_MARGIN = 0.3

# A picture is enlarged to this many times its size at most: more would show nothing more.
_MOST_ENLARGED = 4

# Writing of this height in pixels is as large as what the finder was trained on.
_SEEN_WELL = 9

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
    for first in (SIDE, 2 * SIDE, 4 * SIDE):  # what is small is not seen well at first
        factor = first / max(height, width)
        small = resized(grey, max(8, round(width * factor)), max(8, round(height * factor)))
        seen = finder.look_at(small)
        writing = seen[..., WRITING] > INKED
        usual = _usual_height(writing)
        if usual >= _SEEN_WELL or first >= 2 * max(height, width):
            break
    if np.count_nonzero(writing) < _LEAST_AREA:
        raise BlankImage("nothing is written in the picture")
    rows, columns = bounding_box(writing, margin=round(_MARGIN * usual))
    steps = width / small.shape[1], height / small.shape[0]
    left, right = (min(round(x * steps[0]), width) for x in (columns.start, columns.stop))
    top, bottom = (min(round(y * steps[1]), height) for y in (rows.start, rows.stop))
    part = grey[top:bottom, left:right]
    zoom = READABLE / (usual * steps[1])
    zoom = min(zoom, _MOST_ENLARGED, LARGEST / max(part.shape))
    size = max(8, round(part.shape[1] * zoom)), max(8, round(part.shape[0] * zoom))
    closer = resized(part, *size)
    likely: Ink = np.ascontiguousarray(finder.look_at(closer)[..., WRITING])
    ink = np.sqrt(likely * ink_by_contrast(closer, likely, likely > INKED, READABLE))
    part_of_look = (left / steps[0], top / steps[1], right / steps[0], bottom / steps[1])
    ink[_enlarged(seen[..., OTHER] > INKED, size, part_of_look)] = 0
    if likely.max() <= INKED:
        raise BlankImage("nothing is written in the picture")
    scale = part.shape[1] / size[0], part.shape[0] / size[1]
    return Page(ink, left, top, scale)


def _usual_height(writing: np.ndarray) -> float:
    """Return the median height of the pieces, each counted by its pixels; 0 if there are none."""
    if not writing.any():
        return 0.0
    parts = find_components(writing)
    heights = parts.boxes[:, 2] - parts.boxes[:, 0]
    order = np.argsort(heights)
    so_far = np.cumsum(parts.areas()[order])
    return float(heights[order][np.searchsorted(so_far, so_far[-1] / 2)])


def _enlarged(mask: Mask, size: tuple[int, int], part: tuple[float, float, float, float]) -> Mask:
    """Bring a part (left, top, right, bottom) of a mask to a size."""
    return np.asarray(Image.fromarray(mask).resize(size, Image.Resampling.NEAREST, part))
