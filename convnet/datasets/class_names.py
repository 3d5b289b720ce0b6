"""What the labels of a data set stand for: names that are known, given in a file, or found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnet.datasets.dataset import DIGITS, MOST_CLASSES, DatasetError, Labels

FILE = "classes.txt"
LONGEST_NAME = 100

FASHION = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)

_BALANCED = (*DIGITS, *ascii_uppercase, *"abdefghnqrt")
EMNIST = {
    "balanced": _BALANCED,
    "bymerge": _BALANCED,
    "byclass": (*DIGITS, *ascii_uppercase, *ascii_lowercase),
    "digits": DIGITS,
    "letters": tuple(ascii_uppercase),
    "mnist": DIGITS,
}
"""Classes of each set (Cohen et al., "EMNIST", 2017); some merge letters that look alike."""


def known(folder: Path, file: str = "") -> tuple[str, ...] | None:
    """Return the names that ``classes.txt`` gives, one a line, or those of Fashion-MNIST.

    None if there is no such file, and neither the folder nor `file` is called fashion.

    Raises
    ------
    DatasetError
        If a name is empty, too long, not printable or there twice.
    """
    path = folder / FILE
    if not path.is_file():
        return FASHION if "fashion" in f"{folder.resolve().name} {file}".lower() else None
    names = tuple(path.read_text(encoding="utf-8-sig", errors="replace").splitlines())
    require_names(path, names)
    return names


def require_names(path: Path, names: Sequence[str]) -> None:
    """Refuse names of classes that a service could not show; `path` says where they are from."""
    if not 2 <= len(names) <= MOST_CLASSES:
        raise DatasetError(path, f"expected 2 to {MOST_CLASSES} classes, got {len(names)}")
    for number, name in enumerate(names, 1):
        if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
            reason = f"expected a name of 1 to {LONGEST_NAME} printable characters"
            raise DatasetError(path, f"{reason}, got {name[:20]!r}", f"class {number}")
        if name in names[: number - 1]:
            raise DatasetError(path, f"the class {name!r} is there twice", f"class {number}")


def numbered(
    path: Path, values: NDArray[Any], names: Sequence[str] | None, first_byte: int | None = None
) -> Labels:
    """Check labels that are places in `names`, by default the ten digits.

    In a file of bytes the first label is at `first_byte`.

    Raises
    ------
    DatasetError
        If one is no place in the list.
    """
    wanted = DIGITS if names is None else names
    wrong = np.flatnonzero((values < 0) | (values >= len(wanted)))
    if wrong.size:
        reason = f"expected a label in 0..{len(wanted) - 1}, got {values[wrong[0]]}"
        if names is None:
            reason += f" (other classes than digits need {FILE}: a name a line)"
        place = "" if first_byte is None else f", byte {first_byte + wrong[0]}"
        raise DatasetError(path, reason, f"label {wrong[0]}{place}")
    return small(values)


def found(path: Path, values: NDArray[Any]) -> tuple[str, ...]:
    """Return the names of the classes that labels show: digits, other numbers, or texts."""
    if values.dtype.kind in "iu":
        if values.min() >= 0 and values.max() < len(DIGITS):
            return DIGITS
        names = tuple(str(value) for value in np.unique(values).tolist())
    else:
        names = tuple(np.unique(values).tolist())
    require_names(path, names)
    return names


def places(path: Path, values: NDArray[Any], names: Sequence[str]) -> Labels:
    """Return the place in `names` of each label, which are numbers or texts.

    Raises
    ------
    DatasetError
        If a label is none of the names.
    """
    place_of = {name: place for place, name in enumerate(names)}
    texts = [str(value) for value in values.tolist()]
    for number, text in enumerate(texts):
        if text not in place_of:
            raise DatasetError(path, f"the class {text[:20]!r} is not in training", f"row {number}")
    return small(np.array([place_of[text] for text in texts]))


def small(values: NDArray[Any]) -> Labels:
    """Return labels in the smallest type that holds all of them."""
    return values.astype(np.uint8 if values.max(initial=0) < 256 else np.uint16)
