"""What is written in a picture of numbers: lines, their characters, where each of them is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from server.budget import check
from server.finding.finder import shared_page_finder
from server.finding.page import Page, find_writing
from server.images.errors import BlankImage, TooManyMarks
from server.images.types import Grey, Ink
from server.preprocessing.foreground import locate_ink
from server.preprocessing.frames import is_plain
from server.preprocessing.mnist_form import check_grey
from server.segmentation import line_reader
from server.segmentation.cells import find_cells
from server.segmentation.grid import Grid, find_grid
from server.segmentation.line_form import frame_width
from server.segmentation.line_reader import (
    DIGITS,
    SPACE,
    LineReader,
    shared_line_reader,
    unknown,
)
from server.segmentation.text_lines import Box, Line, find_lines
from server.segmentation.walls import has_wall

MOST_COLUMNS = 24_000
"""Columns of all lines together, each 32 pixels high: 800 digits or so, and half a second."""

LAYOUTS = ("auto", "grid", "lines")
"""How a picture is read: by cells if it has a grid of two rows and columns, else by lines; by cells
even in a single row of boxes; by lines always."""

MOST_MARKS = 256
"""Pieces of ink that there may be, unless the service is told otherwise."""


@dataclass(frozen=True)
class Character:
    """A character in a picture.

    Attributes
    ----------
    text : str
        A digit, a sign, or "?" for anything else.
    probability : float
    digits : ndarray of float64, shape (10,)
        Which digit it is, if it is one.
    box : (x, y, width, height)
        In pixels of the picture.
    ink : ndarray of float32, shape (h, w)
        What is within the box, at the size at which it was read.
    """

    text: str
    probability: float
    digits: np.ndarray
    box: Box
    ink: Ink

    @property
    def is_digit(self) -> bool:
        """Whether it is a digit."""
        return self.text in DIGITS

    def scaled(self, across: float, down: float) -> Character:
        """Return the same character in a picture that is so many times as large."""
        x, y, width, height = self.box
        left, right = round(x * across), round((x + width) * across)
        top, bottom = round(y * down), round((y + height) * down)
        return replace(self, box=(left, top, max(1, right - left), max(1, bottom - top)))


@dataclass(frozen=True)
class Table:
    """A grid of cells in a picture, and in which of them the characters of a text are.

    Attributes
    ----------
    rows, columns : int
    places : list of (row, column)
        Of each character of the text, in reading order.
    corners : ndarray of float64, shape (4, 2)
        x and y in pixels of the picture: top left, top right, bottom right, bottom left.
    """

    rows: int
    columns: int
    places: list[tuple[int, int]]
    corners: NDArray[np.float64]

    def scaled(self, across: float, down: float) -> Table:
        """Return the same grid in a picture that is so many times as large."""
        return replace(self, corners=self.corners * (across, down))


@dataclass(frozen=True)
class Text:
    """What a picture says.

    Attributes
    ----------
    lines : list of list of Character
        From above, each from the left. A gap is a character without ink.
    table : Table, optional
        The grid that the characters stand in; its rows are the lines, but for empty ones.
    """

    lines: list[list[Character]]
    table: Table | None = None

    def __str__(self) -> str:
        return "\n".join("".join(c.text for c in line).strip() for line in self.lines)

    def scaled(self, across: float, down: float) -> Text:
        """Return the same text in a picture that is so many times as large."""
        lines = [[c.scaled(across, down) for c in line] for line in self.lines]
        return Text(lines, self.table and self.table.scaled(across, down))

    def cells(self) -> list[list[str]] | None:
        """Return what each cell of the grid says, row by row; None without a grid."""
        if self.table is None:
            return None
        found = [[""] * self.table.columns for _ in range(self.table.rows)]
        for character, (row, column) in zip(self, self.table.places, strict=True):
            found[row][column] += character.text
        return found

    def words(self) -> list[list[Character]]:
        """Return the characters that no gap parts, nor a wall of the grid, in reading order."""
        if self.table is not None:
            placed = zip(self.table.places, self, strict=True)
            return [[c for _, c in word] for _, word in groupby(placed, key=itemgetter(0))]
        parted = (groupby(line, key=lambda c: c.text == SPACE) for line in self.lines)
        return [list(word) for line in parted for is_gap, word in line if not is_gap]

    def __iter__(self) -> Iterator[Character]:
        """Yield the characters in reading order, gaps left out."""
        return (c for line in self.lines for c in line if c.text != SPACE)


def read_text(
    grey: Grey,
    max_marks: int = MOST_MARKS,
    only: str | None = None,
    reader: LineReader | None = None,
    layout: str = LAYOUTS[0],
) -> Text:
    """Read all numbers in a picture.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)
    max_marks : int
        How many pieces of ink there may be; in a grid, in its cells.
    only : str, optional
        Characters that there may be; by default all that the line reader knows.
    reader : LineReader, optional
        By default the one that is shipped.
    layout : str
        One of `LAYOUTS`.

    Raises
    ------
    BlankImage
        If nothing is written in the picture.
    TooManyMarks
        If there are too many pieces of ink, or too long lines of them.
    """
    check_grey(grey)
    reader = reader or shared_line_reader()
    page = find_page(grey)
    check()
    grid = grid_of(page, layout)
    if grid is None:
        text = Text(_read_lines(page, max_marks, reader, only))
    else:
        text = _read_grid(page, grid, max_marks, reader, only)
    if not text.lines:
        raise BlankImage("nothing is written in the picture")
    return text


def find_page(grey: Grey) -> Page:
    """Return the ink of a picture: of a drawing as it is, else what the finder finds.

    Raises
    ------
    BlankImage
        If nothing is written in the picture.
    """
    if grey.min() == grey.max():
        raise BlankImage("nothing is written in the picture")
    ink = locate_ink(grey, several=True)
    if ink is not None and is_plain(ink):
        return Page(ink, 0, 0, (1.0, 1.0))
    return find_writing(grey, shared_page_finder())


def grid_of(page: Page, layout: str = LAYOUTS[0]) -> Grid | None:
    """Return the grid in which a page is to be read; None if it is to be read in lines."""
    if page.other is None or layout == "lines":
        return None
    return find_grid(page.other, least=1 if layout == "grid" else 2)


def _read_lines(
    page: Page, max_marks: int, reader: LineReader, only: str | None
) -> list[list[Character]]:
    """Read what stands in lines; those in which nothing is are left out."""
    found = find_lines(page.ink, max_marks)
    if sum(frame_width(line.ink) for line in found) > MOST_COLUMNS:
        raise TooManyMarks("the lines in the picture are together too long to be read at once")
    lines = [_read(line, page, reader, only) for line in found]
    return [line for line in lines if any(c.text != SPACE for c in line)]


def _read_grid(
    page: Page, grid: Grid, max_marks: int, reader: LineReader, only: str | None
) -> Text:
    """Read what stands in the cells of a grid."""
    rows: dict[int, list[Character]] = {}
    places: list[tuple[int, int]] = []
    for cell in find_cells(page.ink, grid, max_marks):
        check()
        for character in _read_word(cell.line.ink, reader, only):
            if character.text != SPACE:
                rows.setdefault(cell.row, []).append(_in_picture(character, cell.line, page))
                places.append((cell.row, cell.column))
    corners = page.points_in_picture(grid.corners)
    return Text(list(rows.values()), Table(grid.rows, grid.columns, places, corners))


def _read(line: Line, page: Page, reader: LineReader, only: str | None) -> list[Character]:
    """Read one line, word by word; give its characters as they are in the picture."""
    found: list[line_reader.Character] = []
    for start, ink in line.words():
        check()
        word = [_moved(character, start) for character in _read_word(ink, reader, only)]
        if found and word:
            found.append(replace(word[0], text=SPACE, probability=1.0, box=(start, 0, 0, 0)))
        found += word
    inner = range(1, len(found) - 1)
    walled = {i for i in inner if _is_walled_gap(found[i - 1 : i + 2], line, page)}
    return [_in_picture(c, line, page) for i, c in enumerate(found) if i not in walled]


def _moved(character: line_reader.Character, across: int) -> line_reader.Character:
    x, y, width, height = character.box
    return replace(character, box=(x + across, y, width, height))


def _is_walled_gap(three: list[line_reader.Character], line: Line, page: Page) -> bool:
    """Tell whether the middle one of three characters is a gap that a wall stands in."""
    before, middle, after = three
    if page.other is None or middle.text != SPACE:
        return False
    (left, _, width, _), (right, *_) = before.box, after.box
    gap = left + width, 0, max(right - left - width, 1), line.height
    return has_wall(page.other, line.in_picture(gap))


def _read_word(ink: Ink, reader: LineReader, only: str | None) -> list[line_reader.Character]:
    read = reader.read(ink, only)
    if read and all(character.text == SPACE for character in read):
        return [unknown(ink)]
    return read or []


def _in_picture(character: line_reader.Character, line: Line, page: Page) -> Character:
    """Give a character of a line as it is in the picture."""
    x, y, width, height = character.box
    ink = line.ink[y : y + height, x : x + width]
    box = page.in_picture(line.in_picture(character.box))
    return Character(character.text, character.probability, character.digits, box, ink)
