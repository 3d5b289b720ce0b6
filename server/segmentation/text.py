"""What is written in a picture of numbers: lines, their characters, where each of them is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from server.budget import check
from server.finding.finder import shared_finder
from server.finding.page import Page, find_writing
from server.images.errors import BlankImage, TooManyMarks
from server.images.types import Grey, Ink
from server.preprocessing.foreground import locate_ink
from server.preprocessing.frames import is_plain
from server.preprocessing.mnist_form import check_grey
from server.segmentation import line_reader
from server.segmentation.line_form import frame_width
from server.segmentation.line_reader import (
    DIGITS,
    SPACE,
    LineReader,
    shared_line_reader,
    unknown,
)
from server.segmentation.text_lines import Box, Line, find_lines

MOST_COLUMNS = 24_000
"""Columns of all lines together, each 32 pixels high: 800 digits or so, and half a second."""


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
class Text:
    """What a picture says.

    Attributes
    ----------
    lines : list of list of Character
        From above, each from the left. A gap is a character without ink.
    """

    lines: list[list[Character]]

    def __str__(self) -> str:
        return "\n".join("".join(c.text for c in line).strip() for line in self.lines)

    def scaled(self, across: float, down: float) -> Text:
        """Return the same text in a picture that is so many times as large."""
        return Text([[c.scaled(across, down) for c in line] for line in self.lines])

    def __iter__(self) -> Iterator[Character]:
        """Yield the characters in reading order, gaps left out."""
        return (c for line in self.lines for c in line if c.text != SPACE)


def read_text(
    grey: Grey, max_marks: int = 256, only: str | None = None, reader: LineReader | None = None
) -> Text:
    """Read all numbers in a picture.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)
    max_marks : int
        How many pieces of ink there may be.
    only : str, optional
        Characters that there may be; by default all that the line reader knows.
    reader : LineReader, optional
        By default the one that is shipped.

    Raises
    ------
    BlankImage
        If nothing is written in the picture.
    TooManyMarks
        If there are too many pieces of ink, or too long lines of them.
    """
    check_grey(grey)
    reader = reader or shared_line_reader()
    page = _page(grey)
    check()
    found = find_lines(page.ink, max_marks)
    if sum(frame_width(line.ink) for line in found) > MOST_COLUMNS:
        raise TooManyMarks("the lines in the picture are together too long to be read at once")
    lines = [_read(line, page, reader, only) for line in found]
    text = Text([line for line in lines if any(c.text != SPACE for c in line)])
    if not text.lines:
        raise BlankImage("nothing is written in the picture")
    return text


def _page(grey: Grey) -> Page:
    """Return the ink of a picture: of a drawing as it is, else what the finder finds."""
    if grey.min() == grey.max():
        raise BlankImage("nothing is written in the picture")
    ink = locate_ink(grey, several=True)
    if ink is not None and is_plain(ink):
        return Page(ink, 0, 0, (1.0, 1.0))
    return find_writing(grey, shared_finder())


def _read(line: Line, page: Page, reader: LineReader, only: str | None) -> list[Character]:
    """Read one line, word by word; give its characters as they are in the picture."""
    found: list[Character] = []
    for start, ink in line.words():
        check()
        word = [_in_picture(c, start, line, page) for c in _read_word(ink, reader, only)]
        if found and word:
            found.append(replace(word[0], text=SPACE, probability=1.0, ink=word[0].ink[:0]))
        found += word
    return found


def _read_word(ink: Ink, reader: LineReader, only: str | None) -> list[line_reader.Character]:
    read = reader.read(ink, only)
    if read and all(character.text == SPACE for character in read):
        return [unknown(ink)]
    return read or []


def _in_picture(character: line_reader.Character, start: int, line: Line, page: Page) -> Character:
    """Give a character of a word, which begins at a column of a line, as it is in the picture."""
    x, y, width, height = character.box
    ink = line.ink[y : y + height, start + x : start + x + width]
    box = page.in_picture(line.in_picture((start + x, y, width, height)))
    return Character(character.text, character.probability, character.digits, box, ink)
