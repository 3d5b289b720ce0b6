"""Pictures in a column of a Parquet file: encoded, or their pixels in lists."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from scripts.bulk.containers import Forward, Item, Options, Unreadable, too_large

try:
    import pyarrow
    from pyarrow import parquet, types
except ImportError:
    pyarrow = parquet = types = None

NEEDS = "Parquet needs pyarrow: pip install -e '.[scale]'"
USUAL = ("image", "img", "picture", "png", "bytes", "pixels")
BATCH = 256


def require_pyarrow() -> None:
    """Raise ModuleNotFoundError, with what to do, if Parquet cannot be read."""
    if pyarrow is None:
        raise ModuleNotFoundError(NEEDS)


class Parquet(Forward):
    """A Parquet file. Pictures are bytes, ``{"bytes": …}``, or lists of pixels."""

    def __init__(self, path: str, options: Options) -> None:
        super().__init__(path, options)
        require_pyarrow()
        try:
            self._table = parquet.ParquetFile(self.file)
        except pyarrow.ArrowException as error:
            raise Unreadable(f"the Parquet file is damaged: {error}") from error
        self._column = self._find_column(options.column)

    def __len__(self) -> int:
        return int(self._table.metadata.num_rows)

    def _find_column(self, wanted: str | None) -> str:
        schema = self._table.schema_arrow
        fitting = [field.name for field in schema if _may_be_pictures(field.type)]
        if wanted is not None:
            if wanted not in schema.names:
                raise Unreadable(f"no column {wanted!r}; there are {', '.join(schema.names)}")
            return wanted
        usual = [name for name in fitting if name.lower() in USUAL]
        for found in (usual, fitting):
            if len(found) == 1:
                return found[0]
        what = (
            f"several columns may be pictures: {', '.join(fitting)}" if fitting else "no pictures"
        )
        raise Unreadable(f"{what}; --column NAME chooses one of {', '.join(schema.names)}")

    def entries(self) -> Iterator[Any]:
        """Yield the values of the column, a batch of rows at a time."""
        return self._values(0)

    def _values(self, group: int) -> Iterator[Any]:
        groups = list(range(group, self._table.num_row_groups))
        for batch in self._table.iter_batches(BATCH, row_groups=groups, columns=[self._column]):
            yield from batch.column(0)

    def forward(self, start: int, stop: int) -> Iterator[Any]:
        """Yield rows; groups of rows before them are not read."""
        if self._walk is None or not 0 <= start - self._at <= BATCH:
            group, first = self._group_of(start)
            self._walk, self._at = self._values(group), first
        yield from super().forward(start, stop)

    def _group_of(self, row: int) -> tuple[int, int]:
        """Return the group that a row is in, and the first row of it."""
        first = 0
        for group in range(self._table.num_row_groups):
            count = self._table.metadata.row_group(group).num_rows
            if row < first + count:
                return group, first
            first += count
        return 0, 0

    def read(self, start: int, stop: int) -> Iterator[Item]:
        """Yield the pictures of rows."""
        row = start
        try:
            for value in self.forward(start, stop):
                yield self.name(row), picture(value, self.options)
                row += 1
        except pyarrow.ArrowException as error:
            reason = f"the Parquet file is damaged here: {error}"
            yield from ((self.name(lost), Unreadable(reason)) for lost in range(row, stop))


def _may_be_pictures(kind: Any) -> bool:
    if types.is_struct(kind):
        return any(field.name == "bytes" for field in kind)
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        inner = kind.value_type
        return types.is_integer(inner) or _may_be_pictures(inner)
    return types.is_binary(kind) or types.is_large_binary(kind)


def picture(cell: Any, options: Options) -> bytes | np.ndarray | Unreadable:
    """Return the picture in a cell."""
    if isinstance(cell, pyarrow.ListScalar) and types.is_integer(cell.type.value_type):
        return _pixels(() if cell.values is None else cell.values.to_numpy(zero_copy_only=False))
    value = cell.as_py()
    if isinstance(value, dict):
        value = value.get("bytes")
    if value is None:
        return Unreadable("the row has no picture")
    if isinstance(value, bytes):
        too_much = len(value) > options.max_bytes
        return too_large(len(value), options) if too_much else value
    return _pixels(value)


def _pixels(value: Any) -> np.ndarray | Unreadable:
    try:
        pixels = np.array(value)
    except ValueError:
        return Unreadable("the rows of the picture differ in length")
    if pixels.ndim == 1 and (side := math.isqrt(pixels.size)) ** 2 == pixels.size:
        pixels = pixels.reshape(side, side)
    if pixels.dtype.kind not in "iu" or not pixels.size or pixels.min() < 0 or pixels.max() > 255:
        return Unreadable("expected pixels in 0..255")
    if pixels.ndim != 2 and not (pixels.ndim == 3 and pixels.shape[2] == 3):
        return Unreadable(f"no picture has the shape {pixels.shape}")
    return pixels.astype(np.uint8)
