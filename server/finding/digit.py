"""The digit of a picture: where it is, by a look at the whole; its ink, by a closer look.

Both looks are the finder's. What remains to be decided is which writing is meant where there is
more than one piece of it: the most, and what stands within or beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from server.finding.contrast import ink_by_contrast
from server.finding.finder import OTHER, SIDE, WRITING, Finder
from server.images.errors import BlankImage
from server.images.types import Grey, Ink, Mask
from server.preprocessing.connected_components import Components, Indices, find_components
from server.preprocessing.filters import local_max, reduce_by

INKED = 0.5
"""From this probability on, a pixel is surely written on."""

FAINT = 0.25
"""From this probability on, a pixel is written on if it touches one that surely is."""

# Around the digit, on each side, as a part of its longer side, the closer look shows so much more.
_AROUND = 0.5

# Pieces this near to the heaviest one, as a part of its longer side, belong to the same digit.
_NEAR = 0.2

# A digit that takes this part of a view is seen well enough.
_CLOSE_ENOUGH = 0.8

# The first closer look may show that there is more of the digit: then there is another.
_LOOKS = 2

# A strip that is longer than this is made smaller first: the square around it is nearly all margin.
_LONG = 1500

# Other ink that comes this near to the border, in pixels, is an edge or a ruling.
_RIM = 1

# Fewer pixels of the finder's square than this are no digit.
_LEAST_AREA = 6


@dataclass(frozen=True)
class View:
    """A square of a picture, as the finder sees it.

    Attributes
    ----------
    square : ndarray of uint8, shape (SIDE, SIDE)
    left, top : float
        Where it begins, in pixels of the picture.
    scale : float
        Pixels of the picture to one of the square.
    inside : (slice, slice)
        The rows and columns of the square that show the picture.
    """

    square: Grey
    left: float
    top: float
    scale: float
    inside: tuple[slice, slice]

    @classmethod
    def of(cls, grey: Grey, left: float, top: float, side: float) -> View:
        """Look at the square of `side` pixels; what is beyond the picture is like its border."""
        scale = side / SIDE
        inside = _within(top, grey.shape[0], scale), _within(left, grey.shape[1], scale)
        is_strip = side > _LONG and 4 * min(grey.shape) < side
        factor = int(scale) // 2 if is_strip else 1
        square = _seen(reduce_by(grey, factor), left / factor, top / factor, side / factor)
        return cls(square, left, top, scale, inside)


def _seen(grey: Grey, left: float, top: float, side: float) -> Grey:
    """Scale a square of a picture to SIDE."""
    reach = int(
        np.ceil(max(0, -left, -top, left + side - grey.shape[1], top + side - grey.shape[0]))
    )
    if reach:
        first_row, last_row = max(0, int(top)), min(grey.shape[0], int(np.ceil(top + side)) + 1)
        first, last = max(0, int(left)), min(grey.shape[1], int(np.ceil(left + side)) + 1)
        part = np.pad(grey[first_row:last_row, first:last], reach, mode="edge")
        x, y = left - first + reach, top - first_row + reach
    else:
        part, x, y = grey, left, top
    box = (x, y, x + side, y + side)
    return np.asarray(Image.fromarray(part).resize((SIDE, SIDE), Image.Resampling.BILINEAR, box))


def _within(start: float, length: int, scale: float) -> slice:
    """Return which pixels of a view from `start` on show a side of so many pixels."""
    return slice(max(0, round(-start / scale)), max(0, min(SIDE, round((length - start) / scale))))


@dataclass(frozen=True)
class Found:
    """A digit's ink in a view.

    Attributes
    ----------
    ink : ndarray of float32, shape (SIDE, SIDE)
        Ink 1, all else 0.
    view : View
    """

    ink: Ink
    view: View


def find_digit(grey: Grey, finder: Finder) -> Found:
    """Find the ink of the digit in a picture of anything.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)
    finder : Finder

    Raises
    ------
    BlankImage
        If nothing is written in the picture.
    """
    height, width = grey.shape
    side = max(height, width)
    view = View.of(grey, (width - side) / 2, (height - side) / 2, side)
    found = _Written.in_view(view, finder)
    for _ in range(_LOOKS):
        closer = found.around(_AROUND)
        if closer[2] > _CLOSE_ENOUGH * view.scale * SIDE:
            break
        view = View.of(grey, *closer)
        found = _Written.in_view(view, finder)
        if not found.is_cut:
            break
    return Found(found.ink, view)


@dataclass(frozen=True)
class _Written:
    """The pieces of one digit among all that is written in a view."""

    view: View
    writing: Ink
    parts: Components
    chosen: NDArray[np.bool_]

    @classmethod
    def in_view(cls, view: View, finder: Finder) -> _Written:
        """Look at a view, and choose the heaviest piece and those within or beside it."""
        writing = _writing(view, finder)
        parts = find_components(writing > FAINT)
        sure = parts.peaks(parts.under(writing)) > INKED
        weights = parts.areas() * _centrality(parts) * sure
        chosen = np.zeros(len(parts), np.bool_)
        chosen[weights.argmax()] = True
        for _ in range(3):
            more = chosen | _beside(parts.boxes, parts.boxes[chosen]) & sure
            if (more == chosen).all():
                break
            chosen = more
        return cls(view, writing, parts, chosen)

    @property
    def hull(self) -> tuple[int, int, int, int]:
        """The box around the digit: top, left, bottom, right."""
        return _hull(self.parts.boxes[self.chosen])

    def around(self, margin: float) -> tuple[float, float, float]:
        """Return left, top and side, in the picture, of a square with a margin around the digit."""
        top, left, bottom, right = self.hull
        side = max(bottom - top, right - left, 8) * (1 + 2 * margin) * self.view.scale
        middle = self.view.left + (left + right) / 2 * self.view.scale
        level = self.view.top + (top + bottom) / 2 * self.view.scale
        return middle - side / 2, level - side / 2, side

    @property
    def is_cut(self) -> bool:
        """Whether the digit meets the border of the view: there may be more of it."""
        top, left, bottom, right = self.hull
        return min(top, left) == 0 or max(bottom, right) == SIDE

    @property
    def ink(self) -> Ink:
        """Its ink, with the soft edges, and without what else is written.

        What the finder and the brightness both say: the geometric mean.
        """
        digit = self.parts.mask(self.chosen)
        near = local_max(digit, 5) & ~self.parts.mask(~self.chosen)
        top, left, bottom, right = self.hull
        height = max(bottom - top, right - left)
        amount = ink_by_contrast(self.view.square, self.writing, digit, height, self.view.inside)
        return np.asarray(np.sqrt(np.where(near, self.writing * amount, np.float32(0))))


def _writing(view: View, finder: Finder) -> Ink:
    """Return how likely each pixel is to be written on, where the view shows the picture.

    Where nothing is, other ink is taken for it that does not come near the border, as rulings do.
    """
    (probabilities,) = finder.look(view.square[np.newaxis])
    shown = np.zeros_like(probabilities)
    shown[view.inside] = probabilities[view.inside]
    writing = np.ascontiguousarray(shown[..., WRITING])
    if np.count_nonzero(writing > INKED) < _LEAST_AREA:
        either = writing + shown[..., OTHER]
        writing = np.where(_away_from_border(either > FAINT, view), either, np.float32(0))
        if np.count_nonzero(writing > INKED) < _LEAST_AREA:
            raise BlankImage("nothing is written in the picture")
    return writing


def _away_from_border(mask: Mask, view: View) -> Mask:
    """Return the pieces of a mask that do not meet the border of what the view shows."""
    rows, columns = view.inside
    pieces = find_components(mask)
    first = rows.start + _RIM, columns.start + _RIM
    last = rows.stop - _RIM, columns.stop - _RIM
    inner = (pieces.boxes[:, :2] > first) & (pieces.boxes[:, 2:] < last)
    return pieces.mask(np.asarray(inner.all(axis=1)))


def _hull(boxes: Indices) -> tuple[int, int, int, int]:
    (top, left), (bottom, right) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    return int(top), int(left), int(bottom), int(right)


def _beside(boxes: Indices, of: Indices) -> Mask:
    """Tell which boxes (N, 4) are within or near the hull of others."""
    top, left, bottom, right = _hull(of)
    reach = _NEAR * max(bottom - top, right - left)
    beside = (boxes[:, :2] <= (bottom + reach, right + reach)).all(axis=1)
    return np.asarray(beside & (boxes[:, 2:] >= (top - reach, left - reach)).all(axis=1))


def _centrality(parts: Components) -> NDArray[np.float64]:
    """How near to the middle of the view each piece is: 1 there, a half in a corner."""
    boxes = parts.boxes
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    away = np.hypot(*((middles / SIDE - 0.5) * np.sqrt(2)).T)
    return np.asarray(1 - 0.5 * away)
