"""Digits that are in MNIST's form already, found in a stack of pictures at once.

The same as `server.finding.prepare.preprocess` for each of them; that takes a seventh of a
millisecond for a picture, which is half of what the network takes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from server.preprocessing.mnist_form import DIGIT_SIDE, INPUT_SIDE

# Pictures with as many edges between rows, or columns, are not made of squares (low_resolution.py).
_ENOUGH_EDGES = 9
_FULL_INK = 250


def in_form(greys: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return inputs of the network, and which of the pictures they are right for.

    Parameters
    ----------
    greys : ndarray of uint8, shape (N, 28, 28)

    Returns
    -------
    inputs : ndarray of float32, shape (N, 28, 28)
    bool : ndarray, shape (N,)
        False where the picture may need more than to be divided by 255.
    """
    border = np.concatenate([greys[:, 0], greys[:, -1], greys[:, :, 0], greys[:, :, -1]], axis=1)
    dark, light = (border == 0).all(axis=1), (border == 255).all(axis=1)
    digits = np.where(light[:, np.newaxis, np.newaxis], 255 - greys, greys)
    inked = digits > 0
    sides = [_extent(inked.any(axis=axis)) for axis in (1, 2)]
    side = np.maximum(*sides)
    good = (dark | light) & (digits.max(axis=(1, 2)) >= _FULL_INK)
    good &= (side >= DIGIT_SIDE - 2) & (side <= DIGIT_SIDE)
    good &= _edges(greys) >= _ENOUGH_EDGES
    good &= _offset(digits) <= 1
    return digits.astype(np.float32) / np.float32(255), good


def _extent(inked: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return from where to where there is ink, in pixels: (N,) of (N, L)."""
    return inked.shape[1] - inked.argmax(axis=1) - inked[:, ::-1].argmax(axis=1)


def _edges(greys: NDArray[np.uint8]) -> NDArray[np.intp]:
    rows = (greys[:, 1:] != greys[:, :-1]).any(axis=2).sum(axis=1)
    columns = (greys[:, :, 1:] != greys[:, :, :-1]).any(axis=1).sum(axis=1)
    return np.asarray(np.maximum(rows, columns))


def _offset(digits: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return how far the centre of mass is from that of the picture, along the worse axis."""
    places = np.arange(INPUT_SIDE)
    total = np.maximum(digits.sum(axis=(1, 2), dtype=np.float64), 1)
    centres = [digits.sum(axis=axis, dtype=np.float64) @ places / total for axis in (1, 2)]
    return np.asarray(np.abs(np.subtract(centres, INPUT_SIDE // 2)).max(axis=0))
