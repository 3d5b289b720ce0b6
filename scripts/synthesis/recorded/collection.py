"""The real writers that training may learn from, and those that it is chosen by.

All are looked for in the folder of the data sets: UNIPEN in ``unipen/``, Semeion in ``semeion/``,
optdigits in ``optdigits/``. People are divided, not pictures: nobody is in both parts.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from scripts.synthesis.recorded import unipen
from scripts.synthesis.recorded.scans import Scans, read_optdigits, read_semeion
from scripts.synthesis.recorded.unipen import Archive, Character

LIKE_DIGITS = frozenset("OoDQIil|!Jj/\\'`,.:;()[]{}SsZzBb8GgqygD6T7")
"""Letters and signs that a person could call a digit, or part of one: they teach nothing."""

CHOOSING = 8
"""One writer in so many is kept for choosing."""

LAST_SCANS = {"semeion": 150, "optdigits": 200}
"""Scans at the end of each file that are kept for choosing: its last writers."""


DOIS = {
    "unipen": "10.5281/zenodo.1195803",
    "semeion": "10.24432/C5SC8V",
    "optdigits": "10.24432/C50P49",
}
"""Where each collection is published."""


class NoCollection(ValueError):
    """A collection is not in the folder of the data sets; the message says how to get it."""


@dataclass(frozen=True)
class Recorded:
    """What real people wrote.

    Attributes
    ----------
    digits : tuple of tuple of Character
        For each digit, those who wrote it.
    others : tuple of Character
        Letters and signs that nobody would take for a digit.
    scans : tuple of Scans
        One of each collection.
    """

    digits: tuple[tuple[Character, ...], ...]
    others: tuple[Character, ...]
    scans: tuple[Scans, ...]

    @cached_property
    def writers(self) -> tuple[tuple[tuple[Character, ...], ...], ...]:
        """The digits of each writer: for each digit, those that this one wrote, if any."""
        found: dict[str, list[list[Character]]] = {}
        for digit, characters in enumerate(self.digits):
            for character in characters:
                own = found.setdefault(character.writer, [[] for _ in range(10)])
                own[digit].append(character)
        return tuple(tuple(tuple(group) for group in found[name]) for name in sorted(found))

    @cached_property
    def fingerprint(self) -> int:
        """A number that other characters or scans would not have."""
        value = 0
        for character in (*(c for group in self.digits for c in group), *self.others):
            for stroke in character.strokes:
                value = zlib.crc32(stroke.tobytes(), value)
        for scans in self.scans:
            value = zlib.crc32(scans.images.tobytes(), zlib.crc32(scans.labels.tobytes(), value))
        return value


def load(folder: Path) -> tuple[Recorded, Recorded]:
    """Read all collections; return what is for training, and what is for choosing.

    Raises
    ------
    NoCollection
        If one of them is not there.
    UnipenError, ScanError
        If a file is broken.
    """
    found = _find(folder, "unipen", ("*.tar.xz", "*.tar.gz", "*.tar", "data"))
    archive = Archive(found.parent if found.name == "data" else found)
    semeion = read_semeion(_find(folder, "semeion", ("*.data", "*.data.gz")))
    optdigits = read_optdigits(_find(folder, "optdigits", ("*.tra", "*.tra.gz")))
    digits = list(unipen.read(archive, "1a"))
    others = [
        character
        for kind in ("1b", "1c", "1d")
        for character in unipen.read(archive, kind)
        if character.label not in LIKE_DIGITS
    ]
    ends = (-LAST_SCANS["semeion"], -LAST_SCANS["optdigits"])
    cuts = list(zip((semeion, optdigits), ends, strict=True))
    return (
        _recorded(digits, others, False, tuple(_part(s, slice(None, end)) for s, end in cuts)),
        _recorded(digits, others, True, tuple(_part(s, slice(end, None)) for s, end in cuts)),
    )


def _find(folder: Path, name: str, patterns: Iterable[str]) -> Path:
    for pattern in patterns:
        for found in sorted((folder / name).glob(pattern)):
            return found
    raise NoCollection(
        f"there is no {name} in {folder / name}: `python scripts/download_data.py --set {name}` "
        f"fetches it (https://doi.org/{DOIS[name]}); CONVNET_DATA_DIR says where data sets are"
    )


def _recorded(
    digits: list[Character], others: list[Character], choosing: bool, scans: tuple[Scans, ...]
) -> Recorded:
    wanted = [c for c in digits if is_for_choosing(c.writer) == choosing]
    by_digit = tuple(tuple(c for c in wanted if c.label == str(digit)) for digit in range(10))
    rest = tuple(c for c in others if is_for_choosing(c.writer) == choosing)
    return Recorded(by_digit, rest, scans)


def _part(scans: Scans, which: slice) -> Scans:
    return Scans(scans.images[which], scans.labels[which])


def is_for_choosing(writer: str) -> bool:
    """Tell to which part a writer belongs: all sessions (``ibm/r03-04``) of a person to one."""
    contributor, _, name = writer.partition("/")
    person = name.partition("-")[0] if contributor in ("ibm", "syn") else name
    return zlib.crc32(f"{contributor}/{person}".encode()) % CHOOSING == 0


def to_template_units(character: Character) -> list[np.ndarray]:
    """Return the strokes in units of the character's height, as written templates have them."""
    points = np.concatenate(character.strokes).astype(np.float64)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    height = max(extent[1], 0.4 * extent[0], 1e-6)
    lines = []
    for stroke in character.strokes:
        line = (stroke - low) / height
        moved = np.concatenate([[True], (np.diff(line, axis=0) != 0).any(axis=1)])
        line = line[moved]
        lines.append(line if len(line) > 1 else line + np.array([[0.0, 0.0], [0.01, 0.01]]))
    return lines
