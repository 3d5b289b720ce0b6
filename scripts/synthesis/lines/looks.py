"""Squares of pages of numbers, as the finder sees them when a page is read: it learns from them.

A page is first seen small, as a whole, then larger, piece by piece. So its writing is as high as at
either look, and of a larger page a square is cut out.
"""

from __future__ import annotations

import numpy as np

from scripts.synthesis.lines.papers import KINDS, Page, draw_page
from scripts.synthesis.material import Material
from scripts.synthesis.parallel import draw_in_chunks
from scripts.synthesis.scenes.board import GROUND, OTHER, WRITING
from scripts.synthesis.scenes.dataset import OUTSIDE, Scenes
from server.finding.finder import SIDE, resized
from server.finding.page import READABLE, usual_height

CHUNK = 240

LOOKS = 4
"""Squares of each page."""

AT_FIRST, CLOSER = (8, 30), (0.6 * READABLE, 1.5 * READABLE)
"""Pixels of the writing's height at the look at the whole page, and at the closer one."""

_COVERED = 0.35  # of a pixel, by what it then is

_MOST_ENLARGED = 2.0


def draw_looks(count: int, seed: int, material: Material, workers: int = 2) -> Scenes:
    """Draw `count` squares; the same seed gives the same ones, whatever `workers` is."""
    rng = np.random.default_rng(seed)
    return Scenes(*draw_in_chunks(_draw_chunk, count, rng, material, chunk=CHUNK, workers=workers))


def _draw_chunk(count: int, rng: np.random.Generator, material: Material) -> Scenes:
    kinds, found = list(KINDS), []
    while len(found) < count:
        page = draw_page(kinds[rng.integers(len(kinds))], rng, material)
        if (page.truth == WRITING).any():
            found += [look_at(page, rng) for _ in range(LOOKS)]
    return Scenes(*(np.stack(parts) for parts in zip(*found[:count], strict=True)))


def look_at(page: Page, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Cut a square about some of a page's writing, at the scale of the first look or the closer.

    Returns
    -------
    grey : ndarray of uint8, shape (SIDE, SIDE)
    truth : ndarray of int8, shape (SIDE, SIDE)
        OUTSIDE where the page does not reach.
    """
    low, high = AT_FIRST if rng.random() < 0.5 else CLOSER
    height = np.exp(rng.uniform(np.log(low), np.log(high)))
    factor = min(height / usual_height(page.truth == WRITING), _MOST_ENLARGED)
    size = [max(8, round(side * factor)) for side in page.grey.shape[::-1]]
    grey, truth = resized(page.grey, *size), _resized_truth(page.truth, *size)
    written = np.argwhere(truth == WRITING)
    middle = written[rng.integers(len(written))] if len(written) else np.array(truth.shape) // 2
    rows, columns = (_cut(*ends, rng) for ends in zip(middle, truth.shape, strict=True))
    part = grey[rows, columns]
    margin = [(0, SIDE - side) for side in part.shape]  # as the finder continues a page
    known = np.pad(truth[rows, columns], margin, constant_values=OUTSIDE)
    return np.pad(part, margin, mode="edge"), known


def _resized_truth(truth: np.ndarray, width: int, height: int) -> np.ndarray:
    """Bring a truth to a size: a pixel is what covers enough of it, so that thin lines stay."""
    found = np.full((height, width), GROUND, np.int8)
    for what in (OTHER, WRITING):
        covered = resized(np.where(truth == what, np.uint8(255), np.uint8(0)), width, height)
        found[covered > _COVERED * 255] = what
    return found


def _cut(middle: int, side: int, rng: np.random.Generator) -> slice:
    """Return up to SIDE of `side` pixels, with `middle` anywhere among them."""
    start = int(middle) - int(rng.integers(SIDE))
    start = min(max(start, 0), max(side - SIDE, 0))
    return slice(start, start + SIDE)
