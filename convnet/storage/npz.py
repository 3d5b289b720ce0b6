"""Arrays in .npz files: the same bytes for the same arrays, and read with care."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnet.storage.atomic_write import atomic_write


def save_arrays(path: str | os.PathLike[str], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as a compressed .npz, atomically: same arrays, same bytes."""
    with atomic_write(path) as stream, zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")  # dated 1980: no bytes depend on now
            member.compress_type = zipfile.ZIP_DEFLATED
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asanyarray(array), allow_pickle=False)
            archive.writestr(member, buffer.getvalue(), compresslevel=6)


class ArrayFile:
    """An .npz file whose arrays are read one by one, each with its size known beforehand.

    A hostile file of a few bytes can unpack to gigabytes. Here the header of every array is
    looked at first, `limit` bounds what all of them may take, and nothing is ever unpickled.

    Raises
    ------
    ValueError
        With the path, if the file is no .npz, is damaged, or exceeds `limit` bytes.
    """

    def __init__(self, path: str | os.PathLike[str], limit: int = 1 << 28) -> None:
        self.path = Path(path)
        with self._open() as archive:
            members = archive.infolist()
            total = sum(member.file_size for member in members)
            if total > limit:
                raise ValueError(f"unpacks to {total:,} bytes, limit {limit:,}")
            self.shapes = {
                member.filename.removesuffix(".npy"): _read_shape(archive, member)
                for member in members
            }

    def read(self, name: str) -> NDArray[Any]:
        """Return one array."""
        with self._open() as archive, archive.open(f"{name}.npy") as stream:
            return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))

    @contextmanager
    def _open(self) -> Iterator[zipfile.ZipFile]:
        with self.path.open("rb") as stream:
            try:
                with zipfile.ZipFile(stream) as archive:
                    yield archive
            # Damage shows in zipfile, zlib or NumPy, in each as errors of a dozen classes.
            except Exception as error:
                raise ValueError(f"{self.path}: {error}") from error

    def read_all(self) -> dict[str, NDArray[Any]]:
        """Return every array by name."""
        return {name: self.read(name) for name in self.shapes}


def _read_shape(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[int, ...]:
    """Read an array's header; refuse one that promises more bytes than the member holds."""
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        else:
            shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
        promised = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if dtype.hasobject or promised > member.file_size:
            raise ValueError(f"{member.filename} promises {promised:,} bytes of {dtype}")
    return tuple(shape)
