"""MNIST digits written again: their middle lines, inked with other pens by other hands.

MNIST's strokes hardly vary in width; the people behind them, and their shapes, are real.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from PIL import Image

from scripts.synthesis.mnist import thinning
from server.handwriting import ink, strokes
from server.handwriting.pens import Pen

FINER = 3  # digits are enlarged before thinning, for smoother lines
BATCH = 64
LEAST_OVERLAP = 0.79  # intersection over union of a digit and its re-inked self


def skeletons(images: np.ndarray) -> list[list[np.ndarray]]:
    """Return the middle lines of digits, or an empty list where they are no faithful copy.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, 28, 28)

    Returns
    -------
    list of N lists of ndarray, shape (M, 2)
        Polylines in units of the picture's side.
    """
    large = np.stack([_enlarge(image) for image in images])
    masks = large > 110
    return [_lines(mask, line) for mask, line in zip(masks, thinning.thin(masks), strict=True)]


def _enlarge(image: np.ndarray) -> np.ndarray:
    size = (image.shape[1] * FINER, image.shape[0] * FINER)
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))


def _lines(mask: np.ndarray, skeleton: np.ndarray) -> list[np.ndarray]:
    lines = thinning.polylines(skeleton)
    length = sum(np.hypot(*np.diff(line, axis=0).T).sum() for line in lines)
    if length < mask.shape[0] / 4:
        return []
    breadth = mask.sum() / length
    again = ink.draw(lines, Pen(0.1), breadth, mask.shape[::-1], np.random.default_rng(0)) > 127
    overlap = (again & mask).sum() / (again | mask).sum()
    if overlap < LEAST_OVERLAP:  # a filled loop has no middle line to follow
        return []
    reach = 0.4 * breadth / mask.shape[0]  # thinning eats the strokes' ends
    free = _free_ends(lines)
    even = [strokes.even(line / mask.shape[0], 0.025) for line in lines]
    return [_finish(line, ends, reach) for line, ends in zip(even, free, strict=True)]


def _free_ends(lines: list[np.ndarray]) -> np.ndarray:
    """Which ends (first, last) of each line meet no other end: bool (L, 2)."""
    ends = np.concatenate([line[[0, -1]] for line in lines])
    near = np.hypot(*(ends[:, None] - ends).transpose(2, 0, 1)) < 1.5
    return (near.sum(axis=1) == 1).reshape(-1, 2)


def _finish(line: np.ndarray, ends: np.ndarray, reach: float) -> np.ndarray:
    """Lengthen the free ends of a line."""
    for free in ends[::-1]:
        line = (strokes.lengthen(line, reach) if free else line)[::-1]
    return line


def draw_hand(rng: np.random.Generator) -> strokes.Hand:
    """A hand that changes little: slant and shape are the writer's own already."""
    hand = strokes.Hand.draw(rng).relaxed(0.5)
    slant, stretch = np.clip(rng.normal(0, 0.1, 2), -0.25, 0.25)
    return replace(hand, slant=float(slant), stretch=float(np.exp(stretch)))


def digits(
    images: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[list[np.ndarray], int]]:
    """Yield (strokes in units of the digit's height, label) of random digits, without end."""
    while True:
        chosen = rng.integers(len(images), size=BATCH)
        for lines, label in zip(skeletons(images[chosen]), labels[chosen], strict=True):
            if lines:
                points = np.concatenate(lines)
                low, height = points.min(axis=0), np.ptp(points[:, 1])
                upright = [(line - low) / max(height, 0.1) for line in lines]
                yield strokes.deform(upright, draw_hand(rng), rng), int(label)
