"""Digits as lines that Pillow draws, and how much two inputs of the network differ."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from server.finding.prepare import preprocess

# Corners of each digit's strokes, in a square from 0 to 1.
DIGITS = {
    1: [[(0.35, 0.2), (0.55, 0), (0.55, 1)]],
    2: [[(0.2, 0.25), (0.3, 0.05), (0.6, 0), (0.8, 0.2), (0.7, 0.5), (0.2, 1), (0.85, 0.97)]],
    4: [[(0.6, 0), (0.15, 0.65), (0.9, 0.62)], [(0.65, 0.3), (0.62, 1)]],
    5: [
        [(0.3, 0), (0.25, 0.4), (0.6, 0.4), (0.8, 0.65), (0.6, 0.95), (0.2, 1)],
        [(0.38, 0), (0.8, 0.02)],
    ],
    8: [
        [(0.5, 0.5), (0.25, 0.25), (0.5, 0), (0.75, 0.25), (0.5, 0.5)],
        [(0.5, 0.5), (0.2, 0.75), (0.5, 1), (0.8, 0.75), (0.5, 0.5)],
    ],
}
Point = tuple[float, float]


def draw(
    strokes: list[list[Point]],
    side: int = 280,
    size: float = 0.7,
    at: Point = (0.15, 0.15),
    width: float = 0.1,
    shape: tuple[int, int] | None = None,
) -> np.ndarray:
    """Ink from 0 to 1: strokes of `width` times their height `size`, in parts of `side` pixels."""
    sharp = 4
    height, columns = shape or (side, side)
    page = Image.new("L", (columns * sharp, height * sharp))
    pen, scale = ImageDraw.Draw(page), sharp * side
    thick = max(1, round(width * size * scale))
    for stroke in strokes:
        points = [tuple(scale * (a + size * c) for a, c in zip(at, p, strict=True)) for p in stroke]
        pen.line(points, fill=255, width=thick, joint="curve")
        for x, y in points:
            pen.circle((x, y), thick / 2, fill=255)
    return np.asarray(page.reduce(sharp), dtype=np.float32) / 255


def on_paper(drawn: np.ndarray, paper: float = 255, ink: float = 0) -> np.ndarray:
    return np.rint(paper + (ink - paper) * drawn).astype(np.uint8)


def unlikeness(one: np.ndarray, other: np.ndarray) -> float:
    """Difference of two inputs as a share of their ink; a shift of one pixel does not count."""
    shifts = [np.roll(one, (y, x), (0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return min(float(np.abs(shift - other).sum()) for shift in shifts) / float(other.sum())


def wanted(digit: int, width: float = 0.1) -> np.ndarray:
    return preprocess(on_paper(draw(DIGITS[digit], width=width)))


every_digit = pytest.mark.parametrize("digit", DIGITS)


def bars(*columns: tuple[int, int], width: int = 100, height: int = 64) -> np.ndarray:
    """Return ink with upright bars, each from one column up to another (exclusive)."""
    ink = np.zeros((height, width), np.float32)
    for left, right in columns:
        ink[:, left:right] = 1
    return ink
