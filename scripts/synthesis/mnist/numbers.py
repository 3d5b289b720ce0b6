"""Pictures of whole numbers, put together from pictures of single digits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convnet.datasets import Split

Grey = NDArray[np.uint8]

SIDE = 28
"""Pixels of a digit's picture; all lengths below are in these."""

WIDEST_GAP = 28
SIZES = (0.85, 1.15)
SCALES = (1.0, 4.0)
JITTER = 2.0
MARGINS = (2, 28)


@dataclass(frozen=True)
class Number:
    """A picture of a number.

    Attributes
    ----------
    grey : ndarray of uint8, shape (H, W)
        Light on dark, as the digits are, or the other way round.
    text : str
        What is written there.
    """

    grey: Grey
    text: str


def compose(digits: Split, overlap: int, rng: np.random.Generator, length: int = 5) -> Number:
    """Put a number together from digits drawn at random.

    Neighbours differ in size, are not quite at the same height, and are joined by the stronger of
    their ink, as strokes of a pen are.

    Parameters
    ----------
    digits : Split
        Light on dark, 28 x 28.
    overlap : int
        Neighbours overlap by 0 to so many pixels, counted between their outermost ink; with 0 they
        are apart, by gaps from 0 to some width that is drawn for each number, 28 at most.
    rng : Generator
    length : int
        Digits of a number.
    """
    chosen = rng.integers(0, len(digits), length)
    scale = rng.uniform(*SCALES)
    tiles = [_enlarge(digits.images[i], scale * rng.uniform(*SIZES)) for i in chosen]
    canvas = _join(tiles, _gaps(overlap, length - 1, rng) * scale, scale, rng)
    if rng.random() < 0.5:
        canvas = 255 - canvas
    return Number(canvas, "".join(str(digits.labels[i]) for i in chosen))


def _gaps(overlap: int, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    if overlap:
        return -rng.integers(0, overlap + 1, count).astype(np.float64)
    return rng.uniform(0, rng.uniform(0, WIDEST_GAP), count)


def _enlarge(image: Grey, scale: float) -> Grey:
    """Scale a digit, and crop it to the columns of its ink; all its rows are kept."""
    side = max(1, round(SIDE * scale))
    columns = np.flatnonzero(image.any(axis=0))
    left, right = int(columns[0]), int(columns[-1]) + 1
    width = max(1, round((right - left) * scale))
    picture = Image.fromarray(image)
    box = (left, 0, right, SIDE)
    return np.asarray(picture.resize((width, side), Image.Resampling.BICUBIC, box))


def _join(
    tiles: list[Grey], gaps: NDArray[np.float64], scale: float, rng: np.random.Generator
) -> Grey:
    """Place tiles side by side, `gaps` apart, on a canvas with margins."""
    widths = np.array([tile.shape[1] for tile in tiles])
    starts = np.concatenate([[0], np.cumsum(widths[:-1] + gaps)]).round().astype(int)
    starts -= starts.min()
    shifts = (JITTER * scale * rng.uniform(-1, 1, len(tiles))).round().astype(int)
    tops = shifts - np.array([tile.shape[0] for tile in tiles]) // 2
    tops -= tops.min()
    before, after = (scale * rng.integers(*MARGINS, (2, 2), endpoint=True)).round().astype(int)
    bottom = max(top + len(tile) for top, tile in zip(tops, tiles, strict=True))
    canvas = np.zeros((bottom, int((starts + widths).max())), np.uint8)
    for start, top, tile in zip(starts, tops, tiles, strict=True):
        place = canvas[top : top + tile.shape[0], start : start + tile.shape[1]]
        np.maximum(place, tile, out=place)
    return np.pad(canvas, list(zip(before, after, strict=True)))
