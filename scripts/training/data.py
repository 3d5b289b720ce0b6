"""The data of a command: a given folder, the usual folder, or MNIST downloaded into the latter."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convnet import datasets
from scripts.training.download import download
from scripts.training.sources import SOURCES


def open_dataset(folder: Path | None) -> datasets.Dataset:
    """Read the data set in `folder`; by default the usual one, with MNIST downloaded if empty.

    Raises
    ------
    DatasetError
        If `folder` holds no data set, or a broken one.
    DownloadError
        If there is nothing in the usual folder, and no mirror gives MNIST.
    """
    if folder is not None:
        return datasets.load(folder)
    usual = datasets.default_folder()
    try:
        datasets.find(usual)
    except datasets.DatasetError as error:
        print(f"{error}.\nDownloading MNIST into {usual}/ (11 MB, once):", flush=True)
        download(SOURCES["mnist"], usual)
    return datasets.load(usual)


def class_numbers(labels: NDArray[np.uint8], digits: Sequence[int]) -> NDArray[np.intp]:
    """Return the place of each label in `digits`, which is the output that stands for it."""
    place_of = np.full(10, -1)
    place_of[list(digits)] = np.arange(len(digits))
    return np.asarray(place_of[labels])


def fingerprint(split: datasets.Split) -> str:
    """Return a short text that another set of images or labels would not have."""
    return f"{zlib.crc32(split.labels, zlib.crc32(split.images)):08x}"
