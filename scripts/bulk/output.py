"""Rows as CSV or Parquet: parts that are written one by one, and joined at the end."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from convnet.storage.atomic_write import atomic_write
from scripts.bulk.parquet import parquet, pyarrow

Row = tuple[Any, ...]
GROUP = 1 << 17  # rows of a group of the Parquet file


def columns(read: bool, digits: bool = True) -> tuple[str, ...]:
    """Return the names of the columns."""
    if read:
        return "path", "text", "confidence", "error"
    return "path", "digit" if digits else "label", "confidence", "verdict", "error"


def form_of(file: Path) -> str:
    """Return ``"csv"`` or ``"parquet"``, as the name says.

    Raises
    ------
    ValueError
        If it says neither.
    """
    form = {".csv": "csv", ".parquet": "parquet", ".pq": "parquet"}.get(file.suffix.lower())
    if form is None:
        raise ValueError(f"{file} should end with .csv or .parquet")
    return form


def encode(rows: Sequence[Row], form: str, read: bool) -> bytes:
    """Return rows as the bytes of a part."""
    if form == "csv":
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        return text.getvalue().encode("utf-8", "surrogateescape")
    digits = not rows or read or not any(isinstance(row[1], str) for row in rows)
    schema = _schema(read, digits)
    names = [name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
             for name, *_ in rows]  # fmt: skip
    others = list(zip(*rows, strict=True))[1:] if rows else [()] * (len(schema) - 1)
    table = pyarrow.table([names, *map(list, others)], schema=schema)
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    return sink.getvalue()


def _schema(read: bool, digits: bool) -> Any:
    kinds = {
        "digit": pyarrow.int8(),
        "confidence": pyarrow.float32(),
    }
    return pyarrow.schema(
        [(name, kinds.get(name, pyarrow.string())) for name in columns(read, digits)]
    )


def join(parts: Iterable[Path], file: Path, head: Sequence[str]) -> None:
    """Put parts together into `file`, which is there whole or not at all."""
    with atomic_write(file) as out:
        if form_of(file) == "csv":
            out.write((",".join(head) + "\n").encode())
            for part in parts:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, out)
        else:
            _join_parquet(parts, out, head)


def _join_parquet(parts: Iterable[Path], out: Any, head: Sequence[str]) -> None:
    schema = _schema("text" in head, "digit" in head)
    waiting: list[Any] = []
    with parquet.ParquetWriter(out, schema) as writer:
        for part in parts:
            # Where a whole part is errors, its labels are of no type yet.
            waiting.append(parquet.read_table(part).rename_columns(list(head)).cast(schema))
            if sum(map(len, waiting)) >= GROUP:
                writer.write_table(pyarrow.concat_tables(waiting))
                waiting = []
        if waiting:
            writer.write_table(pyarrow.concat_tables(waiting))
