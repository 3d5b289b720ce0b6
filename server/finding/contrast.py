"""How much darker, or lighter, than the ground around it each pixel of a digit is.

The finder says where ink is; the brightness says how much of it. Where pixels are few or blurred,
what is half as dark as the strokes is half a stroke, and a gap that the finder closed is open.
"""

from __future__ import annotations

import numpy as np

from server.images.types import Grey, Ink, Mask
from server.preprocessing.filters import box_blur, local_max

Inside = tuple[slice, slice]
EVERYWHERE: Inside = (slice(None), slice(None))

# Pixels that are less likely to be ink, and have none beside them, show the ground.
_GROUND = 0.15

# The ground at a pixel is that within so much of a digit's height, ...
_REACH = 0.25

# ... if so much of that place is ground; else it is that of all the picture.
_LEAST_GROUND = 0.02

# From this probability on, a pixel is surely ink.
_SURE = 0.5

# Of the pixels that are ink, so many are weaker than full ink.
_FULL = 0.85

# Less than this part of full ink's contrast is none: paper has grain.
_LEAST = 0.15

# With less ground than this many pixels, nothing can be said.
_FEWEST = 20


def ink_by_contrast(
    grey: Grey, writing: Ink, where: Mask, height: float, inside: Inside = EVERYWHERE
) -> Ink:
    """Return how much ink each pixel has, by its brightness.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)
    writing : ndarray of float32, shape (H, W)
        How likely each pixel is to be written on.
    where : ndarray of bool, shape (H, W)
        The writing that is asked about.
    height : float
        Of a digit, in pixels.
    inside : (slice, slice)
        The rows and columns that show the picture; beyond them is no ground.

    Returns
    -------
    ndarray of float32, shape (H, W)
        0 to 1; 1 everywhere if there is no ground to compare with, or no writing.
    """
    light = grey.astype(np.float32)
    is_ground = np.zeros_like(light)
    is_ground[inside] = ~local_max(writing > _GROUND, 5)[inside]
    if is_ground.sum() < _FEWEST or not where.any():
        return np.ones_like(light)
    darker = _ground(light, is_ground, max(4, int(_REACH * height))) - light
    sure = where & (writing > _SURE)
    ink = darker[sure if sure.any() else where]
    sign = np.sign(ink.mean())
    full = float(np.quantile(ink * sign, _FULL))
    if full <= 0:
        return np.ones_like(light)
    amount = (darker * np.float32(sign / full) - np.float32(_LEAST)) / np.float32(1 - _LEAST)
    return np.asarray(np.clip(amount, 0, 1), np.float32)


def _ground(light: Ink, is_ground: Ink, radius: int) -> Ink:
    """Return the brightness of the ground at each pixel, as if there were no ink."""
    share = box_blur(is_ground, radius)
    near = box_blur(light * is_ground, radius) / np.maximum(share, np.float32(1e-4))
    of_all = (light * is_ground).sum() / is_ground.sum()
    return np.where(share > _LEAST_GROUND, near, of_all).astype(np.float32)
