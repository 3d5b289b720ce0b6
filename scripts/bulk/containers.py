"""What holds many pictures: their number, and those from one row to another.

A picture that cannot be had is an `Unreadable` in its place, so that every row keeps its number.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnet.datasets.pictures.class_folders import SUFFIXES

# Formats that are refused by name are pictures too: their rows say what to send instead.
PICTURES = frozenset({*SUFFIXES, ".jpe", ".jfif", ".avif", ".tif", ".tiff", ".heic", ".heif", ""})


class Unreadable(ValueError):
    """A picture that cannot be had, with the reason."""


Item = tuple[str, bytes | NDArray[np.uint8] | Unreadable]
"""A row's name, and an encoded picture, pixels (H, W) or (H, W, 3), or why there is none."""


def is_picture(name: str) -> bool:
    """Whether a file in a folder or an archive is meant: by its ending, or it has none."""
    path = PurePosixPath(name)
    return path.suffix.lower() in PICTURES and not path.name.startswith((".", "__"))


@dataclass(frozen=True)
class Options:
    """How containers are read.

    Attributes
    ----------
    base : str
        The folder that relative paths start from.
    column : str, optional
        Of a Parquet file, the column of pictures.
    max_bytes : int
        Larger pictures are not unpacked.
    """

    base: str
    column: str | None = None
    max_bytes: int = 1 << 23

    def open_path(self, path: str) -> str:
        """Return the path that a name stands for."""
        return os.path.join(self.base, path)  # noqa: PTH118 - millions of them


def too_large(size: int, options: Options) -> Unreadable:
    """Return why a picture is not unpacked."""
    return Unreadable(f"the picture has {size} bytes, more than the limit of {options.max_bytes}")


class Container(ABC):
    """A file with many pictures.

    Parameters
    ----------
    path : str
        As it was named: the rows' names begin with it.
    options : Options

    Raises
    ------
    Unreadable
        If it is broken. OSError, if it is not there.
    """

    def __init__(self, path: str, options: Options) -> None:
        self.path, self.options = path, options
        self.file = options.open_path(path)

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of pictures."""

    @abstractmethod
    def read(self, start: int, stop: int) -> Iterator[Item]:
        """Yield the pictures of some rows; those that follow the last ones are found quickest."""

    def name(self, row: int) -> str:
        """Return the name of a row that has no other."""
        return f"{self.path}#{row}"


class Forward(Container):
    """A container that can only be walked through; it remembers where it is."""

    def __init__(self, path: str, options: Options) -> None:
        super().__init__(path, options)
        self._walk: Iterator[Any] | None = None
        self._at = 0

    @abstractmethod
    def entries(self) -> Iterator[Any]:
        """Walk through the file from its beginning: something for each row."""

    def __len__(self) -> int:
        return sum(1 for _ in self.entries())

    def forward(self, start: int, stop: int) -> Iterator[Any]:
        """Yield the entries of some rows, each before the walk goes on."""
        if self._walk is None or self._at > start:
            self._walk, self._at = self.entries(), 0
        walk, self._walk = self._walk, None  # until this has come to its end
        skipped = start - self._at
        yield from islice(walk, skipped, skipped + stop - start)
        self._walk, self._at = walk, stop
