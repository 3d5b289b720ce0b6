"""CSV, the format that MNIST has on the data-science sites: a label, then 784 pixels a row.

NumPy parses well-formed files at over 50 MB/s. Its complaints do not name the line, so after one
the file is read again, slowly, for the first line that is wrong.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from convnet.datasets.dataset import CLASSES, SIDE, Bytes, Dataset, DatasetError, Split

ENCODING = "utf-8-sig"  # spreadsheets write a byte order mark
COLUMNS = 1 + SIDE * SIDE
FILES = {"train": "mnist_train.csv", "test": "mnist_test.csv"}


def find(folder: Path) -> dict[str, Path]:
    """Return the CSV files in ``folder`` by the split that they hold."""
    return {split: path for split, name in FILES.items() if (path := folder / name).is_file()}


def load(folder: Path) -> Dataset:
    """Read ``mnist_train.csv`` and ``mnist_test.csv``.

    Raises
    ------
    DatasetError
        If one is missing or broken.
    """
    for name in FILES.values():
        if not (folder / name).is_file():
            raise DatasetError(folder / name, "missing, while the other file of its set is here")
    return Dataset(**{split: read(folder / name) for split, name in FILES.items()})


def read(path: Path) -> Split:
    """Read one CSV file, with or without a line of column names first."""
    with path.open(encoding=ENCODING, errors="replace") as file:
        first = file.readline()
    if not first:
        raise DatasetError(path, "the file is empty")
    skip = int(_is_header(first))
    rows = _parse(path, skip)
    if rows is None or rows.shape[1] != COLUMNS or (rows[:, 0] >= CLASSES).any():
        raise _first_fault(path, skip)
    return Split(rows[:, 1:].reshape(-1, SIDE, SIDE), rows[:, 0].copy())


def _is_header(line: str) -> bool:
    """Tell names (`label,1x1,…` or `label,0,1,2,…`) from a row whose label is broken."""
    label, *pixels = (cell.strip().strip('"') for cell in line.split(","))
    counted = [[str(first + i) for i in range(len(pixels))] for first in (0, 1)]
    named = not any(pixel.isdigit() for pixel in pixels) or pixels in counted
    return named and not label.isdigit()


def _parse(path: Path, skip: int) -> Bytes | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no rows: `_first_fault` says so
        try:
            return np.loadtxt(
                path, np.uint8, comments=None, delimiter=",", skiprows=skip, ndmin=2,
                encoding=ENCODING,
            )  # fmt: skip
        except ValueError:
            return None


def _first_fault(path: Path, skip: int) -> DatasetError:
    with path.open(encoding=ENCODING, errors="replace") as file:
        for number, line in enumerate(file, 1):
            if number > skip and line.strip() and (fault := _fault(line)):
                column, reason = fault
                place = f"line {number}, column {column}" if column else f"line {number}"
                return DatasetError(path, reason, place)
    return DatasetError(path, "no rows of data")


def _fault(line: str) -> tuple[int | None, str] | None:
    """Return the column of the first wrong cell and what is wrong with it."""
    cells = [cell.strip() for cell in line.split(",")]
    if len(cells) != COLUMNS:
        return None, f"expected {COLUMNS} cells (a label and 784 pixels), got {len(cells)}"
    for column, cell in enumerate(cells, 1):
        what, top = ("label", CLASSES - 1) if column == 1 else ("pixel", 255)
        if not (cell.isascii() and cell.isdecimal() and int(cell) <= top):
            return column, f"expected a {what} in 0..{top}, got {cell[:20]!r}"
    return None
