"""Connected components of a mask, in NumPy.

The mask is cut into horizontal runs; runs of neighbouring rows that touch, corners included, are
joined. A picture has far fewer runs than pixels, so everything after the cutting is cheap.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.images.types import Mask

Indices = NDArray[np.intp]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Components:
    """The 8-connected components of a mask, numbered from 0 in the order of their first pixel.

    Attributes
    ----------
    shape : tuple of int
        (H, W) of the mask.
    starts, stops : ndarray of int, shape (R,)
        First and one past the last pixel of each run, counted along rows of W + 1 pixels.
    labels : ndarray of int, shape (R,)
        The component of each run.
    """

    shape: tuple[int, int]
    starts: Indices
    stops: Indices
    labels: Indices

    def __len__(self) -> int:
        return int(self.labels.max()) + 1 if len(self.labels) else 0

    @cached_property
    def pixels(self) -> Indices:
        """Where the pixels are, shape (P,), run by run: indices into the flattened picture."""
        lengths = self.stops - self.starts
        firsts = self.starts - self.starts // (self.shape[1] + 1)
        places = np.arange(lengths.sum())
        return np.asarray(np.repeat(firsts - (np.cumsum(lengths) - lengths), lengths) + places)

    @cached_property
    def owners(self) -> Indices:
        """The component of each of the `pixels`, shape (P,)."""
        return np.repeat(self.labels, self.stops - self.starts)

    def areas(self) -> Numbers:
        """Pixels of each component."""
        return self._by_component(self.stops - self.starts)

    def under(self, values: NDArray[Any]) -> NDArray[Any]:
        """What `values` (H, W) has at the `pixels`, shape (P,)."""
        return values.ravel()[self.pixels]

    def sums(self, values: NDArray[Any]) -> Numbers:
        """Sum of `values` (P,), one for each of the `pixels`, over each component."""
        lengths = self.stops - self.starts
        return self._by_component(np.add.reduceat(values, np.cumsum(lengths) - lengths))

    def peaks(self, values: NDArray[Any]) -> NDArray[Any]:
        """Largest of `values` (P,), one for each of the `pixels`, in each component."""
        largest = np.full(len(self), -np.inf)
        np.maximum.at(largest, self.owners, values)
        return largest

    def _by_component(self, of_runs: NDArray[Any]) -> Numbers:
        return np.bincount(self.labels, of_runs, minlength=len(self)).astype(np.float64)

    @cached_property
    def boxes(self) -> Indices:
        """Bounding boxes, shape (N, 4): top, left, bottom, right, the last two exclusive."""
        rows, lefts = np.divmod(self.starts, self.shape[1] + 1)
        boxes = np.empty((len(self), 4), dtype=np.intp)
        boxes[:, :2], boxes[:, 2:] = np.iinfo(np.intp).max, 0
        np.minimum.at(boxes[:, 0], self.labels, rows)
        np.minimum.at(boxes[:, 1], self.labels, lefts)
        np.maximum.at(boxes[:, 2], self.labels, rows + 1)
        np.maximum.at(boxes[:, 3], self.labels, lefts + self.stops - self.starts)
        return boxes

    def thickness(self, outline: Mask) -> Numbers:
        """Mean width of each component over its longer side; a disc has 0.5, a long stroke little.

        `outline` (H, W) marks those pixels of the mask that touch the outside.
        """
        widths = 2 * self.areas() / np.maximum(self.sums(self.under(outline)), 1) - 1
        return np.asarray(widths / self.sides())

    def sides(self) -> Indices:
        """Return the longer side of each bounding box."""
        boxes = self.boxes
        return np.asarray((boxes[:, 2:] - boxes[:, :2]).max(axis=1))

    def mask(self, keep: NDArray[np.bool_]) -> Mask:
        """Draw the components for which `keep` (N,) is true, as bool of shape (H, W)."""
        height, width = self.shape
        chosen = keep[self.labels]
        # Where a gap and the run after it begin; after the last gap, a run of no length.
        begins = np.zeros((np.count_nonzero(chosen) + 1, 2), dtype=np.intp)
        begins[1:, 0], begins[:-1, 1] = self.stops[chosen], self.starts[chosen]
        begins[-1, 1] = height * (width + 1)
        lengths = np.diff(begins.ravel())
        inside = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
        return inside.reshape(height, width + 1)[:, :width]


def find_components(mask: Mask) -> Components:
    """Label the 8-connected components of `mask`, bool of shape (H, W)."""
    height, width = mask.shape
    starts, stops = _runs(mask)
    upper, lower = _touching_runs(starts, stops, width + 1)
    roots = _join(len(starts), upper, lower)
    is_first = roots == np.arange(len(roots))  # run of its component
    return Components((height, width), starts, stops, (np.cumsum(is_first) - 1)[roots])


def count_runs(mask: Mask) -> int:
    """Count the horizontal runs of a mask (H, W), which is what finding its components costs."""
    inner = np.count_nonzero(mask[:, 1:] > mask[:, :-1])
    return int(inner) + int(np.count_nonzero(mask[:, 0]))


def _runs(mask: Mask) -> tuple[Indices, Indices]:
    """Find where runs start and stop; a column of padding keeps runs of different rows apart."""
    height, width = mask.shape
    padded = np.zeros(height * (width + 1) + 1, dtype=np.bool_)
    padded[1:].reshape(height, width + 1)[:, :width] = mask
    edges = np.flatnonzero(padded[1:] != padded[:-1])
    return edges[::2], edges[1::2]


def _touching_runs(starts: Indices, stops: Indices, pitch: int) -> tuple[Indices, Indices]:
    """Pairs of runs in neighbouring rows that share a side or a corner, as two index arrays."""
    first = np.searchsorted(stops - pitch, starts, side="left")
    last = np.searchsorted(starts - pitch, stops, side="right")
    counts = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(starts)), counts)
    offsets = np.arange(len(upper)) - np.repeat(np.cumsum(counts) - counts, counts)
    return upper, first[upper] + offsets


def _join(count: int, a: Indices, b: Indices) -> Indices:
    """Union-find on whole arrays: the smallest index that each element is connected to."""
    root = np.arange(count)
    while True:
        root_a, root_b = root[a], root[b]
        apart = root_a != root_b
        if not apart.any():
            return root
        a, b, root_a, root_b = a[apart], b[apart], root_a[apart], root_b[apart]
        np.minimum.at(root, np.maximum(root_a, root_b), np.minimum(root_a, root_b))
        while ((hop := root[root]) != root).any():
            root = hop
