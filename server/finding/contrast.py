"""How much darker, or lighter, than the ground around it each pixel of a digit is.

The finder says where ink is; the brightness says how much of it. Where pixels are few or blurred,
what is half as dark as the strokes is half a stroke, and a gap that the finder closed is open.
"""

from __future__ import annotations

import numpy as np

from server.images.types import Grey, Ink, Mask
from server.preprocessing.filters import box_blur, local_max

# Pixels that are less likely to be ink, and have none beside them, show the ground.
_GROUND = 0.15

# The ground at a pixel is that within so much of the digit's longer side, ...
_REACH = 0.25

# ... if so much of that place is ground; else it is that of all the picture.
_LEAST_GROUND = 0.02

# Of the pixels that are ink, so many are weaker than full ink.
_FULL = 0.85

# Less than this part of full ink's contrast is none: paper has grain.
_LEAST = 0.15

# With less ground than this many pixels, nothing can be said.
_FEWEST = 20


def ink_by_contrast(square: Grey, writing: Ink, digit: Mask, inside: tuple[slice, slice]) -> Ink:
    """Return how much ink each pixel has, by its brightness.

    Parameters
    ----------
    square : ndarray of uint8, shape (H, W)
    writing : ndarray of float32, shape (H, W)
        How likely each pixel is to be written on.
    digit : ndarray of bool, shape (H, W)
        Where the digit is.
    inside : (slice, slice)
        The rows and columns that show the picture.

    Returns
    -------
    ndarray of float32, shape (H, W)
        0 to 1; 1 everywhere if there is no ground to compare with.
    """
    light = square.astype(np.float32)
    is_ground = np.zeros_like(light)
    is_ground[inside] = ~local_max(writing > _GROUND, 5)[inside]
    if is_ground.sum() < _FEWEST:
        return np.ones_like(light)
    darker = _ground(light, is_ground, digit) - light
    ink = darker[digit & (writing > 0.5)] if (digit & (writing > 0.5)).any() else darker[digit]
    sign = np.sign(ink.mean())
    full = float(np.quantile(ink * sign, _FULL))
    if full <= 0:
        return np.ones_like(light)
    return np.clip((darker * (sign / full) - _LEAST) / (1 - _LEAST), 0, 1).astype(np.float32)


def _ground(light: Ink, is_ground: Ink, digit: Mask) -> Ink:
    """Return the brightness of the ground at each pixel, as if there were no ink."""
    rows, columns = (np.flatnonzero(digit.any(axis=axis)) for axis in (1, 0))
    longer = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    radius = max(4, int(_REACH * longer))
    share = box_blur(is_ground, radius)
    near = box_blur(light * is_ground, radius) / np.maximum(share, np.float32(1e-4))
    of_all = (light * is_ground).sum() / is_ground.sum()
    return np.where(share > _LEAST_GROUND, near, of_all).astype(np.float32)
