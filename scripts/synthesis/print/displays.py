"""Digits of displays: seven segments, and dots of a 5 by 7 matrix."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from scripts.synthesis.pages.geometry import crop

# Segments a … g of each digit, with the usual variants of six, seven and nine.
#   a top, b upper right, c lower right, d bottom, e lower left, f upper left, g middle
SEGMENTS: dict[int, tuple[str, ...]] = {
    0: ("abcdef",), 1: ("bc",), 2: ("abged",), 3: ("abgcd",), 4: ("fgbc",),
    5: ("afgcd",), 6: ("afgecd", "fgecd"), 7: ("abc", "fabc"), 8: ("abcdefg",),
    9: ("abcdfg", "abcfg"),
}  # fmt: skip
_ENDS = {
    "a": (0, 0, 1, 0), "b": (1, 0, 1, 1), "c": (1, 1, 1, 2), "d": (0, 2, 1, 2),
    "e": (0, 1, 0, 2), "f": (0, 0, 0, 1), "g": (0, 1, 1, 1),
}  # fmt: skip

# Rows of five dots, written as numbers of base 32.
DOTS: dict[int, tuple[tuple[int, ...], ...]] = {
    0: ((14, 17, 17, 17, 17, 17, 14), (14, 17, 19, 21, 25, 17, 14)),
    1: ((4, 12, 4, 4, 4, 4, 14), (4, 12, 20, 4, 4, 4, 31)),
    2: ((14, 17, 1, 2, 4, 8, 31), (14, 17, 1, 6, 8, 16, 31)),
    3: ((14, 17, 1, 6, 1, 17, 14), (31, 2, 4, 2, 1, 17, 14)),
    4: ((2, 6, 10, 18, 31, 2, 2), (17, 17, 17, 31, 1, 1, 1)),
    5: ((31, 16, 30, 1, 1, 17, 14), (31, 16, 16, 30, 1, 1, 30)),
    6: ((6, 8, 16, 30, 17, 17, 14), (14, 17, 16, 30, 17, 17, 14)),
    7: ((31, 1, 2, 4, 8, 8, 8), (31, 1, 1, 2, 4, 4, 4)),
    8: ((14, 17, 17, 14, 17, 17, 14),),
    9: ((14, 17, 17, 15, 1, 2, 12), (14, 17, 17, 15, 1, 17, 14)),
}


def seven_segments(digit: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """Render a seven-segment digit: coverage, uint8 (H, W); bar width, gap and shape vary."""
    half = height * 0.4
    bar = half * rng.uniform(0.14, 0.34)
    gap, point = half * rng.uniform(0.0, 0.06), bar / 2 * rng.uniform(0, 1)
    variants = SEGMENTS[digit]
    picture = Image.new("L", (int(half * rng.uniform(0.85, 1.1) + 2 * bar), height))
    canvas = ImageDraw.Draw(picture)
    step = np.array([picture.width - 2 * bar, half])
    for name in variants[int(rng.integers(len(variants)))]:
        ends = np.array(_ENDS[name], float).reshape(2, 2) * step + [bar, height / 2 - half]
        canvas.polygon(_bar(ends, bar / 2, gap, point).ravel().tolist(), fill=255)
    return crop(np.asarray(picture))


def _bar(ends: np.ndarray, half: float, gap: float, point: float) -> np.ndarray:
    """The hexagon of one segment between two ends; `point` is how far its tips reach."""
    along = (ends[1] - ends[0]) / np.hypot(*(ends[1] - ends[0]))
    across = np.array([-along[1], along[0]]) * half
    a, b = ends[0] + along * gap, ends[1] - along * gap
    inset = along * point
    start = [a - along * (half - point), a + inset - across, b - inset - across]
    return np.array([*start, b + along * (half - point), b - inset + across, a + inset + across])


def dot_matrix(digit: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """Render a digit of round or square dots, apart or touching: coverage, uint8 (H, W)."""
    variants = DOTS[digit]
    rows = variants[int(rng.integers(len(variants)))]
    pitch = height / 7
    radius = pitch * rng.uniform(0.36, 0.56)
    square = rng.random() < 0.4
    picture = Image.new("L", (int(5 * pitch) + 2, height + 2))
    canvas = ImageDraw.Draw(picture)
    for y, x in zip(*np.nonzero(_bits(rows)), strict=True):
        cx, cy = (x + 0.5) * pitch, (y + 0.5) * pitch
        shape = (cx - radius, cy - radius, cx + radius, cy + radius)
        (canvas.rectangle if square else canvas.ellipse)(shape, fill=255)
    return crop(np.asarray(picture))


def _bits(rows: tuple[int, ...]) -> np.ndarray:
    return (np.array(rows)[:, None] >> np.arange(4, -1, -1)) & 1
