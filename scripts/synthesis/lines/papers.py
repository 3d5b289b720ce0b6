"""Numbers on the papers and devices that people write and read them on, to measure `POST /read` by.

Every kind is a sheet with what is written on it and how that reads; half are scanned, half are
photographed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from scripts.synthesis.lines import texts
from scripts.synthesis.lines.printing import display_line, print_line
from scripts.synthesis.lines.writing import write_line
from scripts.synthesis.material import Material
from scripts.synthesis.pages import photos
from scripts.synthesis.pages.geometry import corners
from scripts.synthesis.scenes import marks
from scripts.synthesis.scenes.board import OTHER, WRITING, Board, paste
from scripts.synthesis.scenes.subjects import Box, scaled
from server.segmentation.line_form import crop

HEIGHTS = (34, 72)
"""Pixels of a line's height."""

_MARGIN = 60  # pixels of paper around what is written


class Page(NamedTuple):
    """A picture of numbers.

    Attributes
    ----------
    grey : ndarray of uint8, shape (H, W)
    truth : ndarray of uint8, shape (H, W)
        WRITING where something is written.
    text : str
        Line by line, as written.
    """

    grey: np.ndarray
    truth: np.ndarray
    text: str


@dataclass
class Sheet:
    """Paper that numbers are put on, one below the other, and how they read.

    Attributes
    ----------
    board : Board
    tone : float
        Brightness of the ink.
    rng : Generator
    material : Material
    lines : list of str
    """

    board: Board
    tone: float
    rng: np.random.Generator
    material: Material
    lines: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, width: float, height: float, rng: np.random.Generator, material: Material) -> Sheet:
        """Take a sheet with room for writing of a width and height in pixels."""
        size = round(width) + 2 * _MARGIN, round(height) + 2 * _MARGIN
        board = Board.of(photos.plain_paper(size, rng))
        return cls(board, float(board.light.mean()) * rng.uniform(0.1, 0.45), rng, material)

    def write(self, shape: np.ndarray, top: float = 0, left: float = 0) -> Box:
        """Put a shape, at its size, so far from the margin; return where it is."""
        self.board.lay(
            paste(shape, _MARGIN + left, _MARGIN + top, self.board.size), self.tone, WRITING
        )
        return Box(_MARGIN + left, _MARGIN + top, shape.shape[1], shape.shape[0])


def _written(text: str, rng: np.random.Generator, material: Material) -> np.ndarray:
    """Write a line at its height."""
    shape = crop(write_line(text, rng, material.recorded))
    return scaled(shape, shape.shape[0] * rng.uniform(*HEIGHTS) / 64)


def _one_line(
    text: str, rng: np.random.Generator, material: Material, squared: bool | None = None
) -> tuple[Sheet, Box]:
    """Write one line, on ruled or squared paper if that is said."""
    shape = _written(text, rng, material)
    sheet = Sheet.of(shape.shape[1], shape.shape[0], rng, material)
    if squared is not None:
        marks.rule(sheet.board, rng, squared)
    sheet.lines.append(text)
    return sheet, sheet.write(shape)


def plain(rng: np.random.Generator, material: Material) -> Sheet:
    """Three to six digits on clean paper."""
    return _one_line(texts.digits(rng, 3, 6), rng, material)[0]


def ruled(rng: np.random.Generator, material: Material) -> Sheet:
    """Three to six digits on ruled paper."""
    return _one_line(texts.digits(rng, 3, 6), rng, material, squared=False)[0]


def squared(rng: np.random.Generator, material: Material) -> Sheet:
    """Three to six digits on squared paper."""
    return _one_line(texts.digits(rng, 3, 6), rng, material, squared=True)[0]


def underlined(rng: np.random.Generator, material: Material) -> Sheet:
    """A number with a line or two below it, as below a sum."""
    sheet, box = _one_line(texts.digits(rng, 2, 6), rng, material)
    marks.underline(sheet.board, box.grown(0.04 * box.height), sheet.tone, rng)
    return sheet


def _in_cells(
    sheet: Sheet, rows: int, columns: int, filled: float, cell: Box, print_them: bool
) -> None:
    """Put digits into the cells of a grid, and note them row by row."""
    rng = sheet.rng
    for row in range(rows):
        text = ""
        for column in range(columns):
            if rng.random() > filled:
                continue
            digit = str(rng.integers(10))
            shape = print_line(digit, rng) if print_them else _written(digit, rng, sheet.material)
            drawn = scaled(crop(shape), cell.height * rng.uniform(0.45, 0.7))
            if drawn.shape[1] > 0.8 * cell.width:
                drawn = scaled(drawn, drawn.shape[0] * 0.8 * cell.width / drawn.shape[1])
            left = column * cell.width + (cell.width - drawn.shape[1]) * rng.uniform(0.35, 0.65)
            top = row * cell.height + (cell.height - drawn.shape[0]) * rng.uniform(0.35, 0.65)
            sheet.write(drawn, top, left)
            text += digit
        if text:
            sheet.lines.append(text)


def boxes(rng: np.random.Generator, material: Material) -> Sheet:
    """A form's row of boxes with shared walls, with gaps between, or open above; some empty."""
    count, side = int(rng.integers(3, 9)), rng.uniform(40, 70)
    cell = Box(_MARGIN, _MARGIN, side * rng.uniform(0.75, 1.05), side)
    sheet = Sheet.of(count * cell.width, side, rng, material)
    kind, thick = rng.integers(3), int(rng.integers(1, 4))
    picture = Image.new("L", sheet.board.size)
    canvas = ImageDraw.Draw(picture)
    inset = 0.05 * side if kind == 1 else 0
    for i in range(count):
        left, right = cell.left + i * cell.width + inset, cell.left + (i + 1) * cell.width - inset
        top, bottom = cell.top, cell.top + side
        if kind == 2:  # a comb
            canvas.line((left, bottom, right, bottom), fill=255, width=thick)
            for x in (left, right):
                canvas.line((x, bottom - 0.4 * side, x, bottom), fill=255, width=thick)
        else:
            canvas.rectangle((left, top, right, bottom), outline=255, width=thick)
    light = float(sheet.board.light.mean())
    sheet.board.lay(np.asarray(picture), light * rng.uniform(0.2, 0.8), OTHER)
    if rng.random() < 0.5:
        _put_caption(sheet, Box(cell.left, cell.top, count * cell.width, side), side)
    _in_cells(sheet, 1, count, rng.uniform(0.5, 1), cell, print_them=False)
    return sheet


def _put_caption(sheet: Sheet, cells: Box, height: float) -> None:
    """Print a word or two in small letters above or below cells of a height: no part of the number.

    `cells` is the box around all of them.
    """
    rng = sheet.rng
    word = texts.UNKNOWN * int(rng.integers(3, 12))
    if rng.random() < 0.3:
        word += " " + texts.UNKNOWN * int(rng.integers(2, 8))
    shape = scaled(crop(print_line(word, rng)), rng.uniform(0.2, 0.4) * height)
    above = cells.top - shape.shape[0] - rng.uniform(0.05, 0.25) * height
    below = cells.top + cells.height + rng.uniform(0.05, 0.25) * height
    top = above if rng.random() < 0.7 else below
    place = paste(shape, cells.left + rng.uniform(-0.2, 1) * height, top, sheet.board.size)
    sheet.board.lay(place, sheet.tone * rng.uniform(0.7, 1.5), OTHER)


def grid(rng: np.random.Generator, material: Material) -> Sheet:
    """A grid of 4 x 4 or 9 x 9 cells, partly filled, by hand or in print."""
    count = int(rng.choice((4, 9)))
    side = rng.uniform(36, 56)
    sheet = Sheet.of(count * side, count * side, rng, material)
    cell = Box(_MARGIN, _MARGIN, side, side)
    marks.walls(sheet.board, cell, count, count, sheet.tone * rng.uniform(0.8, 1.5), rng)
    if rng.random() < 0.3:
        _put_caption(sheet, Box(_MARGIN, _MARGIN, count * side, count * side), side)
    _in_cells(sheet, count, count, rng.uniform(0.3, 0.8), cell, print_them=rng.random() < 0.5)
    return sheet


def display(rng: np.random.Generator, material: Material) -> Sheet:
    """A display of seven segments; those that are off may shine through."""
    text = texts.digits(rng, 3, 7)
    state = int(rng.integers(2**32))
    shape = display_line(text, np.random.default_rng(state))
    sheet = Sheet.of(shape.shape[1], shape.shape[0], rng, material)
    ground = rng.uniform(0.05, 0.9)
    sheet.tone = float(np.clip(ground + rng.choice((-1, 1)) * rng.uniform(0.35, 0.8), 0, 1))
    sheet.board.light[:] = ground + 0.03 * photos.clouds(sheet.board.size, 8, rng)
    if rng.random() < 0.4:
        eights = display_line("8" * len(text), np.random.default_rng(state))
        off = ground + rng.uniform(0.05, 0.15) * (sheet.tone - ground)
        place = paste(eights, _MARGIN, _MARGIN, sheet.board.size)
        if eights.shape == shape.shape:
            sheet.board.lay(place, off, OTHER)
    sheet.write(shape)
    sheet.lines.append(text)
    return sheet


def plate(rng: np.random.Generator, material: Material) -> Sheet:
    """Several light digits on a dark plate, on ground of another brightness."""
    text = texts.digits(rng, 2, 6)
    shape = print_line(text, rng) if rng.random() < 0.7 else _written(text, rng, material)
    shape = scaled(crop(shape), rng.uniform(*HEIGHTS))
    sheet = Sheet.of(shape.shape[1], shape.shape[0], rng, material)
    box = Box(_MARGIN, _MARGIN, shape.shape[1], shape.shape[0])
    dark = rng.uniform(0.03, 0.4)
    sheet.tone = min(1.0, dark + rng.uniform(0.35, 0.6))
    marks.plate(sheet.board, box.grown(rng.uniform(8, 30)), dark, rng.uniform(0, 1), rng)
    sheet.write(shape)
    sheet.lines.append(text)
    return sheet


def signs(rng: np.random.Generator, material: Material) -> Sheet:
    """Dates, telephone numbers, fractions, decimals, negatives, times."""
    choice = (texts.date, texts.telephone, texts.fraction, texts.amount, texts.signed, texts.time)
    return _one_line(choice[rng.integers(len(choice))](rng), rng, material)[0]


def several_lines(rng: np.random.Generator, material: Material) -> Sheet:
    """Two or three lines, some of two numbers with a gap between."""
    written = [
        texts.digits(rng, 2, 4) + (" " + texts.digits(rng, 2, 4) if rng.random() < 0.5 else "")
        for _ in range(int(rng.integers(2, 4)))
    ]
    shapes = [_written(text, rng, material) for text in written]
    gap = rng.uniform(0.3, 1.0) * max(shape.shape[0] for shape in shapes)
    tops = np.cumsum([0.0, *(shape.shape[0] + gap for shape in shapes)])
    sheet = Sheet.of(max(shape.shape[1] for shape in shapes), tops[-1], rng, material)
    for text, shape, top in zip(written, shapes, tops, strict=False):
        sheet.write(shape, top)
        sheet.lines.append(text)
    return sheet


def long(rng: np.random.Generator, material: Material) -> Sheet:
    """A line of ten to twenty digits."""
    return _one_line(texts.digits(rng, 10, 20), rng, material)[0]


KINDS: dict[str, Callable[[np.random.Generator, Material], Sheet]] = {
    "plain": plain,
    "ruled": ruled,
    "squared": squared,
    "underlined": underlined,
    "boxes": boxes,
    "grid": grid,
    "display": display,
    "plate": plate,
    "signs": signs,
    "several lines": several_lines,
    "long": long,
}


def draw_page(kind: str, rng: np.random.Generator, material: Material) -> Page:
    """Draw one page of a kind, and scan it or take its photo."""
    sheet = KINDS[kind](rng, material)
    board, size = sheet.board, sheet.board.size
    quad = corners(*size)
    if rng.random() < 0.5:
        board = board.seen_through(quad + rng.normal(0, 0.006 * max(size), (4, 2)), size)
        grey = photos.camera(board.light * photos.light(size, rng), rng)
    else:
        noise = rng.uniform(0, 2) * rng.standard_normal(board.light.shape)
        grey = (np.clip(board.light, 0, 1) * 255 + noise).clip(0, 255).astype(np.uint8)
    return Page(grey, board.truth, "\n".join(sheet.lines))
