"""UNIPEN: characters written on tablets, as the pen moved, with who wrote them.

A data file of the collection (``data/1a/apa/apa19/app1989.dat``) names others and labels what is in
them, by the numbers of their pen strokes::

    .INCLUDE apa/app.doc                       how the tablet counts: .COORD X Y
    .INCLUDE apa/data/apa19/app1989.dat        the ink
    .SEGMENT CHARACTER 1-2 ? "8"               strokes 1 and 2 of the ink are an 8

A file of ink has a writer and strokes, one point on a line, y upwards::

    .WRITER_ID PaulArnao
    .PEN_DOWN
    94 397
    94 396
    .PEN_UP

Format: Guyon, Schomaker, Plamondon, Liberman, Janet, "UNIPEN project of on-line data exchange and
recognizer benchmarks", ICPR 1994. The collection, train_r01_v07, is under CC BY 4.0
(doi 10.5281/zenodo.1195803).
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CONTRIBUTORS = ("apa", "apb", "app", "ced", "ibm", "syn")
"""Whose writers are used; what the others collected is left to those who judge readers."""

KINDS = {"1a": "digits", "1b": "capital letters", "1c": "small letters", "1d": "signs"}

LARGEST_FILE = 64 * 1024 * 1024
"""Bytes; no file of the collection has a fiftieth of it."""

_SEGMENT = re.compile(r'\.SEGMENT\s+CHARACTER\s+(\S+)\s+\S+\s+"((?:\\.|[^"\\])*)"')


class UnipenError(ValueError):
    """A file that is no UNIPEN, or not whole: which one, where in it, and why."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}, line {line}: {reason}")


@dataclass(frozen=True)
class Character:
    """One character, as one person wrote it.

    Attributes
    ----------
    label : str
    writer : str
        Contributor and person: ``apa/PaulArnao``.
    strokes : tuple of ndarray of float32, shape (N, 2)
        x and y of each point, y downwards, in units of the tablet.
    """

    label: str
    writer: str
    strokes: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class _Ink:
    """What a file of ink holds: strokes, each with its writer."""

    strokes: list[np.ndarray]
    writers: list[str]


class Archive:
    """The files of the collection, from a folder or from a tar file, by their names in it.

    Parameters
    ----------
    path : Path
        A folder that has ``data`` and ``include`` in it, or a ``.tar``, ``.tar.gz``, ``.tar.xz``.

    Raises
    ------
    UnipenError
        If it is neither.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files = self._from_folder() if path.is_dir() else self._from_tar()
        self._inks: dict[str, _Ink] = {}
        if not any(name.startswith("data/") for name in self._files):
            raise UnipenError(str(path), 0, "no UNIPEN collection: there is no data/ in it")

    def _from_folder(self) -> dict[str, bytes | Path]:
        files = (file for file in self.path.rglob("*") if file.is_file())
        return {file.relative_to(self.path).as_posix(): file for file in files}

    def _from_tar(self) -> dict[str, bytes | Path]:
        found: dict[str, bytes | Path] = {}
        try:
            with tarfile.open(self.path) as archive:
                for member in archive:
                    content = archive.extractfile(member) if member.isfile() else None
                    if content is not None and member.size <= LARGEST_FILE:
                        found[member.name.removeprefix("./")] = content.read()
        except (OSError, EOFError, tarfile.TarError) as error:
            raise UnipenError(str(self.path), 0, f"not a whole tar file: {error}") from error
        return found

    def names(self, folder: str) -> list[str]:
        """Return the files below a folder, sorted."""
        return sorted(name for name in self._files if name.startswith(f"{folder}/"))

    def lines(self, name: str) -> list[str]:
        """Return the lines of a file.

        Raises
        ------
        UnipenError
            If it is not there, or too large.
        """
        content = self._files.get(name)
        if content is None:
            raise UnipenError(name, 0, "there is no such file")
        if isinstance(content, Path):
            if content.stat().st_size > LARGEST_FILE:
                raise UnipenError(name, 0, f"more than {LARGEST_FILE} bytes")
            content = content.read_bytes()
        return content.decode("latin-1").splitlines()

    def ink(self, name: str) -> _Ink:
        """Return the strokes of a file of ink; each is read once, whatever labels point to it.

        Raises
        ------
        UnipenError
            If it is not there, or broken.
        """
        if name not in self._inks:
            self._inks[name] = _read_ink(self, name)
        return self._inks[name]


def read(archive: Archive, kind: str) -> Iterator[Character]:
    """Yield the characters of a kind that the `CONTRIBUTORS` collected, always in the same order.

    Parameters
    ----------
    archive : Archive
    kind : str
        A key of `KINDS`.

    Raises
    ------
    UnipenError
        If a file is missing or broken.
    """
    for contributor in CONTRIBUTORS:
        for name in archive.names(f"data/{kind}/{contributor}"):
            yield from read_labels(archive, name, contributor)


def read_labels(archive: Archive, name: str, contributor: str) -> Iterator[Character]:
    """Yield the characters that one data file labels.

    Raises
    ------
    UnipenError
        If it, or the ink that it names, is missing or broken.
    """
    ink = _Ink([], [])
    for number, line in enumerate(archive.lines(name), start=1):
        if line.startswith(".INCLUDE"):
            included = f"include/{line.removeprefix('.INCLUDE').strip()}"
            if included.endswith(".dat"):
                ink = archive.ink(included)
        elif line.startswith(".SEGMENT"):
            match = _SEGMENT.match(line)
            if match is None:
                raise UnipenError(name, number, f"no segment of a character: {line[:60]!r}")
            chosen = _strokes_of(match[1], len(ink.strokes), name, number)
            strokes = tuple(ink.strokes[i] for i in chosen if len(ink.strokes[i]))
            if strokes:
                label = re.sub(r"\\(.)", r"\1", match[2])
                yield Character(label, f"{contributor}/{ink.writers[chosen[0]]}", strokes)


def _strokes_of(places: str, count: int, name: str, line: int) -> list[int]:
    """Return the strokes that ``3-4,7`` names; a part of one (``3:10``) counts as the whole."""
    chosen: list[int] = []
    for part in places.split(","):
        first, _, last = part.partition("-")
        try:
            ends = [int(end.partition(":")[0]) for end in (first, last or first)]
        except ValueError:
            raise UnipenError(name, line, f"not the numbers of strokes: {places[:40]!r}") from None
        if not 0 <= ends[0] <= ends[1] < count:
            raise UnipenError(name, line, f"strokes {places[:40]}, but the ink has {count}")
        chosen += range(ends[0], ends[1] + 1)
    return chosen


def _read_ink(archive: Archive, name: str) -> _Ink:
    """Read the strokes of a file of ink, and who wrote each."""
    ink = _Ink([], [])
    writer, points = "", None
    for number, line in enumerate(archive.lines(name), start=1):
        if line.startswith("."):
            keyword, _, rest = line.partition(" ") if " " in line else line.partition("\t")
            if points is not None:
                ink.strokes.append(np.array(points, np.float32).reshape(-1, 2) * (1, -1))
                ink.writers.append(writer)
            points = [] if keyword == ".PEN_DOWN" else None
            if keyword == ".WRITER_ID":
                writer = rest.strip()
        elif points is not None and line.strip():
            try:
                x, y = (float(value) for value in line.split()[:2])
            except ValueError:
                raise UnipenError(name, number, f"not a point: {line[:60]!r}") from None
            if not (abs(x) < 1e6 and abs(y) < 1e6):
                raise UnipenError(name, number, f"a point off any tablet: {line[:60]!r}")
            points.append((x, y))
    return ink
