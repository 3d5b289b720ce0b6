"""Folders ``0/ … 9/`` of PNG pictures, one folder a digit.

The ten folders may stand in ``train/`` and ``test/`` (or ``training/`` and ``testing/``). Where
they stand alone, every seventh picture of each digit is the test set: the share that MNIST has.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from convnet.datasets.dataset import CLASSES, SIDE, Bytes, Dataset, DatasetError, Split
from convnet.datasets.pictures import png

SPLITS = {"train": ("train", "training"), "test": ("test", "testing")}
TEST_SHARE = 7
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601


def find(folder: Path) -> dict[str, Path]:
    """Return the folder that has each split's digit folders; one for both if they are not split."""
    found = {
        split: folder / name
        for split, names in SPLITS.items()
        for name in names
        if _digit_folders(folder / name)
    }
    return found or (dict.fromkeys(SPLITS, folder) if _digit_folders(folder) else {})


def load(folder: Path) -> Dataset:
    """Read every PNG picture below the digit folders.

    A picture with a light border is dark ink on light paper, and is inverted.

    Raises
    ------
    DatasetError
        If a split is missing or empty, or a picture is broken or not 28 × 28.
    """
    folders = find(folder)
    for split in SPLITS:
        if split not in folders:
            raise DatasetError(folder / split, "missing, while the other split is here")
    if folders["train"] != folders["test"]:
        return Dataset(**{split: _read(path, _listed(path)) for split, path in folders.items()})
    files = _listed(folder)
    return Dataset(
        train=_read(folder, [file for file in files if not file.in_test]),
        test=_read(folder, [file for file in files if file.in_test]),
    )


class _File(NamedTuple):
    """One picture; sorted, every digit has its turn, so that the first N show all of them."""

    rank: int
    digit: int
    path: Path

    @property
    def in_test(self) -> bool:
        return self.rank % TEST_SHARE == TEST_SHARE - 1


def _digit_folders(folder: Path) -> list[Path]:
    return [path for digit in range(CLASSES) if (path := folder / str(digit)).is_dir()]


def _listed(folder: Path) -> list[_File]:
    return sorted(
        _File(rank, int(digit.name), path)
        for digit in _digit_folders(folder)
        for rank, path in enumerate(sorted(digit.glob("[!.]*.[pP][nN][gG]")))
    )


def _read(folder: Path, files: list[_File]) -> Split:
    if not files:
        raise DatasetError(folder, "no PNG pictures for this split in the digit folders")
    images = np.stack([_image(file.path) for file in files])
    return Split(images, np.array([file.digit for file in files], np.uint8))


def _image(path: Path) -> Bytes:
    image = png.read(path)
    if image.ndim == 3:
        image = np.rint(image @ LUMA).astype(np.uint8)
    if image.shape != (SIDE, SIDE):
        height, width = image.shape
        raise DatasetError(path, f"expected {SIDE} × {SIDE} pixels, got {width} × {height}")
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    return 255 - image if np.median(border) > 127 else image
