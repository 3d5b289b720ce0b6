"""Pictures and labels as NumPy arrays: an .npz file, such as Keras' ``mnist.npz``, or .npy files.

Known names are ``x_train``, ``y_train``, ``x_test``, ``y_test`` (Keras), ``train_images``,
``train_labels``, ``test_images``, ``test_labels``, or, without a test set, the pairs ``images`` and
``labels``, ``x`` and ``y``, ``X`` and ``y``, or the training arrays alone. Pictures may be bytes,
whole numbers to 255 or fractions to 1, of shape (N, H, W), (N, H, W, C), (N, C, H, W) or
(N, H · W). Labels are whole numbers, one-hot rows or texts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnet.datasets import class_names
from convnet.datasets.dataset import (
    Bytes,
    Dataset,
    DatasetError,
    Labels,
    Split,
    together,
    with_test_set,
)
from convnet.storage.npz import NUMBERS, TEXTS, ArrayFile, naming, read_header

LARGEST = 1 << 32  # bytes
KINDS = NUMBERS + TEXTS
SPLIT_NAMES = (
    (("x_train", "y_train"), ("x_test", "y_test")),
    (("train_images", "train_labels"), ("test_images", "test_labels")),
)
PAIRS = (("images", "labels"), ("x", "y"), ("X", "y"), ("X", "Y"))
CHANNELS = (1, 3)

Read = Callable[[str], NDArray[Any]]


def find(folder: Path) -> dict[str, Path]:
    """Return ``mnist.npz`` or another .npz file alone in ``folder``, or .npy files by name."""
    archives = sorted(folder.glob("*.npz"))
    chosen = [path for path in archives if path.name == "mnist.npz"] or archives
    if len(chosen) == 1 and _wanted(_names_in(chosen[0])):
        return {chosen[0].name: chosen[0]}
    arrays = {path.stem: path for path in sorted(folder.glob("*.npy"))}
    return arrays if _wanted(set(arrays)) else {}


def load(folder: Path) -> Dataset:
    """Read the arrays in a folder.

    Raises
    ------
    DatasetError
        If they are broken, do not fit each other, or cannot be pictures with labels.
    """
    return load_file(next(iter(find(folder).values())))


def load_file(path: Path) -> Dataset:
    """Read an .npz file, or an .npy file with those that belong to it."""
    if path.suffix == ".npz":
        names = _names_in(path, strict=True)

        def read(name: str) -> NDArray[Any]:
            return _checked(path, lambda: ArrayFile(path, LARGEST, KINDS).read(name))
    else:
        names = {other.stem for other in path.parent.glob("*.npy")}

        def read(name: str) -> NDArray[Any]:
            return _read_npy(path.with_name(f"{name}.npy"))

    if (wanted := _wanted(names)) is None:
        expected = ", ".join(" and ".join(pair) for pair in PAIRS)
        raise DatasetError(
            path,
            f"expected arrays x_train, y_train, x_test, y_test, or {expected}, "
            f"got {', '.join(sorted(names)[:8]) or 'none'}",
        )
    return _dataset(path, read, wanted)


def _names_in(path: Path, strict: bool = False) -> set[str]:
    try:
        return set(ArrayFile(path, LARGEST, KINDS).headers)
    except ValueError as error:
        if strict:
            raise DatasetError(path, str(error).removeprefix(f"{path}: ")) from error
        return set()


def _wanted(names: set[str]) -> tuple[tuple[str, str], ...] | None:
    """Return the names of the pairs of arrays that make a data set, if they are there."""
    for pairs in SPLIT_NAMES:
        if {name for pair in pairs for name in pair} <= names:
            return pairs
    for pair in (*PAIRS, *(pairs[0] for pairs in SPLIT_NAMES)):
        if set(pair) <= names:
            return (pair,)
    return None


def _checked(path: Path, read: Callable[[], NDArray[Any]]) -> NDArray[Any]:
    try:
        return read()
    except (ValueError, EOFError) as error:
        raise DatasetError(path, str(error).removeprefix(f"{path}: ")) from error


def _read_npy(path: Path) -> NDArray[Any]:
    def read() -> NDArray[Any]:
        with naming(path), path.open("rb") as stream:
            read_header(stream, path.stat().st_size, path.name, KINDS)
            stream.seek(0)
            return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))

    return _checked(path, read)


def _dataset(path: Path, read: Read, wanted: tuple[tuple[str, str], ...]) -> Dataset:
    parts = []
    for images, labels in wanted:
        parts.append((to_pictures(path, images, read(images)), _flat(path, labels, read(labels))))
        if len(parts[-1][0]) != len(parts[-1][1]):
            counts = f"{len(parts[-1][1])} labels for {len(parts[-1][0])} images"
            raise DatasetError(path, counts, labels)
        if not len(parts[-1][0]):
            raise DatasetError(path, "there are no pictures in it", images)
    names = class_names.known(path.parent, path.name)
    classes = names or class_names.found(path, parts[0][1])
    splits = [Split(images, _labels(path, own, names, classes), classes) for images, own in parts]
    return with_test_set(splits[0]) if len(splits) == 1 else together(path, splits[0], splits[1])


def _labels(
    path: Path, values: NDArray[Any], names: tuple[str, ...] | None, classes: tuple[str, ...]
) -> Labels:
    if names is not None and values.dtype.kind != TEXTS:
        return class_names.numbered(path, values, names)
    return class_names.places(path, values, classes)


def to_pictures(path: Path, name: str, array: NDArray[Any]) -> Bytes:
    """Return an array as bytes of shape (N, H, W) or (N, H, W, 3).

    Raises
    ------
    DatasetError
        If it has another shape, or values that are no greys.
    """
    if array.dtype.kind == TEXTS:
        raise DatasetError(path, f"expected numbers, got {array.dtype}", name)
    return _to_bytes(path, name, _in_order(path, name, array))


def _in_order(path: Path, name: str, array: NDArray[Any]) -> NDArray[Any]:
    shape = array.shape
    if len(shape) == 2 and math.isqrt(shape[1]) ** 2 == shape[1]:
        side = math.isqrt(shape[1])
        return array.reshape(-1, side, side)
    if len(shape) == 4 and shape[3] not in CHANNELS and shape[1] in CHANNELS:
        array = array.transpose(0, 2, 3, 1)
    if array.ndim == 4 and array.shape[3] == 1:
        return array[..., 0]
    if array.ndim == 3 or (array.ndim == 4 and array.shape[3] == 3):
        return array
    reason = f"expected pictures (N, H, W) or (N, H, W, 3), got shape {shape}"
    raise DatasetError(path, reason, name)


def _to_bytes(path: Path, name: str, array: NDArray[Any]) -> Bytes:
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    low, high = (array.min(), array.max()) if array.size else (0, 0)
    if array.dtype.kind == "f" and 0 <= low <= high <= 1:
        fractions: Bytes = np.rint(array * 255).astype(np.uint8)
        return fractions
    whole = array.dtype.kind in "iu" or bool((array == np.rint(array)).all())
    if array.dtype.kind == "b" or not (whole and 0 <= low <= high <= 255):
        reason = f"expected 0..255 in whole numbers or 0..1, got {array.dtype} in {low}..{high}"
        raise DatasetError(path, reason, name)
    return array.astype(np.uint8)


def _flat(path: Path, name: str, array: NDArray[Any]) -> NDArray[Any]:
    """Return labels as whole numbers or texts (N,): from (N,), (N, 1) or one-hot rows (N, K)."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 1 and array.dtype.kind == TEXTS:
        return array
    elif (
        array.ndim == 2
        and array.dtype.kind != TEXTS
        and (array.sum(axis=1) == 1).all()
        and np.isin(array, (0, 1)).all()
    ):
        array = array.argmax(axis=1)
    if array.ndim != 1 or array.dtype.kind not in "iuf" or not (array == np.rint(array)).all():
        raise DatasetError(
            path,
            f"expected whole numbers or texts (N,), got {array.dtype} of shape {array.shape}",
            name,
        )
    return array.astype(np.int64)
