"""Real pictures, by other people: how many of them the service reads as a person does.

A folder holds a folder for each set; its files are named by what they show, ``0001_7.png``:

- a digit, or ``none`` where there is none: asked of ``POST /predict``;
- a number, in a folder called ``numbers``: asked of ``POST /read``;
- the rows of a puzzle, joined by ``-``, 0 for an empty cell, in a folder called ``sudoku``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from convnet.training.progress_bar import counted
from scripts.clients.local import LocalReader

NOTHING = "none"
WHOLE = ("numbers", "sudoku")


@dataclass(frozen=True)
class RealSet:
    """How the pictures of one folder were read.

    Attributes
    ----------
    name : str
    pictures : int
    right : float
        The part that is read right: the digit that is there, a refusal where there is none, a whole
        number; of puzzles 1 less the edit distance over the digits that are there, on the average.
    what : str
        What `right` counts.
    """

    name: str
    pictures: int
    right: float
    what: str


def measure_real(folder: Path, reader: LocalReader) -> list[RealSet]:
    """Read all pictures of all sets below a folder.

    Raises
    ------
    ValueError
        If there are none.
    """
    sets = [_measure(place, reader) for place in sorted(folder.iterdir()) if place.is_dir()]
    found = [one for one in sets if one is not None]
    if not found:
        raise ValueError(f"{folder}: no folders with pictures called …_7.png, …_none.png")
    return found


def _measure(folder: Path, reader: LocalReader) -> RealSet | None:
    files = sorted(path for path in folder.glob("[!.]*_*.*") if path.is_file())
    if not files:
        return None
    truths = [path.stem.rpartition("_")[2] for path in files]
    shown = counted(zip(files, truths, strict=True), folder.name, len(files))
    scores = list(_scores(folder.name, shown, reader))
    what = {"numbers": "whole numbers", "sudoku": "digits in order"}.get(folder.name, "digits")
    if set(truths) == {NOTHING}:
        what = "refused"
    return RealSet(folder.name, len(files), sum(scores) / len(scores), what)


def _scores(name: str, files: Iterator[tuple[Path, str]], reader: LocalReader) -> Iterator[float]:
    for path, truth in files:
        answer = _ask(path, "read" if name in WHOLE else "predict", reader)
        if name == "sudoku":
            digits = truth.replace("-", "").replace("0", "")
            yield max(0.0, 1 - distance(answer, digits) / max(len(digits), 1))
        else:
            yield float(answer == ("" if truth == NOTHING else truth))


def _ask(path: Path, route: str, reader: LocalReader) -> str:
    """Return the digits of an answer; none where nothing is recognised."""
    try:
        answer = reader(path.read_bytes(), route)
    except ValueError:  # nothing is written there
        return ""
    if route == "read":
        return "".join(str(digit["digit"]) for digit in answer["digits"])
    return "" if answer["digit"] is None else str(answer["digit"])


def distance(one: str, other: str) -> int:
    """Return how many characters must be put in, taken out or changed (Levenshtein, 1966)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def table(sets: list[RealSet]) -> list[str]:
    """Return the rows of a table in Markdown."""
    rows = ["| real pictures | how many | right | what is counted |", "| --- | --- | --- | --- |"]
    rows += [f"| {s.name} | {s.pictures:,} | {s.right:.2%} | {s.what} |" for s in sets]
    return rows
