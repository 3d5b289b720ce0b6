"""Pictures in tables of numbers: IDX and CSV, a picture a row, gzipped or not."""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from convnet.datasets import DatasetError, csv
from convnet.datasets.emnist import NAME as EMNIST
from convnet.datasets.idx import GZIP_MAGIC, UNSIGNED_BYTES
from convnet.storage.npz import most_unpacked
from scripts.bulk.containers import Container, Forward, Item, Options, Unreadable


def unzipped(path: str) -> IO[bytes] | gzip.GzipFile:
    """Open a file, gzipped or not."""
    with Path(path).open("rb") as file:
        packed = file.read(2) == GZIP_MAGIC
    return gzip.open(path) if packed else Path(path).open("rb")


class Idx(Container):
    """An IDX file of bytes: (N, H, W) or (N, H, W, 3)."""

    def __init__(self, path: str, options: Options) -> None:
        super().__init__(path, options)
        self._file = unzipped(self.file)
        size = Path(self.file).stat().st_size
        try:
            head = self._file.read(4)
            ndim = int.from_bytes(head, "big") - UNSIGNED_BYTES
            if ndim not in (3, 4):
                raise Unreadable(f"no IDX file of pictures: it begins with 0x{head.hex()}")
            head = self._file.read(4 * ndim)
        except (EOFError, OSError) as error:
            raise Unreadable(f"broken gzip data: {error}") from error
        self._offset = 4 + 4 * ndim
        shape = tuple(np.frombuffer(head[: 4 * ndim], ">u4").tolist())
        self._count, self._shape = (shape[0], shape[1:]) if shape else (0, (0,))
        self._bytes = prod(self._shape)
        packed = isinstance(self._file, gzip.GzipFile)
        limit = most_unpacked(size) if packed else size - self._offset
        if not self._bytes or self._count * self._bytes > limit:
            raise Unreadable(f"shape {shape} claims more than the file has")

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def __len__(self) -> int:
        return self._count

    def read(self, start: int, stop: int) -> Iterator[Item]:
        """Yield the pixels of pictures; those that a gzipped file lacks are `Unreadable`."""
        turned = EMNIST.fullmatch(Path(self.path).name) is not None
        try:
            self._file.seek(self._offset + start * self._bytes)
            values = self._file.read((stop - start) * self._bytes)
        except (EOFError, OSError) as error:
            values, reason = b"", f"broken gzip data: {error}"
        else:
            reason = "the file ends before this picture"
        whole = len(values) // self._bytes
        pictures = np.frombuffer(values, np.uint8, whole * self._bytes).reshape(-1, *self._shape)
        for row in range(start, stop):
            there = row - start < whole
            picture = pictures[row - start] if there else None
            if picture is not None and turned:
                picture = np.swapaxes(picture, 0, 1)  # as NIST wrote them
            yield self.name(row), Unreadable(reason) if picture is None else picture


class Csv(Forward):
    """A CSV file of pixels in 0..255; names, labels and ids of columns as in `csv`."""

    def __init__(self, path: str, options: Options) -> None:
        super().__init__(path, options)
        with unzipped(self.file) as file:
            first = next((line for line in file if line.strip()), b"")
        try:
            self._columns = csv.columns_of(Path(path), first.decode(csv.ENCODING, "replace"))
        except DatasetError as error:
            raise Unreadable(f"no table of pixels: {error}") from error
        self._pixels = np.array(self._columns.pixels)

    def entries(self) -> Iterator[bytes]:
        """Yield the lines of the rows."""
        with unzipped(self.file) as file:
            lines = (line for line in file if line.strip())
            if self._columns.names:
                next(lines)
            yield from lines

    def read(self, start: int, stop: int) -> Iterator[Item]:
        """Yield the pixels of rows."""
        lines = [line.decode(csv.ENCODING, "replace") for line in self.forward(start, stop)]
        parsed = self._parse(lines)
        side = self._columns.side
        for index, line in enumerate(lines):
            row = self._row(line) if parsed is None else parsed[index]
            pixels = row if isinstance(row, Unreadable) else row.reshape(side, side)
            yield self.name(start + index), pixels

    def _parse(self, lines: list[str]) -> NDArray[np.uint8] | None:
        """Return all rows at once; None if one is wrong, or holds texts."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                rows = np.loadtxt(
                    lines, np.uint8, comments=None, delimiter=",", ndmin=2, quotechar='"'
                )
            except ValueError:
                return None
        return rows[:, self._pixels] if rows.shape[1] == self._columns.count else None

    def _row(self, line: str) -> NDArray[np.uint8] | Unreadable:
        cells = [cell.strip(csv.QUOTES) for cell in line.split(",")]
        if found := csv.find_fault(cells, self._columns):
            column, reason = found
            return Unreadable(f"column {column}: {reason}" if column else reason)
        return np.array([int(cells[i]) for i in self._pixels], np.uint8)
