"""The data of a command: what it names, the usual folder, or MNIST downloaded into the latter."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convnet import datasets
from convnet.datasets.dataset import DIGITS
from convnet.network import Sequential
from scripts.datasets.picture_folders import PictureOptions
from scripts.training.download import download
from scripts.training.sources import SOURCES


def open_dataset(path: Path | None, pictures: PictureOptions | None = None) -> datasets.Dataset:
    """Read the data set in `path`; by default the usual folder, with MNIST downloaded if empty.

    `pictures` says what becomes of the pictures in a folder of them.

    Raises
    ------
    DatasetError
        If there is no data set, or a broken one.
    DownloadError
        If there is nothing in the usual folder, and no mirror gives MNIST.
    """
    reader = (pictures or PictureOptions()).reader()
    if path is not None:
        return datasets.load(path, reader)
    usual = datasets.default_folder()
    try:
        datasets.find(usual)
    except datasets.DatasetError as error:
        print(f"{error}.\nDownloading MNIST into {usual}/ (11 MB, once):", flush=True)
        download(SOURCES["mnist"], usual)
    return datasets.load(usual, reader)


def pictures_like(network: Sequential) -> PictureOptions:
    """Return how pictures become inputs of a trained network."""
    record, shape = network.metadata, network.input_shape
    knows_digits = all(isinstance(name, int) for name in record.get("classes", ()))
    usual = "mnist" if shape == (28, 28, 1) and knows_digits else "plain"
    return PictureOptions(shape[:2] if len(shape) == 3 else None, record.get("input_form", usual))


def input_form(data: datasets.Dataset) -> str:
    """Return ``"mnist"`` or ``"plain"``, what is written into the metadata of a network."""
    if data.input_form is not None:
        return data.input_form
    mnist = data.train.input_shape == (28, 28, 1) and data.train.classes == DIGITS
    return "mnist" if mnist else "plain"


def class_numbers(
    labels: NDArray[np.integer], classes: Sequence[int] | Sequence[str]
) -> NDArray[np.intp]:
    """Return the output that stands for each label: its place among `classes` if those are digits.

    Labels of named classes are numbers of outputs already.
    """
    if not all(isinstance(digit, int) for digit in classes):
        return labels.astype(np.intp)
    place_of = np.full(10, -1)
    place_of[list(classes)] = np.arange(len(classes))
    return np.asarray(place_of[labels])


def fingerprint(split: datasets.Split) -> str:
    """Return a short text that another set of images or labels would not have."""
    return f"{zlib.crc32(split.labels, zlib.crc32(split.images)):08x}"
