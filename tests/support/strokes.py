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


def glyph(digit: int, width: float = 0.1) -> np.ndarray:
    """Ink of one digit, cropped."""
    ink = draw(DIGITS[digit], 160, width=width)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def in_cells(rows: tuple[str, ...], side: int = 90) -> np.ndarray:
    """Characters in the cells of a grid, printed in grey walls."""
    page = np.full((side * len(rows) + 80, side * len(rows[0]) + 80), 235, np.uint8)
    for i in range(len(rows) + 1):
        page[40 + i * side : 43 + i * side, 40 : 43 + side * len(rows[0])] = 90
    for j in range(len(rows[0]) + 1):
        page[40 : 43 + side * len(rows), 40 + j * side : 43 + j * side] = 90
    for i, row_of_cells in enumerate(rows):
        for j, character in enumerate(row_of_cells.replace(" ", "_")):
            if character != "_":
                shape = Image.fromarray(glyph(int(character)))
                width = max(4, round(shape.width * 0.6 * side / shape.height))
                small = np.asarray(shape.resize((width, round(0.6 * side))))
                top, left = 40 + i * side + side // 5, 40 + j * side + (side - width) // 2
                part = page[top : top + len(small), left : left + width]
                part[...] = np.minimum(part, 235 - 205 * np.clip(small, 0, 1))
    return page


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
