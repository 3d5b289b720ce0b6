"""EMNIST: letters and digits in MNIST's form, under the names that NIST gave the files.

NIST's files hold every picture with rows and columns exchanged; here they are upright. In the set
``letters`` labels begin at 1. (G. Cohen et al., *EMNIST: an extension of MNIST to handwritten
letters*, 2017.)
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from convnet.datasets import csv, idx
from convnet.datasets.class_names import EMNIST
from convnet.datasets.dataset import Bytes, Dataset, DatasetError, Labels, Split, together

NAME = re.compile(
    rf"emnist-({'|'.join(EMNIST)})-(train|test)"
    r"(?:-(images-idx3|labels-idx1)-ubyte(?:\.gz)?|\.csv)"
)


def find(folder: Path) -> dict[str, Path]:
    """Return the files of EMNIST in ``folder`` by ``letters-train-images-idx3`` or the like."""
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("emnist-*")):
        if (match := NAME.fullmatch(path.name)) and path.is_file():
            found.setdefault("-".join(part or "csv" for part in match.groups()), path)
    return found


def load(folder: Path) -> Dataset:
    """Read the set that a folder has.

    Raises
    ------
    DatasetError
        If there are several, or a file is missing or broken.
    """
    names = sorted({name.partition("-")[0] for name in find(folder)})
    if len(names) > 1:
        raise DatasetError(
            folder, f"several sets of EMNIST: {', '.join(names)}. Give one file of the one you want"
        )
    return _load(folder, names[0])


def load_file(path: Path) -> Dataset:
    """Read the set that one of its files belongs to."""
    match = NAME.fullmatch(path.name)
    assert match is not None, "`folder.load` gives no other file"
    return _load(path.parent, match[1])


def _load(folder: Path, name: str) -> Dataset:
    files = {key: path for key, path in find(folder).items() if key.startswith(f"{name}-")}
    train, test = (_split(folder, files, name, part) for part in ("train", "test"))
    return together(folder, train, test, "mnist")


def _split(folder: Path, files: dict[str, Path], name: str, part: str) -> Split:
    first = 1 if name == "letters" else 0
    classes = EMNIST[name]
    images, labels = _read(folder, files, name, part, ("",) * first + classes)
    upright = np.ascontiguousarray(images.transpose(0, 2, 1))
    if first and not labels.all():
        raise DatasetError(folder, f"expected labels in 1..{len(classes)}, got 0", part)
    return Split(upright, labels - labels.dtype.type(first), classes)


def _read(
    folder: Path, files: dict[str, Path], name: str, part: str, numbered: tuple[str, ...]
) -> tuple[Bytes, Labels]:
    if (table := files.get(f"{name}-{part}-csv")) is not None:
        split = csv.read(table, numbered)
        return split.images, split.labels
    wanted = [f"{name}-{part}-{kind}" for kind in ("images-idx3", "labels-idx1")]
    for key in wanted:
        if key not in files:
            missing = folder / f"emnist-{key}-ubyte"
            raise DatasetError(missing, "missing, while other files of its set are here")
    return idx.read_pair(files[wanted[0]], files[wanted[1]], numbered)
