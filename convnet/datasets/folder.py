"""Recognise what a folder or a file holds, and read it."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

import numpy as np

from convnet.datasets import arrays, cifar10, csv, emnist, idx
from convnet.datasets.dataset import Dataset, DatasetError, Split
from convnet.datasets.pictures import class_folders
from convnet.datasets.pictures.class_folders import PictureReader

# Each has `find(folder)`, which returns nothing where it finds nothing, and `load(folder)`. First
# those that know their files by name; then those that may take what is there for another set.
READERS: tuple[tuple[ModuleType, ...], ...] = (
    (idx, emnist, cifar10, arrays),
    (class_folders, csv),
)
# Where archives put their files: data-science sites, CIFAR-10 and EMNIST as they are published.
SUBFOLDERS = (".", "mnist", "archive", "cifar-10-batches-bin", "gzip")
KNOWN = (
    "train-images-idx3-ubyte(.gz) and its three companions, EMNIST's or CIFAR-10's binary files, "
    "…train….csv or one CSV file, an .npz file or images.npy and labels.npy, "
    "or a folder of pictures for each class"
)
HOW_TO_GET = (
    "`python scripts/download_data.py` fetches MNIST and others (--help names them); "
    "CONVNET_DATA_DIR says where data sets are"
)


def default_folder() -> Path:
    """Return the folder that ``CONVNET_DATA_DIR`` names, or ``data`` in the current folder."""
    return Path(os.environ.get("CONVNET_DATA_DIR") or "data")


def find(folder: str | Path) -> tuple[ModuleType, Path]:
    """Return the reader for what ``folder`` holds, and the sub-folder that holds it.

    Raises
    ------
    DatasetError
        If there is no such folder, or nothing in it or in its `SUBFOLDERS` is known.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DatasetError(folder, f"no such folder; {HOW_TO_GET}")
    for readers in READERS:
        for subfolder in SUBFOLDERS:
            if found := _recognised(folder / subfolder, readers):
                return found, folder / subfolder
    every = tuple(reader for readers in READERS for reader in readers)
    below = [
        path for path in sorted(folder.iterdir()) if path.is_dir() and _recognised(path, every)
    ]
    if below:
        names = ", ".join(str(path) for path in below[:8])
        raise DatasetError(folder, f"no data set directly in here, but below it: name one: {names}")
    places = ", ".join(f"{name}/" for name in SUBFOLDERS[1:])
    raise DatasetError(
        folder,
        f"no data set here: expected {KNOWN} (directly or in {places}); {HOW_TO_GET}",
    )


def _recognised(folder: Path, readers: tuple[ModuleType, ...]) -> ModuleType | None:
    return next((reader for reader in readers if folder.is_dir() and reader.find(folder)), None)


def load(path: str | Path | None = None, pictures: PictureReader | None = None) -> Dataset:
    """Read the data set in a folder or a file, whichever of the known formats it has.

    Parameters
    ----------
    path : path, optional
        By default the folder that ``CONVNET_DATA_DIR`` names, or ``data``. A file of a set that has
        several stands for all of them.
    pictures : PictureReader, optional
        Reads folders of pictures; by default PNG alone, all of one size.

    Raises
    ------
    DatasetError
        If none is found, a file is broken or cannot be right: with the file, the place and the
        reason.
    """
    path = default_folder() if path is None else Path(path)
    dataset = _load_file(path) if path.is_file() else _load_folder(path, pictures)
    for name, split in (("train", dataset.train), ("test", dataset.test)):
        _require_plausible(path, name, split)
    return dataset


def _load_folder(folder: Path, pictures: PictureReader | None) -> Dataset:
    reader, place = find(folder)
    dataset: Dataset = (
        class_folders.load(place, pictures) if reader is class_folders else reader.load(place)
    )
    return dataset


def _load_file(path: Path) -> Dataset:
    if emnist.NAME.fullmatch(path.name):
        return emnist.load_file(path)
    if path.suffix.lower() in (".npz", ".npy"):
        return arrays.load_file(path)
    if path.suffix.lower() == ".csv":
        return csv.load_file(path)
    for reader in (idx, cifar10):
        if path in reader.find(path.parent).values():
            dataset: Dataset = reader.load(path.parent)
            return dataset
    raise DatasetError(path, f"no data set that is known: expected {KNOWN}")


def _require_plausible(path: Path, name: str, split: Split) -> None:
    """Refuse what was read without an error and cannot be right all the same."""
    if not len(split):
        raise DatasetError(path, "no pictures: there are too few to part", f"{name} set")
    low, high = split.images.min(), split.images.max()
    if low == high:
        raise DatasetError(path, f"every pixel of every picture is {low}", f"{name} set")
    if name == "train" and len(shown := np.unique(split.labels)) < 2:
        only = split.classes[shown[0]]
        raise DatasetError(path, f"every label is {only!r}: two classes are needed", f"{name} set")
