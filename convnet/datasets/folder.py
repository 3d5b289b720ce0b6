"""Recognise what a folder holds, and read it."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

from convnet.datasets import csv, idx
from convnet.datasets.dataset import Dataset, DatasetError
from convnet.datasets.pictures import class_folders

READERS: tuple[ModuleType, ...] = (idx, csv, class_folders)  # each has `find` and `load`
SUBFOLDERS = (".", "mnist", "archive")


def default_folder() -> Path:
    """Return the folder that ``CONVNET_DATA_DIR`` names, or ``data`` in the current folder."""
    return Path(os.environ.get("CONVNET_DATA_DIR") or "data")


def find(folder: str | Path) -> tuple[ModuleType, Path]:
    """Return the reader for what ``folder`` holds, and the sub-folder that holds it.

    Raises
    ------
    DatasetError
        If there is no such folder, or nothing in it, in ``mnist/`` or in ``archive/`` is known.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DatasetError(folder, "no such folder")
    for subfolder in SUBFOLDERS:
        for reader in READERS:
            if reader.find(folder / subfolder):
                return reader, folder / subfolder
    raise DatasetError(
        folder,
        "no data set here: expected train-images-idx3-ubyte(.gz) and its three companions, "
        "mnist_train.csv and mnist_test.csv, or folders 0/ … 9/ of PNG pictures "
        "(directly, in mnist/ or in archive/)",
    )


def load(folder: str | Path | None = None) -> Dataset:
    """Read the data set in a folder, whichever of the known formats it has.

    Parameters
    ----------
    folder : path, optional
        By default the one that ``CONVNET_DATA_DIR`` names, or ``data``.

    Raises
    ------
    DatasetError
        If none is found, or a file is broken: with the file, the place and the reason.
    """
    reader, place = find(default_folder() if folder is None else folder)
    dataset: Dataset = reader.load(place)
    return dataset
