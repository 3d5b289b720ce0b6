"""What the finder sees of a picture: its brightness against all of it, and against its place.

A lamp, a shadow or faint ink must not matter. So each pixel is given twice: standardised by the
mean and deviation of the whole picture, and by those of the pixels around it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

PLANES = 2

RADIUS = 12
"""Pixels around a pixel, on each side, that make up its place."""

# Added to every deviation: paper without grain stays near 0 instead of becoming noise.
_LEAST_DEVIATION = np.float32(0.02)


def planes(pictures: Floats) -> Floats:
    """Standardise pictures by themselves and by their places.

    Parameters
    ----------
    pictures : ndarray of float32, shape (N, H, W)
        Brightness, 0 to 1.

    Returns
    -------
    ndarray of float32, shape (N, H, W, 2)
    """
    centred = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    deviation = np.sqrt(np.square(centred).mean(axis=(1, 2), keepdims=True))
    found = np.empty((*pictures.shape, PLANES), np.float32)
    found[..., 0] = centred / (deviation + _LEAST_DEVIATION)
    mean = _box_mean(centred)
    variance = _box_mean(np.square(centred)) - np.square(mean)
    place = np.sqrt(np.maximum(variance, 0)) + _LEAST_DEVIATION
    found[..., 1] = (centred - mean) / place
    return found


def _box_mean(pictures: Floats) -> Floats:
    """Mean over the square of RADIUS around each pixel, as far as it is in the picture."""
    for axis in (1, 2):
        pictures = _mean_along(pictures, axis)
    return pictures


def _mean_along(pictures: Floats, axis: int) -> Floats:
    side = pictures.shape[axis]
    sums = np.zeros([n + (i == axis) for i, n in enumerate(pictures.shape)], np.float64)
    inner = [slice(None)] * pictures.ndim
    inner[axis] = slice(1, None)
    np.cumsum(pictures, axis=axis, out=sums[tuple(inner)])
    first = np.maximum(np.arange(side) - RADIUS, 0)
    last = np.minimum(np.arange(side) + RADIUS + 1, side)
    counts = (last - first).reshape([-1 if i == axis else 1 for i in range(pictures.ndim)])
    means: Floats = ((sums.take(last, axis) - sums.take(first, axis)) / counts).astype(np.float32)
    return means
