"""CSV, as the data-science sites have MNIST and others: a picture a row, with its label.

A line of column names may come first. The label is then in the column called ``label``, ``class``,
``target`` or ``digit``, wherever it stands (OpenML has it last); a column ``id`` is no pixel.
Without names the label is first. All other columns are pixels, row by row, of a square.

NumPy parses well-formed files of numbers at over 50 MB/s. Its complaints do not name the line, so
after one the file is read again, slowly, line by line: then labels may be texts.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnet.datasets import class_names
from convnet.datasets.dataset import (
    DIGITS,
    Bytes,
    Dataset,
    DatasetError,
    Split,
    together,
    with_test_set,
)

ENCODING = "utf-8-sig"  # spreadsheets write a byte order mark
FILES = {"train": "mnist_train.csv", "test": "mnist_test.csv"}
LABELS = ("label", "class", "target", "digit")
IDS = ("id", "imageid", "image_id")
QUOTES = " \t\r\n\"'"


@dataclass(frozen=True)
class Columns:
    """Which columns of a file are what, counted from 0; None if there is none."""

    count: int
    label: int | None
    id: int | None
    names: tuple[str, ...] = ()

    @property
    def pixels(self) -> list[int]:
        """The columns that are neither label nor id."""
        return [i for i in range(self.count) if i not in (self.label, self.id)]

    @property
    def side(self) -> int:
        """Pixels of a side."""
        return math.isqrt(len(self.pixels))


@dataclass(frozen=True)
class Table:
    """What a CSV file holds.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, H, H)
    labels : ndarray of int or str, shape (N,), optional
        As the file has them.
    ids : list of str, optional
    columns : Columns
    """

    images: Bytes
    labels: NDArray[Any] | None
    ids: list[str] | None
    columns: Columns


def find(folder: Path) -> dict[str, Path]:
    """Return the CSV files in ``folder`` by the split that they hold.

    ``…train….csv`` with or without ``…test….csv`` beside it, or the only CSV file.
    """
    files = sorted(folder.glob("*.csv"))
    for path in [folder / FILES["train"], *files]:
        if path.is_file() and "train" in path.name:
            return _with_test(path)
    if (test := folder / FILES["test"]).is_file():
        return {"test": test}
    return {"train": files[0]} if len(files) == 1 else {}


def load(folder: Path) -> Dataset:
    """Read the CSV files in a folder.

    Raises
    ------
    DatasetError
        If one is missing or broken, or has no labels.
    """
    return _load(find(folder))


def load_file(path: Path) -> Dataset:
    """Read a CSV file; of one for training, with the one for testing beside it."""
    return _load(_with_test(path))


def _with_test(path: Path) -> dict[str, Path]:
    test = path.with_name(path.name.replace("train", "test"))
    return {"train": path} | ({"test": test} if test != path and test.is_file() else {})


def _load(files: dict[str, Path]) -> Dataset:
    for split, name in FILES.items():  # MNIST's own come together
        other = next(iter(files.values())).with_name(name)
        if split not in files and FILES[_other(split)] in {path.name for path in files.values()}:
            raise DatasetError(other, "missing, while the other file of its set is here")
    path = files["train"]
    table = read_table(path)
    names = DIGITS if path.name == FILES["train"] else class_names.known(path.parent, path.name)
    train = _split(path, table, names)
    if "test" in files:
        test = read_table(files["test"])
        if test.labels is not None:
            names = names or (train.classes if train.classes != DIGITS else None)
            return together(path, train, _split(files["test"], test, names))
    return with_test_set(train)


def _other(split: str) -> str:
    return "test" if split == "train" else "train"


def read(path: Path, names: tuple[str, ...] | None = None) -> Split:
    """Read one CSV file with labels: places in `names`, or any numbers or texts without them."""
    return _split(path, read_table(path), names)


def _split(path: Path, table: Table, names: tuple[str, ...] | None) -> Split:
    if table.labels is None:
        given = ", ".join(table.columns.names[:3]) or "no names"
        reason = f"no labels: expected a column called {', '.join(LABELS)}; got {given} …"
        raise DatasetError(path, reason, "line 1")
    if names is None or table.labels.dtype.kind == "U":
        classes = names or class_names.found(path, table.labels)
        labels = class_names.places(path, table.labels, classes)
    else:
        classes, labels = names, _numbered(path, table, names)
    return Split(table.images, labels, classes)


def _numbered(path: Path, table: Table, names: tuple[str, ...]) -> Any:
    labels, columns = table.labels, table.columns
    assert labels is not None, "`_split` has looked"
    assert columns.label is not None, "there are labels"
    if (wrong := np.flatnonzero(labels >= len(names))).size:
        line = int(wrong[0]) + 1 + bool(columns.names)
        place = f"line {line}, column {columns.label + 1}"
        reason = f"expected a label in 0..{len(names) - 1}, got '{labels[wrong[0]]}'"
        raise DatasetError(path, reason, place)
    return class_names.small(labels)


def read_table(path: Path) -> Table:
    """Read one CSV file, with or without column names, labels and ids.

    Raises
    ------
    DatasetError
        With the line and the column, if it is no table of pixels in 0..255.
    """
    with path.open(encoding=ENCODING, errors="replace") as file:
        first = next((line for line in file if line.strip()), "")
        if not first:
            raise DatasetError(path, "no rows of data" if file.tell() else "the file is empty")
    columns = columns_of(path, first)
    rows = _parse(path, int(bool(columns.names)))
    if rows is None or rows.shape[1] != columns.count or columns.id is not None:
        return _read_slowly(path, columns)
    images = rows[:, columns.pixels].reshape(-1, columns.side, columns.side)
    labels = None if columns.label is None else rows[:, columns.label].copy()
    return _plausible(path, Table(images, labels, None, columns))


def columns_of(path: Path, line: str) -> Columns:
    """Find out what the columns are from the first line."""
    cells = [cell.strip(QUOTES) for cell in line.split(",")]
    lowered = [cell.lower() for cell in cells]
    labels = [i for i, cell in enumerate(lowered) if cell in LABELS]
    if len(labels) > 1:
        both = " and ".join(cells[i] for i in labels[:2])
        raise DatasetError(path, f"two columns could be the label: {both}", "line 1")
    if not labels and not _are_names(cells):
        return _unnamed(path, len(cells))
    ids = [i for i, cell in enumerate(lowered) if cell in IDS]
    label = labels[0] if labels else None
    columns = Columns(len(cells), label, ids[0] if ids else None, tuple(cells))
    _require_square(path, columns)
    return columns


def _are_names(cells: list[str]) -> bool:
    """Tell names (`pixel0,pixel1,…` or `id,0,1,2,…`) from a row of pixels with a broken cell."""
    first, *rest = cells
    counted = [[str(start + i) for i in range(len(rest))] for start in (0, 1)]
    return not first.isdigit() and (not any(cell.isdigit() for cell in rest) or rest in counted)


def _unnamed(path: Path, count: int) -> Columns:
    """The label is first; a file without labels has a square number of columns."""
    columns = Columns(count, 0, None)
    if columns.side**2 != count - 1 and math.isqrt(count) ** 2 == count:
        columns = Columns(count, None, None)
    _require_square(path, columns)
    return columns


def _require_square(path: Path, columns: Columns) -> None:
    pixels = len(columns.pixels)
    if pixels < 4 or columns.side**2 != pixels:
        hint = "" if columns.label is not None else f" and a column called {', '.join(LABELS)}"
        if columns.count == 1:
            hint += " (separated by commas)"
        raise DatasetError(
            path, f"expected as many pixels as a square has, such as 784{hint}, got {pixels}",
            "line 1",
        )  # fmt: skip


def _parse(path: Path, skip: int) -> Bytes | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no rows: `_read_slowly` says so
        try:
            return np.loadtxt(
                path, np.uint8, comments=None, delimiter=",", skiprows=skip, ndmin=2,
                encoding=ENCODING, quotechar='"',
            )  # fmt: skip
        except ValueError:
            return None


def _read_slowly(path: Path, columns: Columns) -> Table:
    """Read line by line, up to the first cell that is wrong."""
    images, labels, ids = [], [], []
    pixels = columns.pixels
    started = not columns.names
    with path.open(encoding=ENCODING, errors="replace") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            if not started:
                started = True
                continue
            cells = [cell.strip(QUOTES) for cell in line.split(",")]
            if fault := find_fault(cells, columns):
                column, reason = fault
                place = f"line {number}, column {column}" if column else f"line {number}"
                raise DatasetError(path, reason, place)
            images.append(np.array([cells[i] for i in pixels]).astype(np.uint8))
            labels.append("" if columns.label is None else cells[columns.label])
            ids.append("" if columns.id is None else cells[columns.id])
    if not images:
        raise DatasetError(path, "no rows of data")
    pictures = np.stack(images).reshape(-1, columns.side, columns.side)
    own_labels = None if columns.label is None else _as_labels(path, labels)
    return _plausible(path, Table(pictures, own_labels, ids if columns.id is not None else None,
                                  columns))  # fmt: skip


def find_fault(cells: list[str], columns: Columns) -> tuple[int | None, str] | None:
    """Return the column of the first wrong cell, counted from 1, and what is wrong with it."""
    if len(cells) != columns.count:
        label = "" if columns.label is None else "a label and "
        what = f"{label}{len(columns.pixels)} pixels"
        return None, f"expected {columns.count} cells ({what}), got {len(cells)}"
    for column, cell in enumerate(cells):
        if column == columns.label:
            if not cell or (not columns.names and not _is_number(cell, 10**6)):
                return column + 1, f"expected a label, got {cell[:20]!r}"
        elif column != columns.id and not _is_number(cell, 255):
            return column + 1, f"expected a pixel in 0..255, got {cell[:20]!r}"
    return None


def _is_number(cell: str, top: int) -> bool:
    # Python refuses to read thousands of figures as a number.
    return cell.isascii() and cell.isdecimal() and len(cell) < 20 and int(cell) <= top


def _as_labels(path: Path, cells: list[str]) -> NDArray[Any]:
    """Return labels as numbers if all are, otherwise as texts."""
    numbers = [_is_number(cell, 10**6) for cell in cells]
    if all(numbers):
        return np.array(cells).astype(np.int64)
    if any(numbers):
        odd = cells[numbers.index(not numbers[0])]
        raise DatasetError(path, f"labels are numbers or names, not both: got {odd[:20]!r}")
    return np.array(cells)


def _plausible(path: Path, table: Table) -> Table:
    """Refuse pixels that reach nowhere near 255: they count other things, or are in 0..1."""
    if (high := int(table.images.max())) <= 16:
        raise DatasetError(path, f"expected pixels in 0..255, the largest is {high}")
    return table
