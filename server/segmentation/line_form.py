"""The ink of a line, brought to the form that the line reader takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from server.images.types import Grey, Ink
from server.preprocessing.mnist_form import stroke_width

HEIGHT = 32
"""Pixels of a frame, of which the ink takes `INK_HEIGHT`."""

INK_HEIGHT = 28

_THINNEST = 1.6  # pixels of a frame that strokes have at least

_INKED = 50  # of 255

_MARGIN = 4  # empty columns of a frame on each side


def thicken(ink: Grey) -> Grey:
    """Widen strokes that would be thinner than a frame can show."""
    pixel = ink.shape[0] / INK_HEIGHT
    missing = _THINNEST * pixel - stroke_width(ink.astype(np.float32) / np.float32(255))
    if missing <= 0.1 * pixel:
        return ink
    radius = math.ceil(missing / 2)
    wide = Image.fromarray(np.pad(ink, radius)).filter(ImageFilter.MaxFilter(2 * radius + 1))
    return np.asarray(wide)


def crop(ink: Grey) -> Grey:
    """Crop to what is above a fifth of full strength."""
    inked = ink > _INKED
    rows, columns = (np.flatnonzero(inked.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return ink
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@dataclass(frozen=True)
class Frame:
    """A line as the line reader takes it.

    Attributes
    ----------
    pixels : ndarray of float32, shape (HEIGHT, W)
    scale : float
        Pixels of the line's ink to one of the frame, across.
    left : float
        Where the frame begins, in pixels of the ink.
    """

    pixels: NDArray[np.float32]
    scale: float
    left: float

    def to_ink(self, column: float) -> float:
        """Return a column of the frame in pixels of the ink."""
        return self.left + column * self.scale


def frame_width(ink: Ink) -> int:
    """Return about how wide the frame of a line (H, W) is, which is what reading it costs."""
    height, width = ink.shape
    columns: int = width * INK_HEIGHT // max(height, 1)
    return columns + 2 * _MARGIN


def to_frame(ink: Ink) -> Frame | None:
    """Bring the ink (H, W) of a line to a frame; None if there is no ink."""
    grey = (ink * np.float32(255)).astype(np.uint8)
    inked = grey > _INKED
    if not inked.any():
        return None
    first = int(np.flatnonzero(inked.any(axis=0))[0])
    shape = crop(grey)
    wide = thicken(shape)
    grown = (wide.shape[1] - shape.shape[1]) / 2
    scale = INK_HEIGHT / wide.shape[0]
    width = max(2, round(wide.shape[1] * scale))
    way = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    small = np.asarray(Image.fromarray(wide).resize((width, INK_HEIGHT), way))
    top = (HEIGHT - INK_HEIGHT) // 2
    frame = np.zeros((HEIGHT, width + 2 * _MARGIN), np.float32)
    frame[top : top + INK_HEIGHT, _MARGIN:-_MARGIN] = small / np.float32(255)
    step = wide.shape[1] / width
    return Frame(frame, step, first - grown - _MARGIN * step)
