"""Where a line of digits may be cut: paths from top to bottom that cross as little ink as can be.

A straight cut goes through slanted neighbours and through strokes that reach over one another. A
seam winds its way between them, as in seam carving [1]_, and where digits touch it cuts where the
ink is thinnest. There are more seams than digits: which of them are cuts, `server.segmentation`
decides.

.. [1] Avidan and Shamir, "Seam Carving for Content-Aware Image Resizing", SIGGRAPH 2007.
"""

import numpy as np
from numpy.typing import NDArray

from server.arrays import Ink
from server.components import Indices

# All lengths are parts of the height of the line.
_SPACING = 0.06
_REACH = 0.3

# What a pixel of ink on the way costs is 1; a step aside, and being as far off as the reach, cost:
_STEP = 0.1
_STRAY = 0.15

# Seams that part less ink than this (of the square of the height) are not worth telling apart.
_LEAST_INK = 0.012


def find_seams(ink: Ink) -> Indices:
    """Find paths along which a line of digits may be cut.

    Parameters
    ----------
    ink : ndarray of float32, shape (H, W)
        One line, cropped to its ink.

    Returns
    -------
    ndarray of int, shape (S, H)
        The column before which each seam cuts each row, ordered and never crossing; the first seam
        is left of all ink, the last one right of it.
    """
    height, width = ink.shape
    anchors = np.arange(0, width + 1, max(1, round(_SPACING * height)))
    seams, costs = _cheapest_paths(ink, anchors)
    chosen = _worth_telling_apart(ink, seams, costs)
    ends = np.zeros((1, height), np.intp), np.full((1, height), width)
    return np.concatenate([ends[0], seams[chosen], ends[1]])


def _cheapest_paths(ink: Ink, anchors: Indices) -> tuple[Indices, NDArray[np.float32]]:
    """Cheapest path (A, H) near each of A anchors, and the ink (A,) on it."""
    height, width = ink.shape
    reach = max(2, round(_REACH * height))
    aside = np.arange(-reach, reach + 1)
    # A seam before column x runs between two pixels: it crosses what they have in common.
    crossed = np.pad(np.minimum(ink[:, 1:], ink[:, :-1]), ((0, 0), (reach + 1, reach + 1)))
    near = np.moveaxis(crossed[:, anchors[:, np.newaxis] + aside + reach], 0, 1)  # (A, H, window)
    cost = near + (_STRAY * (aside / reach) ** 2).astype(np.float32)
    total = cost[:, 0]
    steps = np.empty(cost.shape, np.int8)
    for row in range(1, height):
        walled = np.pad(total, ((0, 0), (1, 1)), constant_values=np.inf)
        ways = np.stack([walled[:, :-2] + _STEP, total, walled[:, 2:] + _STEP])  # from left, …
        best = ways.argmin(axis=0)
        steps[:, row] = best - 1
        total = np.take_along_axis(ways, best[np.newaxis], axis=0)[0] + cost[:, row]
    path = _trace_back(steps, total.argmin(axis=1))
    ink_on_path = np.take_along_axis(near, path[..., np.newaxis], axis=2).sum(axis=(1, 2))
    seams = np.clip(anchors[:, np.newaxis] + path - reach, 0, width)
    return np.maximum.accumulate(seams, axis=0), ink_on_path


def _trace_back(steps: NDArray[np.int8], last: Indices) -> Indices:
    """Follow the steps (A, H, window) up from the `last` column of each window."""
    count, height, _ = steps.shape
    path = np.empty((count, height), np.intp)
    path[:, -1] = last
    for row in range(height - 1, 0, -1):
        path[:, row - 1] = path[:, row] + steps[np.arange(count), row, path[:, row]]
    return path


def _worth_telling_apart(ink: Ink, seams: Indices, costs: NDArray[np.float32]) -> Indices:
    """Choose the cheapest seams with enough ink between any two, and on both sides."""
    height = len(ink)
    left_of = np.pad(np.cumsum(ink, axis=1), ((0, 0), (1, 0)))
    mass = left_of[np.arange(height), seams].sum(axis=1)  # ink left of each seam
    taken = [0.0, float(left_of[:, -1].sum())]
    chosen: list[int] = []
    for index in np.argsort(costs, kind="stable"):
        if min(abs(mass[index] - other) for other in taken) > _LEAST_INK * height**2:
            taken.append(float(mass[index]))
            chosen.append(int(index))
    return np.sort(np.array(chosen, dtype=np.intp))
