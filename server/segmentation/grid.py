"""Rows and columns of cells, as of a sudoku or a form, by the ground that walls enclose.

Cells that are found tell, by their neighbours, which row and column each of them is in; a plane
projective transformation through their middles tells where the others are, however the paper was
seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.images.types import Mask
from server.preprocessing.connected_components import find_components
from server.preprocessing.filters import local_max
from server.preprocessing.weighted_median import weighted_median

Points = NDArray[np.floating[Any]]
Places = NDArray[np.int_]

# Cells are at least so many pixels wide and high, ...
_LEAST_SIDE = 8

# ... fill this part of the box around them, ...
_LEAST_FILLED = 0.5

# ... are at most so many times as long as wide, ...
_LONGEST = 2.5

# ... and their areas differ from the usual one by this factor at most.
_UNLIKE = 2.2

# The middles of neighbours are so many of their sides apart at most: forms have gaps.
_FARTHEST = 1.6

# A cell's middle is so near, in cells, to where the transformation puts it.
_OFF = 0.3

# Each cell is compared with each other one. Finely squared paper has thousands.
_MOST_CELLS = 512

# Of the cells of a grid, so many are found, and this share.
_FEWEST = 6
_LEAST_FOUND = 0.5


@dataclass(frozen=True)
class Grid:
    """Rows and columns of cells in a picture.

    Attributes
    ----------
    rows, columns : int
    transform : ndarray of float64, shape (3, 3)
        From columns and rows, in homogeneous coordinates, to x and y in pixels.
    """

    rows: int
    columns: int
    transform: Points

    @property
    def corners(self) -> Points:
        """Corners (4, 2), x and y: top left, top right, bottom right, bottom left."""
        across, down = self.columns, self.rows
        ends: Points = np.array([[0, 0], [across, 0], [across, down], [0, down]], np.float64)
        return project(self.transform, ends)

    def places(self, points: Points) -> Points:
        """Return the column and row, as numbers with a fraction, of points (N, 2)."""
        return project(inverse(self.transform), points)

    def height_of_cell(self) -> float:
        """Return how high a cell is, in pixels, on the average."""
        top_left, top_right, bottom_right, bottom_left = self.corners
        left, right = bottom_left - top_left, bottom_right - top_right
        return float(np.hypot(*left) + np.hypot(*right)) / 2 / self.rows


def find_grid(other: Mask, least: int = 2) -> Grid | None:
    """Find a grid of cells.

    Parameters
    ----------
    other : ndarray of bool, shape (H, W)
        Where its walls are, among other things.
    least : int
        Rows and columns that it has at least: with 1, a row of boxes is a grid too.
    """
    boxes = _cells(other)
    if len(boxes) > _MOST_CELLS:
        return None
    middles: Points = (boxes[:, 1::-1] + boxes[:, :1:-1]) / 2
    sides: Points = (boxes[:, 2:] - boxes[:, :2])[:, ::-1].astype(np.float64)
    members, places = _numbered(middles, sides)
    if not _are_enough(places, least):
        return None
    members, places = _fitting(_fit(places, middles[members], sides[members]), middles, places)
    if not _are_enough(places, least):
        return None
    places -= places.min(axis=0)
    columns, rows = (int(last) + 1 for last in places.max(axis=0))
    if len(np.unique(places, axis=0)) < _LEAST_FOUND * rows * columns:
        return None
    return Grid(rows, columns, _fit(places, middles[members], sides[members]))


def _are_enough(places: Places, least: int) -> bool:
    """Tell whether cells at places (N, 2) make so many rows and columns at least."""
    fewest = _FEWEST if least > 1 else 2
    return len(places) >= fewest and bool(np.ptp(places, axis=0).min() >= least - 1)


def _fitting(transform: Points, middles: Points, places: Places) -> tuple[NDArray[np.intp], Places]:
    """Return the cells where a transformation puts some, next to the known ones (N, 2) or there.

    So those are found that no neighbour led to, and those left out that stand askew.
    """
    found = project(inverse(transform), middles) - 0.5
    nearest = np.rint(found).astype(np.int_)
    near = np.abs(found - nearest) < _OFF
    near &= (nearest >= places.min(axis=0) - 1) & (nearest <= places.max(axis=0) + 1)
    members = np.flatnonzero(near.all(axis=1))
    return members, nearest[members]


def _fit(places: Places, middles: Points, sides: Points) -> Points:
    """Return what takes columns and rows to pixels, by the middles of cells.

    Those of one row, or one column, do not tell how high, or wide, it is: their sides do.
    """
    sources, targets = [places + 0.5], [middles]
    for axis in np.flatnonzero(np.ptp(places, axis=0) == 0).tolist():
        step = np.eye(2)[axis] / 2
        for sign in (-1, 1):
            sources.append(places + 0.5 + sign * step)
            targets.append(middles + sign * step * sides)
    return fit_projection(np.concatenate(sources), np.concatenate(targets))


def _cells(other: Mask) -> NDArray[np.intp]:
    """Return boxes (N, 4) of pieces of ground that may be cells, all of about one size."""
    pieces = find_components(~local_max(other, 3))
    boxes, areas = pieces.boxes, pieces.areas()
    sides = boxes[:, 2:] - boxes[:, :2]
    kept = (sides >= _LEAST_SIDE).all(axis=1) & (areas >= _LEAST_FILLED * sides.prod(axis=1))
    kept &= sides.max(axis=1, initial=0) <= _LONGEST * sides.min(axis=1, initial=1 << 30)
    kept &= (boxes[:, :2] > 0).all(axis=1) & (boxes[:, 2:] < other.shape).all(axis=1)
    boxes, areas = np.asarray(boxes[kept]), areas[kept]
    usual = weighted_median(areas, areas)
    return np.asarray(boxes[(areas > usual / _UNLIKE) & (areas < usual * _UNLIKE)])


def _numbered(middles: Points, sides: Points) -> tuple[NDArray[np.intp], Places]:
    """Give cells their column and row, from neighbour to neighbour; those of the largest group."""
    count = len(middles)
    away = middles - middles[:, np.newaxis]  # [i, j]: from i to j
    steps: list[list[tuple[int, int, int]]] = [[] for _ in range(count)]
    for axis in (0, 1):
        along, aside = away[..., axis], np.abs(away[..., 1 - axis])
        own, across = sides[:, np.newaxis, axis], sides[:, np.newaxis, 1 - axis]
        beside = (along > own / 2) & (along < _FARTHEST * own) & (aside < across / 2)
        nearest = np.where(beside, along + aside, np.inf)
        for i in np.flatnonzero(beside.any(axis=1)).tolist():
            j = int(nearest[i].argmin())
            step = (1, 0) if axis == 0 else (0, 1)
            steps[i].append((j, *step))
            steps[j].append((i, -step[0], -step[1]))
    best: dict[int, tuple[int, int]] = {}
    seen: set[int] = set()
    for start in range(count):
        if start in seen:
            continue
        group = _walk(start, steps)
        seen |= group.keys()
        best = max(best, group, key=len)
    members = np.array(list(best), np.intp)
    return members, np.array(list(best.values()), np.int_).reshape(-1, 2)


def _walk(start: int, steps: list[list[tuple[int, int, int]]]) -> dict[int, tuple[int, int]]:
    """Go from cell to cell; the first way to a place decides who is there."""
    group, taken, waiting = {start: (0, 0)}, {(0, 0)}, [start]
    for i in waiting:  # grows on the way: nearest first
        column, row = group[i]
        for j, across, down in steps[i]:
            place = column + across, row + down
            if j not in group and place not in taken:
                group[j] = place
                taken.add(place)
                waiting.append(j)
    return group


def inverse(transform: Points) -> Points:
    """Return the transformation (3, 3) back."""
    return np.asarray(np.linalg.inv(transform))


def project(transform: Points, points: Points) -> Points:
    """Take points (N, 2) through a plane projective transformation (3, 3)."""
    ahead = np.column_stack([points, np.ones(len(points))]) @ transform.T
    return np.asarray(ahead[:, :2] / ahead[:, 2:])


def fit_projection(sources: Points, targets: Points) -> Points:
    """Return the projective transformation (3, 3) that takes points (N, 2) nearest to others.

    The direct linear transformation, of points brought about the origin first: Hartley and
    Zisserman, "Multiple View Geometry in Computer Vision", second edition, algorithm 4.2.
    """
    from_source, from_target = _normalising(sources), _normalising(targets)
    x, y = project(from_source, sources).T
    u, v = project(from_target, targets).T
    one, zero = np.ones_like(x), np.zeros_like(x)
    system = np.concatenate(
        [
            np.column_stack([x, y, one, zero, zero, zero, -u * x, -u * y, -u]),
            np.column_stack([zero, zero, zero, x, y, one, -v * x, -v * y, -v]),
        ]
    )
    solution = np.linalg.svd(system)[2][-1].reshape(3, 3)
    return np.asarray(np.linalg.inv(from_target) @ solution @ from_source)


def _normalising(points: Points) -> Points:
    """Return the similarity that brings points about the origin, at a mean distance of √2."""
    middle = points.mean(axis=0)
    scale = np.sqrt(2) / max(float(np.hypot(*(points - middle).T).mean()), 1e-9)
    return np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1]])
