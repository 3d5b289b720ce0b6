"""Words as the service finds them on composed pages, with what they read.

What finds ink leaves bits of walls, loses thin strokes and closes small holes: the line reader
learns to read what it will get.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scripts.synthesis.lines.dataset import LONGEST, NOTHING, LineSet
from scripts.synthesis.lines.form import WIDTH
from scripts.synthesis.lines.papers import KINDS, Page, draw_page
from scripts.synthesis.lines.texts import classes_of
from scripts.synthesis.material import Material
from scripts.synthesis.parallel import draw_in_chunks
from server.images.errors import ImageError
from server.images.types import Ink
from server.segmentation.cells import find_cells
from server.segmentation.line_form import HEIGHT, to_frame
from server.segmentation.text import MOST_MARKS, find_page, grid_of
from server.segmentation.text_lines import find_lines

CHUNK = 100


def draw_found(count: int, seed: int, material: Material, workers: int = 2) -> LineSet:
    """Draw `count` words; the same seed gives the same ones, whatever `workers` is."""
    rng = np.random.default_rng(seed)
    return LineSet(*draw_in_chunks(_draw_chunk, count, rng, material, chunk=CHUNK, workers=workers))


def _draw_chunk(count: int, rng: np.random.Generator, material: Material) -> LineSet:
    kinds, frames, labels = list(KINDS), [], []
    while len(frames) < count:
        page = draw_page(kinds[rng.integers(len(kinds))], rng, material)
        for text, ink in words_of(page):
            frame = to_frame(ink)
            if frame is not None and frame.pixels.shape[1] <= WIDTH and len(text) <= LONGEST:
                whole = np.zeros((HEIGHT, WIDTH), np.uint8)
                left = int(rng.integers(WIDTH - frame.pixels.shape[1] + 1))
                whole[:, left : left + frame.pixels.shape[1]] = frame.pixels * 255
                frames.append(whole)
                labels.append(classes_of(text) + [NOTHING] * (LONGEST - len(text)))
    return LineSet(np.stack(frames[:count]), np.array(labels[:count], np.int8))


def words_of(page: Page) -> Iterator[tuple[str, Ink]]:
    """Yield the words that are found on a page, with what they read, as far as that is clear.

    It is, where there are as many lines as were written, and as many words in one of them as in
    what was written there, or as many as characters: then each stands in a box.
    """
    try:
        found = _found(page.grey)
    except ImageError:  # nothing is found, or far too much
        return
    lines = page.text.split("\n")
    if len(found) != len(lines):
        return
    for text, words in zip(lines, found, strict=True):
        for parts in (text.split(), list(text.replace(" ", ""))):
            if len(parts) == len(words):
                yield from zip(parts, words, strict=True)
                break


def _found(grey: np.ndarray) -> list[list[Ink]]:
    """Return the ink of the words of each line, or of the cells of each row, of a page."""
    page = find_page(grey)
    grid = grid_of(page)
    if grid is None:
        lines = find_lines(page.ink, MOST_MARKS)
        return [[ink for _, ink in line.words()] for line in lines]
    rows: dict[int, list[Ink]] = {}
    for cell in find_cells(page.ink, grid, MOST_MARKS):
        rows.setdefault(cell.row, []).append(cell.line.ink)
    return list(rows.values())
