"""The board on which a scene is put together: brightness, and what each pixel is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from scripts.synthesis.pages.geometry import Size, corners, projection

GROUND, WRITING, OTHER = 0, 1, 2
CLASSES = ("ground", "writing", "other")

# From this part of its own darkest coverage on, a pixel is what was drawn there.
_INKED = 0.35


@dataclass
class Board:
    """A scene before it is looked at.

    Attributes
    ----------
    light : ndarray of float32, shape (H, W)
        How much light each pixel sends back, 0 to 1.
    truth : ndarray of uint8, shape (H, W)
        GROUND, WRITING or OTHER.
    smallest : float
        Height in pixels of the smallest digit: what is small may not be blurred much.
    digit : ndarray of uint8, shape (h, w), optional
        Coverage of the one digit that was asked for.
    """

    light: np.ndarray
    truth: np.ndarray
    smallest: float = float("inf")
    digit: np.ndarray | None = None

    @classmethod
    def of(cls, ground: np.ndarray) -> Board:
        """Start from the brightness (H, W) of empty ground."""
        return cls(ground.astype(np.float32), np.full(ground.shape, GROUND, np.uint8))

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        return self.light.shape[1], self.light.shape[0]

    def lay(self, coverage: np.ndarray, tone: float, what: int) -> None:
        """Draw something over all that is there.

        Parameters
        ----------
        coverage : ndarray of uint8, shape (H, W)
            255 where it hides what was there.
        tone : float
            Its brightness, 0 to 1.
        what : int
            WRITING, OTHER, or GROUND for a surface such as a plate.
        """
        part = coverage.astype(np.float32) / 255
        self.light += (np.float32(tone) - self.light) * part
        if part.any():
            self.truth[part > _INKED * part.max()] = what

    def seen_through(self, quad: np.ndarray, size: Size) -> Board:
        """Return what lies inside of the corner points `quad` (4, 2), as a board of `size`.

        Brightness is interpolated, truth is that of the nearest pixel.
        """
        terms = projection(corners(*size), quad).tolist()
        way = Image.Transform.PERSPECTIVE
        light = Image.fromarray(self.light).transform(size, way, terms, Image.Resampling.BILINEAR)
        truth = Image.fromarray(self.truth).transform(size, way, terms, Image.Resampling.NEAREST)
        return Board(np.array(light), np.array(truth), self.smallest, self.digit)


def paste(shape: np.ndarray, left: float, top: float, size: Size) -> np.ndarray:
    """Return coverage of a whole board with `shape` (h, w) on it, cut where it leaves the board."""
    whole = np.zeros(size[::-1], np.uint8)
    x, y = round(left), round(top)
    height, width = shape.shape
    rows = slice(max(y, 0), min(y + height, size[1]))
    columns = slice(max(x, 0), min(x + width, size[0]))
    if rows.start < rows.stop and columns.start < columns.stop:
        whole[rows, columns] = shape[
            rows.start - y : rows.stop - y, columns.start - x : columns.stop - x
        ]
    return whole
