"""IDX, the format that MNIST was published in.

A file is a header of big-endian 32-bit integers, then the values in C order. The first integer is
the magic number: ``0x08`` for unsigned bytes in its third byte, the number of dimensions in its
last. One integer for each dimension follows. (Y. LeCun, C. Cortes, C. Burges, *The MNIST database
of handwritten digits*, "File formats".)
"""

from __future__ import annotations

import gzip
import zlib
from math import prod
from pathlib import Path
from typing import IO

import numpy as np

from convnet.datasets import class_names
from convnet.datasets.dataset import DIGITS, Bytes, Dataset, DatasetError, Labels, Split, together
from convnet.storage.npz import most_unpacked

UNSIGNED_BYTES = 0x0800
GZIP_MAGIC = b"\x1f\x8b"
BLOCK = 1 << 20
LARGEST = 1 << 30  # values: EMNIST's largest file, 697,932 letters and digits, has half as many
PARTS = {"train": "train", "test": "t10k"}  # our name of a split: MNIST's


def find(folder: Path) -> dict[str, Path]:
    """Return the IDX files in ``folder`` by their canonical name (``train-images-idx3-ubyte``, …).

    ``train-images.idx3-ubyte`` and a further ``.gz`` are the same file under other names.
    """
    found = {}
    for part in PARTS.values():
        for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"):
            name = f"{part}-{kind}"
            dotted = name.replace("-idx", ".idx")
            spellings = (name, f"{name}.gz", dotted, f"{dotted}.gz")
            paths = [path for s in spellings if (path := folder / s).is_file()]
            if paths:
                found[name] = paths[0]
    return found


def load(folder: Path) -> Dataset:
    """Read the four files of a data set.

    Raises
    ------
    DatasetError
        If one is missing or broken, or images and labels do not agree.
    """
    files, names = find(folder), class_names.known(folder)
    train, test = (_load_split(folder, files, part, names) for part in PARTS.values())
    return together(files["train-images-idx3-ubyte"], train, test)


def read(path: Path, ndim: int) -> Bytes:
    """Read one IDX file of unsigned bytes with ``ndim`` dimensions, gzipped or not."""
    with path.open("rb") as raw:
        zipped = raw.read(2) == GZIP_MAGIC
        raw.seek(0)
        if not zipped:
            return _parse(path, raw, ndim)
        try:
            with gzip.open(raw) as unzipped:
                return _parse(path, unzipped, ndim)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DatasetError(path, f"broken gzip data: {error}") from error


def encode(values: Bytes) -> bytes:
    """Return ``values`` as the bytes of an (unzipped) IDX file."""
    header = np.array([UNSIGNED_BYTES + values.ndim, *values.shape], dtype=">u4")
    return header.tobytes() + values.tobytes()


def _parse(path: Path, file: IO[bytes] | gzip.GzipFile, ndim: int) -> Bytes:
    header = file.read(4 + 4 * ndim)
    if not header:
        raise DatasetError(path, "the file is empty")
    magic = int.from_bytes(header[:4], "big")
    if magic != UNSIGNED_BYTES + ndim:
        raise DatasetError(
            path,
            f"expected magic number 0x{UNSIGNED_BYTES + ndim:08x}, got 0x{magic:08x}",
            "byte 0",
        )
    if len(header) < 4 + 4 * ndim:
        raise DatasetError(path, "the header is cut short", f"byte {len(header)}")
    shape = tuple(np.frombuffer(header, ">u4", offset=4).tolist())
    expected = prod(shape)
    limit = min(LARGEST, most_unpacked(path.stat().st_size))
    if expected == 0 and max(shape, default=0) > limit:  # which NumPy cannot have
        raise DatasetError(path, f"shape {shape} has a side beyond {limit:,}")
    if expected > limit:
        raise DatasetError(path, f"shape {shape} claims {expected:,} values, limit {limit:,}")
    values = _read_up_to(file, expected + 1)  # one more, to see whether the file ends there
    if len(values) < expected:
        reason = f"truncated: {expected} values expected for shape {shape}, {len(values)} found"
        raise DatasetError(path, reason, f"byte {len(header) + len(values)}")
    if len(values) > expected:
        reason = f"bytes left over after the {expected} values of shape {shape}"
        raise DatasetError(path, reason, f"byte {len(header) + expected}")
    return np.frombuffer(values, np.uint8).reshape(shape)


def _read_up_to(file: IO[bytes] | gzip.GzipFile, count: int) -> bytearray:
    """Read block by block, so that a file takes the memory of what it holds, not of its claims."""
    values = bytearray()
    while len(values) < count and (block := file.read(min(BLOCK, count - len(values)))):
        values += block
    return values


def _load_split(
    folder: Path, files: dict[str, Path], part: str, names: tuple[str, ...] | None
) -> Split:
    wanted = f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"
    for name in wanted:
        if name not in files:
            raise DatasetError(folder / name, "missing, while other files of its set are here")
    images_path, labels_path = (files[name] for name in wanted)
    images, labels = read_pair(images_path, labels_path, names)
    return Split(images, labels, names or DIGITS)


def read_pair(
    images_path: Path, labels_path: Path, names: tuple[str, ...] | None
) -> tuple[Bytes, Labels]:
    """Read images (N, H, W) and labels (N,), which are places in `names` or digits."""
    images, labels = read(images_path, ndim=3), read(labels_path, ndim=1)
    if len(images) != len(labels):
        raise DatasetError(labels_path, f"{len(labels)} labels for {len(images)} images")
    return images, class_names.numbered(labels_path, labels, names, first_byte=8)
