"""Where a line of digits may be cut: paths from top to bottom that cross as little ink as can be.

A straight cut goes through slanted neighbours and through strokes that reach over one another. A
seam winds its way between them, as in seam carving [1]_. Where digits touch, it must cross ink; it
is then kept stiff, because one that may wander would leave the place where they touch for the
nearest gap. There are more seams than digits: which of them are cuts, `server.segmentation`
decides.

.. [1] Avidan and Shamir, "Seam Carving for Content-Aware Image Resizing", SIGGRAPH 2007.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.images.types import Ink
from server.preprocessing.connected_components import Indices, Numbers
from server.preprocessing.mnist_form import stroke_width

# All lengths are parts of the height of the line: from seam to seam, and to its side at most.
_SPACING = 0.05
_REACH = 0.3

# Seams that part less ink than a stroke of this length are not worth telling apart.
LEAST_STROKE = 0.1

# More strokes than this are crossed by nothing that is a cut.
_MOST_STROKES = 5.0


@dataclass(frozen=True)
class Stiffness:
    """What a seam must save in crossed pixels of ink to be crooked.

    Attributes
    ----------
    stray : float
        Cost of a row in which it is as far off its place as it may be.
    step : float
        Cost of a step of one pixel aside.
    """

    stray: float
    step: float


# Finds gaps.
LOOSE = Stiffness(0.15, 0.1)
# Finds where digits touch.
STIFF = Stiffness(6.0, 1.0)


@dataclass(frozen=True)
class Seams:
    """Paths along which a line of digits may be cut, from left to right.

    Attributes
    ----------
    columns : ndarray of int, shape (S, H)
        The column before which each seam cuts each row.
    strokes : ndarray of float, shape (S,)
        How many strokes it crosses: the ink on it over the width of a stroke.
    ink_left : ndarray of float, shape (S, H)
        How much ink each row has left of it.
    least_ink : float
        There is more ink than this between any two.
    """

    columns: Indices
    strokes: Numbers
    ink_left: Numbers
    least_ink: float

    def __len__(self) -> int:
        return len(self.strokes)

    def take(self, keep: NDArray[np.bool_] | Indices) -> "Seams":
        """Choose seams by a mask (S,) or by their indices."""
        return Seams(self.columns[keep], self.strokes[keep], self.ink_left[keep], self.least_ink)


def find_seams(ink: Ink, *stiffness: Stiffness) -> Seams:
    """Find paths along which a line of digits may be cut.

    Parameters
    ----------
    ink : ndarray of float32, shape (H, W)
        One line, cropped to its ink.
    stiffness : Stiffness
        Seams of each are found.

    Returns
    -------
    Seams
        By the ink left of them; the first one is left of all ink, the last one right of it.
    """
    height, width = ink.shape
    anchors = np.arange(0, width + 1, max(1, round(_SPACING * height)))
    found = [_cheapest_paths(ink, anchors, kind) for kind in stiffness]
    ends = np.zeros((1, height), np.intp), np.full((1, height), width)
    columns = np.concatenate([*ends, *(columns for columns, _ in found)])
    crossed = np.concatenate([np.zeros(2), *(crossed for _, crossed in found)])
    ink_left = np.pad(np.cumsum(ink, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
    stroke = stroke_width(ink)
    return _worth_telling_apart(
        Seams(
            columns,
            crossed / stroke,
            ink_left[np.arange(height), columns],
            LEAST_STROKE * height * stroke,
        )
    )


def _cheapest_paths(
    ink: Ink, anchors: Indices, stiffness: Stiffness
) -> tuple[Indices, NDArray[np.float32]]:
    """Cheapest path (A, H) near each of A anchors, and the ink (A,) on it."""
    height, width = ink.shape
    reach = max(2, round(_REACH * height))
    aside = np.arange(-reach, reach + 1)
    # A seam before column x runs between two pixels: it crosses what they have in common.
    crossed = np.pad(np.minimum(ink[:, 1:], ink[:, :-1]), ((0, 0), (reach + 1, reach + 1)))
    near = np.moveaxis(crossed[:, anchors[:, np.newaxis] + aside + reach], 0, 1)  # (A, H, window)
    cost = near + (stiffness.stray * (aside / reach) ** 2).astype(np.float32)
    total = cost[:, 0]
    steps = np.empty(cost.shape, np.int8)
    for row in range(1, height):
        walled = np.pad(total, ((0, 0), (1, 1)), constant_values=np.inf) + stiffness.step
        ways = np.stack([walled[:, :-2], total, walled[:, 2:]])  # from left, from above, ...
        best = ways.argmin(axis=0)
        steps[:, row] = best - 1
        total = np.take_along_axis(ways, best[np.newaxis], axis=0)[0] + cost[:, row]
    path = _trace_back(steps, total.argmin(axis=1))
    ink_on_path = np.take_along_axis(near, path[..., np.newaxis], axis=2).sum(axis=(1, 2))
    return np.clip(anchors[:, np.newaxis] + path - reach, 0, width), ink_on_path


def _trace_back(steps: NDArray[np.int8], last: Indices) -> Indices:
    """Follow the steps (A, H, window) up from the `last` column of each window."""
    count, height, _ = steps.shape
    path = np.empty((count, height), np.intp)
    path[:, -1] = last
    for row in range(height - 1, 0, -1):
        path[:, row - 1] = path[:, row] + steps[np.arange(count), row, path[:, row]]
    return path


def _worth_telling_apart(seams: Seams) -> Seams:
    """Choose the cheapest seams with enough ink between any two; the first two are the ends."""
    total, least = seams.ink_left.sum(axis=1), seams.least_ink
    chosen = [0, 1]
    for index in np.argsort(seams.strokes[2:], kind="stable") + 2:
        if seams.strokes[index] > _MOST_STROKES:
            break
        # There is at least as much ink between two seams as their totals differ by.
        near = np.array(chosen)[np.abs(total[chosen] - total[index]) <= least]
        between = np.abs(seams.ink_left[near] - seams.ink_left[index]).sum(axis=1)
        if (between > least).all():
            chosen.append(int(index))
    order = np.array(chosen)[np.argsort(total[chosen], kind="stable")]
    return seams.take(order)
