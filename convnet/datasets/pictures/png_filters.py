"""Undo the filters of PNG: add to every byte what was predicted from its neighbours.

Each row starts with the number of its filter: none, *Sub* (left), *Up* (above), *Average* (of both)
or *Paeth* (left, above or above left, whichever is nearest to left + above - above left).
(W3C, *Portable Network Graphics (PNG) Specification*, third edition, section 9;
A. W. Paeth, *Image File Compression Made Easy*, Graphics Gems II, 1991.)

The last two need the byte that was just found. One by one that takes a quarter of a microsecond a
byte, which is right for a row or two of a small picture. A large one is done by diagonals instead,
from the upper right to the lower left: all the neighbours of a diagonal are on the two before it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from convnet.datasets.dataset import Bytes

NONE, SUB, UP, AVERAGE, PAETH = range(5)
# A diagonal, however short, takes about as long as this many bytes one by one.
DIAGONAL = 100


class UnknownFilter(ValueError):
    """A row has a filter that PNG does not have."""


def unfilter(filtered: Bytes, above: Bytes, pixel_bytes: int) -> Bytes:
    """Undo the filters of some rows.

    Parameters
    ----------
    filtered : ndarray of uint8, shape (H, 1 + W)
        Rows of W bytes, each after the number of its filter.
    above : ndarray of uint8, shape (W,)
        The row above them; zeros for the first.
    pixel_bytes : int
        Bytes from a pixel to the next.

    Returns
    -------
    ndarray of uint8, shape (H, W)

    Raises
    ------
    UnknownFilter
        If a filter has another number than 0 to 4.
    """
    kinds, rows = filtered[:, 0], filtered[:, 1:]
    if kinds.max() > PAETH:
        raise UnknownFilter(f"no such filter: {kinds.max()}")
    height, width = rows.shape
    one_by_one = np.count_nonzero(kinds >= AVERAGE) * width
    if one_by_one > DIAGONAL * (height + width // pixel_bytes):
        return _by_diagonals(kinds, rows, above, pixel_bytes)
    return _by_rows(kinds, rows, above, pixel_bytes)


def _by_rows(kinds: Bytes, filtered: Bytes, above: Bytes, step: int) -> Bytes:
    rows = np.empty_like(filtered)
    for kind, stored, row in zip(kinds, filtered, rows, strict=True):
        if kind == NONE:
            row[:] = stored
        elif kind == SUB:
            lanes = stored.reshape(-1, step)
            np.add.accumulate(lanes, axis=0, dtype=np.uint8, out=row.reshape(-1, step))
        elif kind == UP:
            np.add(stored, above, out=row)
        else:
            predict = _average if kind == AVERAGE else _paeth
            row[:] = _one_by_one(stored.tolist(), above.tolist(), step, predict)
        above = row
    return rows


def _one_by_one(
    stored: list[int], above: list[int], step: int, predict: Callable[[int, int, int], int]
) -> bytearray:
    row = bytearray(step) + bytearray(len(stored))
    padded = bytes(step) + bytes(above)
    for i, value in enumerate(stored):
        row[i + step] = value + predict(row[i], padded[i + step], padded[i]) & 255
    return row[step:]


def _average(left: int, up: int, _: int) -> int:
    return (left + up) >> 1


def _paeth(left: int, up: int, corner: int) -> int:
    from_left, from_up = abs(up - corner), abs(left - corner)
    from_corner = abs(left + up - 2 * corner)
    if from_left <= from_up and from_left <= from_corner:
        return left
    return up if from_up <= from_corner else corner


def _by_diagonals(kinds: Bytes, filtered: Bytes, above: Bytes, step: int) -> Bytes:
    height, width = len(filtered), filtered.shape[1] // step
    # With a row above and a column of zeros at the left, every pixel has all its neighbours.
    image = np.zeros((height + 1, width + 1, step), np.int16)
    image[0, 1:] = above.reshape(width, step)
    image[1:, 1:] = filtered.reshape(height, width, step)
    pixels = image.reshape(-1, step)
    to_up = -(width + 1)
    for diagonal in range(height + width - 1):
        first = max(0, diagonal - width + 1)
        last = min(height - 1, diagonal)
        start = (first + 1) * (width + 1) + diagonal - first + 1
        end = start + (last - first) * width + 1  # a row down and a pixel to the left is `width` on
        left, up, corner = (pixels[start + to : end + to : width] for to in (-1, to_up, to_up - 1))
        values = pixels[start:end:width]
        values += _predict(kinds[first : last + 1, np.newaxis], left, up, corner)
        values &= 255
    return image[1:, 1:].astype(np.uint8).reshape(height, -1)


def _predict(
    kinds: Bytes, left: NDArray[np.int16], up: NDArray[np.int16], corner: NDArray[np.int16]
) -> NDArray[np.int16]:
    """Return what each pixel's filter predicts; shapes (N, 1) and (N, pixel_bytes)."""
    from_left, from_up = np.abs(up - corner), np.abs(left - corner)
    from_corner = np.abs(left + up - 2 * corner)
    nearest_is_left = (from_left <= from_up) & (from_left <= from_corner)
    paeth = np.where(nearest_is_left, left, np.where(from_up <= from_corner, up, corner))
    predicted: NDArray[np.int16] = np.choose(
        kinds, [np.zeros_like(left), left, up, (left + up) >> 1, paeth]
    )
    return predicted
