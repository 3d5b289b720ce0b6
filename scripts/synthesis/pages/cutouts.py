"""Digits as old collections keep them: cut out, made a few pixels high, and shown as large squares.

Postal and bank scanners of the 1990s gave 8 to 20 pixels to a digit, two tones or a few, and left
no paper around it. Such pictures are sent as they are, or enlarged.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from scripts.synthesis.pages.canvas import colour

LOWEST, HIGHEST = 8, 24  # pixels
ENLARGING = (
    Image.Resampling.NEAREST,
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)


def cut_out(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turn the coverage of a digit, uint8 (h, w) with no margin, into a little grey scan."""
    height = round(float(np.exp(rng.uniform(np.log(LOWEST), np.log(HIGHEST)))))
    ratio = ink.shape[1] / ink.shape[0] * np.exp(rng.normal(0, 0.12))
    if rng.random() < 0.15:  # stretched to a square
        ratio = max(ratio, rng.uniform(0.6, 1))
    width = min(max(2, round(height * ratio)), 2 * height)
    grey = colour(_frame(_scan(ink, (width, height), rng), rng), rng)
    if rng.random() < 0.3:
        return grey
    side = float(np.exp(rng.uniform(np.log(28), np.log(300))))
    scale = max(side / max(grey.shape), 1.0)
    size = round(grey.shape[1] * scale), round(grey.shape[0] * scale)
    return np.asarray(Image.fromarray(grey).resize(size, ENLARGING[rng.integers(4)]))


def _scan(ink: np.ndarray, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Sample coverage at `size` (width, height): in greys, or what is left of two tones."""
    picture, limit = Image.fromarray(ink), 255 * rng.uniform(0.3, 0.6)
    way = rng.random()
    if way < 0.4:
        return np.asarray(picture.resize(size, Image.Resampling.BOX))
    if way < 0.85:  # two tones four times as fine, then counted
        fine = picture.resize((4 * size[0], 4 * size[1]), Image.Resampling.BILINEAR)
        return np.asarray(fine.point(lambda value: 255 * (value > limit)).reduce(4))
    least = 12 / min(size)  # pixels: two tones with fewer show nothing
    finer = round(size[0] * max(1, least)), round(size[1] * max(1, least))
    scanned = picture.resize(finer, Image.Resampling.BILINEAR)
    return np.asarray(scanned.point(lambda value: 255 * (value > limit)))


def _frame(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Leave no margin or a narrow one, mostly on a square."""
    height, width = ink.shape
    margin = int(rng.choice((0, 0, 0, 1, 2)))
    side = max(height, width) if rng.random() < 0.8 else 0
    page = np.zeros((max(height, side) + 2 * margin, max(width, side) + 2 * margin), np.uint8)
    top, left = (page.shape[0] - height) // 2, (page.shape[1] - width) // 2
    page[top : top + height, left : left + width] = ink
    return page
