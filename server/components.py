"""Connected components of a mask, in NumPy.

The mask is cut into horizontal runs; runs of neighbouring rows that touch, corners included, are
joined. A picture has far fewer runs than pixels, so everything after the cutting is cheap.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.arrays import Mask

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

    def areas(self, values: NDArray[Any] | None = None) -> Numbers:
        """Pixels of each component; with `values` (H, W), the sum of the values under it."""
        lengths = self.stops - self.starts
        run = lengths
        if values is not None:
            run = np.add.reduceat(values.ravel()[self.pixels], np.cumsum(lengths) - lengths)
        return np.bincount(self.labels, run, minlength=len(self)).astype(np.float64)

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
        widths = 2 * self.areas() / np.maximum(self.areas(outline), 1) - 1
        return np.asarray(widths / self.sides())

    def sides(self) -> Indices:
        """Return the longer side of each bounding box."""
        boxes = self.boxes()
        return np.asarray((boxes[:, 2:] - boxes[:, :2]).max(axis=1))

    def mask(self, keep: NDArray[np.bool_]) -> Mask:
        """Draw the components for which `keep` (N,) is true, as bool of shape (H, W)."""
        height, width = self.shape
        chosen = keep[self.labels]
        edges = np.stack([self.starts[chosen], self.stops[chosen]], 1).ravel()
        lengths = np.diff(edges, prepend=0, append=height * (width + 1))
        inside = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths)
        return inside.reshape(height, width + 1)[:, :width]


def find_components(mask: Mask) -> Components:
    """Label the 8-connected components of `mask`, bool of shape (H, W)."""
    height, width = mask.shape
    starts, stops = _runs(mask)
    upper, lower = _touching_runs(starts, stops, width + 1)
    roots = _join(len(starts), upper, lower)
    labels = np.unique(roots, return_inverse=True)[1]
    return Components((height, width), starts, stops, labels)


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
        while not np.array_equal(hop := root[root], root):
            root = hop
