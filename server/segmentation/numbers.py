"""The numbers of a text, as values."""

from __future__ import annotations

import re
from dataclasses import dataclass

from server.segmentation.text import Character, Text
from server.segmentation.text_lines import Box

_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)*%?")
_SEPARATOR = re.compile(r"[.,]")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:[.,]\d{3})+")


@dataclass(frozen=True)
class Number:
    """A word of a text.

    Attributes
    ----------
    text : str
        As written.
    value : float or None
        None if it is no number: a date, a time, a fraction, a telephone number.
    box : (x, y, width, height)
        In pixels of the picture.
    """

    text: str
    value: float | None
    box: Box


def find_numbers(text: Text) -> list[Number]:
    """Return the words of a text, in reading order; those without a digit are left out."""
    written = [("".join(c.text for c in word), _around(word)) for word in text.words()]
    return [
        Number(word, value_of(word), box)
        for word, box in written
        if any(character.isdigit() for character in word)
    ]


def value_of(word: str) -> float | None:
    """Return what a word is worth; None if it is no number.

    The last point or comma parts the decimals, unless it occurs more than once: then it parts
    thousands, or it is a date. ``50%`` is 0.5.
    """
    if not _NUMBER.fullmatch(word):
        return None
    digits, percent = word.removesuffix("%"), word.endswith("%")
    separators = _SEPARATOR.findall(digits)
    if len(separators) != 1 and len(set(separators)) == 1 and not _THOUSANDS.fullmatch(digits):
        return None
    if separators and separators.count(separators[-1]) == 1:
        whole, _, decimals = digits.rpartition(separators[-1])
        digits = _SEPARATOR.sub("", whole) + "." + decimals
    else:
        digits = _SEPARATOR.sub("", digits)
    return float(digits) / (100 if percent else 1)


def _around(word: list[Character]) -> Box:
    left, top = (min(c.box[axis] for c in word) for axis in (0, 1))
    right, bottom = (max(c.box[axis] + c.box[axis + 2] for c in word) for axis in (0, 1))
    return left, top, right - left, bottom - top
