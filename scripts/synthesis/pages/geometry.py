"""Moving a coverage picture onto a page: turned, sheared, stretched, seen from the side."""

from __future__ import annotations

import numpy as np
from PIL import Image

from server.preprocessing.filters import bounding_box

Size = tuple[int, int]


def projection(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the homography that takes four points to four others.

    Parameters
    ----------
    source, target : ndarray, shape (4, 2)

    Returns
    -------
    ndarray, shape (8,)
        a … h of ``x' = (a x + b y + c) / (g x + h y + 1)``, ``y' = (d x + e y + f) / (…)``, the
        order in which Pillow takes them.
    """
    rows, right = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.linalg.solve(np.array(rows, float), np.array(right, float))


def corners(width: float, height: float) -> np.ndarray:
    """The four corners of a picture, clockwise from the top left, shape (4, 2)."""
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], float)


def warp(mask: np.ndarray, quad: np.ndarray, size: Size) -> np.ndarray:
    """Lay `mask` (H, W) over the corner points `quad` (4, 2) of an empty page of `size`."""
    coefficients = projection(quad, corners(mask.shape[1], mask.shape[0]))
    picture = Image.fromarray(mask)
    flat = picture.transform(
        size, Image.Transform.PERSPECTIVE, coefficients.tolist(), Image.Resampling.BILINEAR
    )
    return np.asarray(flat)


def fill(quad: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    """Scale and move a quadrilateral so that it fits inside the middle of a box."""
    left, top, width, height = box
    low, high = quad.min(axis=0), quad.max(axis=0)
    scale = min(width / (high[0] - low[0]), height / (high[1] - low[1]))
    return (quad - (low + high) / 2) * scale + [left + width / 2, top + height / 2]


def tilt(quad: np.ndarray, rng: np.random.Generator, much: float = 1.0) -> np.ndarray:
    """Turn, shear and stretch a quadrilateral, and see it a little from the side."""
    angle, slant = rng.normal(0, 0.07 * much), rng.normal(0, 0.08 * much)
    stretch = np.exp(rng.normal(0, 0.12 * much))
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ np.array([[stretch, -slant], [0, 1]])
    sides = np.ptp(quad, axis=0)
    return quad @ matrix.T + rng.normal(0, 0.03 * much, quad.shape) * sides


def crop(mask: np.ndarray) -> np.ndarray:
    """Cut away the empty margin of a coverage picture."""
    return mask[bounding_box(mask)] if mask.any() else mask
