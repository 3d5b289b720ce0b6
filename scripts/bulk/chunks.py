"""What is named on the command line, cut into chunks: the same ones whenever it is cut.

A chunk says where its pictures are, not what is in them, so that a plan of millions is small, and
whoever computes it reads them himself.
"""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path

from scripts.bulk.archives import Tar, Zip
from scripts.bulk.containers import Container, Item, Options, Unreadable, is_picture
from scripts.bulk.parquet import Parquet
from scripts.bulk.tables import Csv, Idx

ENDINGS: dict[str, type[Container]] = {
    ".zip": Zip,
    **dict.fromkeys((".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz"), Tar),
    **dict.fromkeys(("-ubyte", "-ubyte.gz", ".idx", ".idx.gz"), Idx),
    **dict.fromkeys((".csv", ".csv.gz"), Csv),
    **dict.fromkeys((".parquet", ".pq"), Parquet),
}
LISTS = (".txt", ".lst", ".list")


@dataclass(frozen=True)
class Chunk:
    """Some pictures in an order.

    Attributes
    ----------
    path : str
        The container; empty if the pictures are files.
    start, stop : int
        Rows of the container.
    files : tuple of str
    stamp : tuple of int
        Size and time of change of the container.
    error : str
        Why the container cannot be read; the chunk is then one row that says so.
    deadly : frozenset of int
        Places, counted from 0, of pictures that are not to be touched: they ended a process.
    """

    path: str = ""
    start: int = 0
    stop: int = 0
    files: tuple[str, ...] = ()
    stamp: tuple[int, ...] = ()
    error: str = ""
    deadly: frozenset[int] = field(default=frozenset(), compare=False)

    def __len__(self) -> int:
        return len(self.files) or self.stop - self.start

    @property
    def digest(self) -> str:
        """A name for what is in it: another one when a container or the files are others."""
        content = (self.path, self.start, self.stop, self.files, self.stamp)
        return hashlib.sha256(repr(content).encode("utf-8", "surrogateescape")).hexdigest()[:16]

    def items(self, options: Options) -> Iterator[Item]:
        """Read the pictures."""
        if self.error:
            yield self.path, Unreadable(self.error)
        elif self.path:
            yield from open_container(self.path, options, self.stamp).read(self.start, self.stop)
        else:
            yield from ((name, read_file(name, options)) for name in self.files)


@lru_cache(maxsize=2)  # so that a container that is walked through is not begun anew
def open_container(path: str, options: Options, stamp: tuple[int, ...]) -> Container:
    """Open the container of a path; `stamp` is there so that a changed one is opened again."""
    ending = ending_of(path)
    assert ending is not None, "chunks of other files have no path"
    return ENDINGS[ending](path, options)


def read_file(name: str, options: Options) -> bytes | Unreadable:
    """Read a picture file."""
    try:
        with open(options.open_path(name), "rb") as file:  # noqa: PTH123 - millions of them
            return file.read(options.max_bytes + 1)
    except (OSError, ValueError) as error:
        return Unreadable(getattr(error, "strerror", None) or str(error))


def ending_of(path: str) -> str | None:
    """Return which ending of a container a path has."""
    name = path.lower()
    return next((ending for ending in ENDINGS if name.endswith(ending)), None)


def plan(inputs: Iterable[str], options: Options, size: int, packed_size: int) -> Iterator[Chunk]:
    """Cut inputs into chunks.

    Parameters
    ----------
    inputs : iterable of str
        Folders, containers, lists of paths, pictures, or patterns of any of these.
    options : Options
    size, packed_size : int
        Pictures in a chunk: of plain pixels, and of those that are to be decoded.

    Raises
    ------
    FileNotFoundError
        If there is nothing of that name.
    """
    files: list[str] = []
    for path in matches(inputs, options):
        kind = kind_of(path, options)
        if kind == "file":
            files.append(path)
            if len(files) == packed_size:
                yield Chunk(files=tuple(files))
                files = []
            continue
        if files:
            yield Chunk(files=tuple(files))
            files = []
        if kind == "container":
            yield from _of_container(path, options, size, packed_size)
        else:
            names = _below(path, options) if kind == "folder" else _listed(path, options)
            while batch := tuple(islice(names, packed_size)):
                yield Chunk(files=batch)
    if files:
        yield Chunk(files=tuple(files))


def kind_of(path: str, options: Options) -> str:
    """Say what a path is: a folder, a container, a list or else a (picture) file."""
    if Path(options.open_path(path)).is_dir():
        return "folder"
    if ending_of(path):
        return "container"
    return "list" if path.lower().endswith(LISTS) else "file"


def matches(inputs: Iterable[str], options: Options) -> Iterator[str]:
    """Yield the paths that inputs mean; a name that is there is no pattern."""
    for name in inputs:
        if Path(options.open_path(name)).exists():
            yield name
            continue
        found = sorted(glob.glob(name, root_dir=options.base, recursive=True))  # noqa: PTH207
        if not found:
            raise FileNotFoundError(f"{name}: no such file or folder, and no pattern of any")
        yield from found


def _below(folder: str, options: Options) -> Iterator[str]:
    """Walk through a folder: pictures by name, then the folders in it."""
    for place, folders, files in os.walk(options.open_path(folder)):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        shown = os.path.normpath(
            os.path.join(folder, os.path.relpath(place, options.open_path(folder)))  # noqa: PTH118
        )
        yield from (os.path.join(shown, name) for name in sorted(files) if is_picture(name))  # noqa: PTH118


def _listed(path: str, options: Options) -> Iterator[str]:
    """Yield the lines of a file."""
    name = options.open_path(path)
    with open(name, encoding="utf-8-sig", errors="surrogateescape") as lines:  # noqa: PTH123
        yield from (line.rstrip("\r\n") for line in lines if line.strip())


def _of_container(path: str, options: Options, size: int, packed_size: int) -> Iterator[Chunk]:
    status = Path(options.open_path(path)).stat()
    stamp = (status.st_size, status.st_mtime_ns)
    try:
        count = len(open_container(path, options, stamp))
    except (Unreadable, EOFError, OSError) as error:
        yield Chunk(path, 0, 1, stamp=stamp, error=str(error))
        return
    ending = ending_of(path)
    plain = ending is not None and ENDINGS[ending] in (Idx, Csv)
    step = size if plain else packed_size
    for start in range(0, count, step):
        yield Chunk(path, start, min(start + step, count), stamp=stamp)
