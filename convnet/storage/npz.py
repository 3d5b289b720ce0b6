"""Arrays in .npz files: the same bytes for the same arrays, and read with care.

A hostile file of a few bytes can claim gigabytes. So nothing is unpacked before the archive's
directory and the array's own header agree on how much it is, and that is bounded twice: by a limit,
and by the size of the file.
"""

from __future__ import annotations

import io
import math
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convnet.storage.atomic_write import atomic_write

# Deflate packs zeros 1,032 times. What holds information is far from that: trained weights shrink
# 1.1 times, drawn digits 5 times. So a file that unpacks to more than this is a bomb.
MOST_UNPACKED = 256
ALWAYS_UNPACKED = 1 << 20  # bytes, however small the file

MOST_ARRAYS = 1 << 16
NUMBERS = "biuf"  # kinds of dtypes: bool, int, unsigned int, float
TEXTS = "U"


def save_arrays(path: str | os.PathLike[str], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays as a compressed .npz, atomically: same arrays, same bytes.

    Arrays that shrink so far that `ArrayFile` would take them for a bomb, such as many zeros, are
    not compressed.
    """
    with atomic_write(path) as stream:
        unpacked = _write(stream, arrays, zipfile.ZIP_DEFLATED)
        if unpacked > most_unpacked(stream.tell()):
            stream.seek(0)
            stream.truncate()
            _write(stream, arrays, zipfile.ZIP_STORED)


def most_unpacked(packed: int) -> int:
    """Return how many bytes a file of `packed` bytes may unpack to."""
    return ALWAYS_UNPACKED + MOST_UNPACKED * packed


def _write(stream: IO[bytes], arrays: Mapping[str, NDArray[Any]], compression: int) -> int:
    """Write the archive; return how many bytes it unpacks to."""
    unpacked = 0
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy")  # dated 1980: no bytes depend on now
            member.compress_type = compression
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asanyarray(array), allow_pickle=False)
            archive.writestr(member, buffer.getvalue(), compresslevel=6)
            unpacked += member.file_size
    return unpacked


class Header(NamedTuple):
    """What an array says of itself before its values."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


class ArrayFile:
    """An .npz file whose arrays are read one by one, each with its size known beforehand.

    Parameters
    ----------
    path : path
        The file.
    limit : int
        Most bytes that all arrays together may take.
    kinds : str
        NumPy's kinds of what may be in it: numbers, with `TEXTS` texts as well. Neither is ever
        unpickled.

    Attributes
    ----------
    headers : dict of str to Header
        Shape and dtype of each array.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        With the path, if the file is no .npz, is damaged, unpacks to more than `limit` or far more
        than its own size, or holds anything else.
    """

    def __init__(
        self, path: str | os.PathLike[str], limit: int = 1 << 28, kinds: str = NUMBERS
    ) -> None:
        self.path = Path(path)
        self._kinds = kinds
        with self._open() as archive:
            members = archive.infolist()
            total = sum(member.file_size for member in members)
            limit = min(limit, most_unpacked(self.path.stat().st_size))
            if total > limit:
                raise ValueError(f"unpacks to {total:,} bytes, limit {limit:,}")
            if len(members) > MOST_ARRAYS:
                raise ValueError(f"holds {len(members):,} arrays, limit {MOST_ARRAYS:,}")
            self.headers = {
                member.filename.removesuffix(".npy"): _read_header(archive, member, kinds)
                for member in members
            }
            if len(self.headers) < len(members):
                raise ValueError("two arrays have the same name")

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each array."""
        return {name: header.shape for name, header in self.headers.items()}

    def read(self, name: str) -> NDArray[Any]:
        """Return one array."""
        with self._open() as archive:
            return _read_array(archive, name, self._kinds)

    def read_all(self) -> dict[str, NDArray[Any]]:
        """Return every array by name."""
        with self._open() as archive:
            return {name: _read_array(archive, name, self._kinds) for name in self.headers}

    @contextmanager
    def _open(self) -> Iterator[zipfile.ZipFile]:
        with (
            self.path.open("rb") as stream,
            naming(self.path),
            zipfile.ZipFile(stream) as archive,
        ):
            yield archive


@contextmanager
def naming(path: str | os.PathLike[str]) -> Iterator[None]:
    """Let whatever a damaged or hostile file sets off be a `ValueError` that names it.

    Damage shows in zipfile, zlib, NumPy or in a layer's arguments, in each as errors of a dozen
    classes.
    """
    try:
        yield
    except zipfile.BadZipFile as error:
        reason = "no .npz file, or a damaged one, such as of a download that was cut short"
        raise ValueError(f"{path}: {reason} ({error})") from error
    except Exception as error:
        raise ValueError(f"{path}: {str(error) or type(error).__name__}") from error


def _read_array(archive: zipfile.ZipFile, name: str, kinds: str) -> NDArray[Any]:
    member = archive.getinfo(f"{name}.npy")
    _read_header(archive, member, kinds)  # again: the file may have been replaced meanwhile
    with archive.open(member) as stream:
        return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def _read_header(archive: zipfile.ZipFile, member: zipfile.ZipInfo, kinds: str) -> Header:
    """Read an array's header; refuse one that promises other bytes than the member holds."""
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{member.filename} is packed in a way that NumPy does not use")
    with archive.open(member) as stream:
        return read_header(stream, member.file_size, member.filename, kinds)


def read_header(stream: IO[bytes], size: int, name: str, kinds: str = NUMBERS) -> Header:
    """Read the header of an .npy file of `size` bytes, and compare it with that size.

    Raises
    ------
    ValueError
        With `name`, if it is no .npy file, holds anything but `kinds`, or is too short or too long.
    """
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    else:
        raise ValueError(f"{name} has version {version} of the .npy format")
    if dtype.kind not in kinds:
        wanted = "numbers or texts" if TEXTS in kinds else "numbers"
        raise ValueError(f"{name} must hold {wanted}, not {dtype}")
    promised = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or stream.tell() + promised != size:
        held = size - stream.tell()
        raise ValueError(f"{name} promises {promised:,} bytes of {dtype}, but holds {held:,}")
    return Header(tuple(shape), dtype)
