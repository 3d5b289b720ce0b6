"""Scans of handwritten digits in two collections of the 1990s, black on white in few pixels.

*Semeion*: 16 x 16 pixels, each digit stretched to a square, written by Italians once carefully and
once in haste. A line has 256 numbers, 0 or 1, and ten more, of which one is 1: the digit.

*optdigits*: 32 x 32 pixels, written by Turks. Each digit is 32 lines of 32 characters, 0 or 1, and
a line with the digit; lines of text may come before the first.

Both are from the UCI Machine Learning Repository, under CC BY 4.0: Semeion (1994, doi
10.24432/C5SC8V), Optical Recognition of Handwritten Digits (1998, doi 10.24432/C50P49).
"""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

LARGEST_FILE = 16 * 1024 * 1024
"""Bytes, unpacked; both have less than three million."""


class ScanError(ValueError):
    """A file that is not of the collection, or not whole: which one, where in it, and why."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}, line {line}: {reason}")


class Scans(NamedTuple):
    """Scans and the digits on them.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, H, W)
        Ink 255, paper 0.
    labels : ndarray of uint8, shape (N,)
    """

    images: np.ndarray
    labels: np.ndarray


def read_semeion(path: Path) -> Scans:
    """Read a file of Semeion, packed by gzip or not.

    Raises
    ------
    ScanError
    """
    images, labels = [], []
    for number, line in enumerate(_lines(path), start=1):
        try:
            values = np.array([float(word) for word in line.split()])
        except ValueError:
            raise ScanError(path, number, "there is something that is no number") from None
        if values.shape != (266,) or not np.isin(values, (0, 1)).all() or values[256:].sum() != 1:
            raise ScanError(path, number, "expected 256 pixels and ten marks, each 0 or 1, one set")
        images.append(values[:256].reshape(16, 16))
        labels.append(values[256:].argmax())
    return _scans(path, images, labels)


def read_optdigits(path: Path) -> Scans:
    """Read a file of optdigits-orig, packed by gzip or not.

    Raises
    ------
    ScanError
    """
    images: list[np.ndarray] = []
    labels: list[int] = []
    rows: list[str] = []
    for number, line in enumerate(_lines(path), start=1):
        if re.fullmatch("[01]{32}", line.strip()):
            rows.append(line.strip())
        elif len(rows) == 32 and re.fullmatch("[0-9]", line.strip()):
            images.append(np.array([[int(value) for value in row] for row in rows]))
            labels.append(int(line))
            rows = []
        elif rows or images:
            raise ScanError(path, number, f"expected row {len(rows) + 1} of a digit, or its label")
    if rows:
        raise ScanError(path, number, f"the file ends in row {len(rows)} of a digit")
    return _scans(path, images, labels)


def _lines(path: Path) -> list[str]:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, EOFError) as error:
        raise ScanError(path, 0, f"cannot be read: {error}") from error
    if len(content) > LARGEST_FILE:
        raise ScanError(path, 0, f"more than {LARGEST_FILE} bytes")
    return content.decode("latin-1").splitlines()


def _scans(path: Path, images: list[np.ndarray], labels: list[int]) -> Scans:
    if not images:
        raise ScanError(path, 0, "there are no digits in it")
    return Scans(np.stack(images).astype(np.uint8) * 255, np.array(labels, np.uint8))
