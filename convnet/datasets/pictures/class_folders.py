"""Folders of pictures, one for each class: ``0/ … 9/``, ``cat/ dog/`` or any other names.

The folders may stand in ``train/`` and ``test/`` (or ``training/`` and ``testing/``; ``val/`` and
the like where there is no ``test/``). Where they stand alone, every seventh picture of each class
is the test set: the share that MNIST has.

Without Pillow, PNG pictures that all have one size are read. `PictureReader` is what a program
with Pillow puts in the place of that (`scripts/datasets/picture_folders.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from convnet.datasets import class_names
from convnet.datasets.dataset import (
    DIGITS,
    Bytes,
    Dataset,
    DatasetError,
    Split,
    ranks_of,
    share_out,
    together,
)
from convnet.datasets.pictures import png

SPLITS = {
    "train": ("train", "training"),
    "test": ("test", "testing", "val", "valid", "validation"),
}
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
FEWEST = 5
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601


@dataclass(frozen=True)
class PictureReader:
    """How the pictures of a folder become arrays of one size.

    Attributes
    ----------
    suffixes : tuple of str
        Of the files that it reads, in small letters.
    read : callable
        ``read(paths, digits) -> images, input_form``: uint8 of shape (N, H, W) or (N, H, W, 3), in
        the order of the paths, and `Dataset.input_form`; `digits` says whether the classes are
        digits. Raises `DatasetError`.
    """

    suffixes: tuple[str, ...]
    read: Callable[[Sequence[Path], bool], tuple[Bytes, str]]


def find(folder: Path) -> dict[str, Path]:
    """Return the folder that has each split's class folders; one for both if they are not split."""
    found: dict[str, Path] = {}
    for split, names in SPLITS.items():
        for name in names:
            if split not in found and _class_folders(folder / name):
                found[split] = folder / name
    return found or (dict.fromkeys(SPLITS, folder) if _class_folders(folder) else {})


def load(folder: Path, reader: PictureReader | None = None) -> Dataset:
    """Read every picture below the class folders.

    Parameters
    ----------
    folder : path
    reader : PictureReader, optional
        By default `PLAIN_PNG`.

    Raises
    ------
    DatasetError
        If a split is missing or empty, a class has fewer than five pictures, or a picture is broken
        or of another size.
    """
    reader = PLAIN_PNG if reader is None else reader
    folders = find(folder)
    for split in SPLITS:
        if split not in folders:
            raise DatasetError(folder / split, "missing, while the other split is here")
    names = _names(folders["train"])
    classes = DIGITS if set(names) <= set(DIGITS) else names
    train = _listed(folders["train"], classes, reader)
    if folders["train"] != folders["test"]:
        _require_enough(folders["train"], train, classes, fewest=1)
        _require_no_others(folders["test"], names)
        test = _listed(folders["test"], classes, reader)
    else:
        _require_enough(folder, train, classes, FEWEST)
        train, test = _parted(train)
    images, form = reader.read([file.path for file in train + test], classes == DIGITS)
    labels = class_names.small(np.array([file.label for file in train + test]))
    here = slice(len(train)), slice(len(train), None)
    first, second = (Split(images[part], labels[part], classes) for part in here)
    return together(folder, first, second, form)


class _File(NamedTuple):
    """One picture; sorted, all classes take turns, so that the first N show all of them."""

    turn: float
    label: int
    path: Path


def _class_folders(folder: Path) -> list[Path]:
    """Return the folders below that are classes: two or more with pictures, or some digits."""
    if not folder.is_dir():
        return []
    below = sorted(path for path in folder.iterdir() if path.is_dir() and path.name[0] != ".")
    digits = [path for path in below if path.name in DIGITS]
    classes = [path for path in below if next(_pictures(path, SUFFIXES), None) is not None]
    return digits if len(digits) >= len(classes) else classes if len(classes) > 1 else []


def _pictures(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name[0] != "." and path.suffix.lower() in suffixes:
            yield path


def _names(folder: Path) -> tuple[str, ...]:
    names = tuple(path.name for path in _class_folders(folder))
    class_names.require_names(folder, names)
    return names


def _require_no_others(folder: Path, names: tuple[str, ...]) -> None:
    for path in _class_folders(folder):
        if path.name not in names:
            raise DatasetError(path, "a class that the training set does not have")


def _listed(folder: Path, classes: tuple[str, ...], reader: PictureReader) -> list[_File]:
    files = []
    for path in _class_folders(folder):
        pictures = sorted(_pictures(path, reader.suffixes))
        label = classes.index(path.name)
        files += [_File(i / len(pictures), label, each) for i, each in enumerate(pictures)]
    if not files:
        kinds = "PNG" if reader is PLAIN_PNG else "PNG or JPEG"
        others = any(True for path in _class_folders(folder) for _ in _pictures(path, SUFFIXES))
        hint = "; scripts/train.py, which has Pillow, reads the others" if others else ""
        reason = f"no {kinds} pictures for this split in the folders of its classes"
        raise DatasetError(folder, reason + hint)
    return sorted(files)


def _require_enough(
    folder: Path, files: list[_File], classes: tuple[str, ...], fewest: int
) -> None:
    for label, name in enumerate(classes):
        count = sum(file.label == label for file in files)
        if count < fewest and (folder / name).is_dir():
            raise DatasetError(
                folder / name, f"expected at least {fewest} pictures of a class, got {count}"
            )


def _parted(files: list[_File]) -> tuple[list[_File], list[_File]]:
    tested = share_out(*ranks_of(np.array([file.label for file in files], np.uint16)))
    parts: tuple[list[_File], list[_File]] = [], []
    for file, in_test in zip(files, tested, strict=True):
        parts[int(in_test)].append(file)
    return parts


def _read_png(paths: Sequence[Path], digits: bool) -> tuple[Bytes, str]:
    """Read PNG pictures of one size: greys if all are; digits in MNIST's form."""
    if digits:
        return read_png_digits(paths), "mnist"
    pictures = [png.read(path) for path in paths]
    if any(picture.ndim == 3 for picture in pictures):
        pictures = [_as_colour(picture) for picture in pictures]
    _require_size(paths, pictures, pictures[0].shape[:2])
    return np.stack(pictures), "plain"


def read_png_digits(paths: Sequence[Path]) -> Bytes:
    """Read PNG pictures in MNIST's form, shape (N, 28, 28); dark ink on light paper is inverted.

    Raises
    ------
    DatasetError
        If one is broken or of another size.
    """
    pictures = [_as_grey(png.read(path)) for path in paths]
    _require_size(paths, pictures, (28, 28))
    return np.stack([_ink_up(picture) for picture in pictures])


def _require_size(paths: Sequence[Path], pictures: list[Bytes], size: tuple[int, ...]) -> None:
    for path, picture in zip(paths, pictures, strict=True):
        if picture.shape[:2] != size:
            got = f"{picture.shape[1]} × {picture.shape[0]}"
            raise DatasetError(path, f"expected {size[1]} × {size[0]} pixels, got {got}")


def _as_grey(picture: Bytes) -> Bytes:
    return picture if picture.ndim == 2 else np.rint(picture @ LUMA).astype(np.uint8)


def _as_colour(picture: Bytes) -> Bytes:
    return picture if picture.ndim == 3 else np.repeat(picture[..., np.newaxis], 3, axis=2)


def _ink_up(image: Bytes) -> Bytes:
    """Invert a picture with a light border: dark ink on light paper."""
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    return 255 - image if np.median(border) > 127 else image


PLAIN_PNG = PictureReader((".png",), _read_png)
"""Reads PNG pictures of one size with NumPy alone."""
