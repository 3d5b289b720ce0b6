"""CIFAR-10 in its binary form: small photos in colour.

A file is records of 3,073 bytes: the label, then 32 rows of 32 reds, the greens, the blues.
(A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, 2009.)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from convnet.datasets import class_names
from convnet.datasets.dataset import Dataset, DatasetError, Split, together

SIDE = 32
RECORD = 1 + 3 * SIDE * SIDE
TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = "test_batch.bin"
NAMES = "batches.meta.txt"
CLASSES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)


def find(folder: Path) -> dict[str, Path]:
    """Return the binary files in ``folder`` by name."""
    return {name: path for name in (*TRAIN, TEST) if (path := folder / name).is_file()}


def load(folder: Path) -> Dataset:
    """Read the files of CIFAR-10; fewer than five parts of the training set are enough.

    Raises
    ------
    DatasetError
        If the training set or the test set is missing, or a file is broken.
    """
    files = find(folder)
    train = [files[name] for name in TRAIN if name in files]
    if not train or TEST not in files:
        missing = folder / (TEST if train else TRAIN[0])
        raise DatasetError(missing, "missing, while other files of its set are here")
    names = _names(folder / NAMES)
    return together(folder, _read(train, names), _read([files[TEST]], names))


def _names(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        return CLASSES
    names = tuple(path.read_text(encoding="utf-8", errors="replace").split("\n"))
    names = tuple(name.strip() for name in names if name.strip())
    class_names.require_names(path, names)
    return names


def _read(paths: list[Path], names: tuple[str, ...]) -> Split:
    records = np.concatenate([_records(path, len(names)) for path in paths])
    planes = records[:, 1:].reshape(-1, 3, SIDE, SIDE)
    return Split(np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), records[:, 0].copy(), names)


def _records(path: Path, classes: int) -> np.ndarray:
    size = path.stat().st_size
    if not size or size % RECORD:
        reason = f"expected records of {RECORD} bytes, got {size} bytes in all"
        raise DatasetError(path, reason)
    records = np.fromfile(path, np.uint8).reshape(-1, RECORD)
    if (wrong := np.flatnonzero(records[:, 0] >= classes)).size:
        reason = f"expected a label in 0..{classes - 1}, got {records[wrong[0], 0]}"
        raise DatasetError(path, reason, f"byte {wrong[0] * RECORD}")
    return records
