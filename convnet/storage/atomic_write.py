"""Write files so that a reader, or a crash, never meets half of one."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a file that takes the place of `path` only when it is complete and on the disk.

    The bytes go to a sibling file, which is flushed to the disk (fsync) and then renamed; the
    folder is flushed too, so that the rename itself survives a power cut. After an error or a
    kill the older file is still there, whole.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    sibling = target.with_name(f"{_prefix(target)}{os.getpid()}{_SUFFIX}")
    try:
        with sibling.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        sibling.replace(target)
    finally:
        sibling.unlink(missing_ok=True)
    _flush_folder(target.parent)


def remove_unfinished(path: str | os.PathLike[str]) -> None:
    """Delete what killed processes left of their `atomic_write` to `path`."""
    target = Path(path)
    for sibling in target.parent.glob(f"{glob.escape(_prefix(target))}*{_SUFFIX}"):
        sibling.unlink(missing_ok=True)


_SUFFIX = ".part"


def _prefix(target: Path) -> str:
    return f".{target.name}."


def _flush_folder(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows cannot open a folder; its rename is durable by itself
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
