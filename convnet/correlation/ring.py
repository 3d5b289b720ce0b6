"""The rows of input that one row of output sees, kept in a ring.

Going one row of output down replaces one of the KH rows. Instead of moving the others up, the
kernel's rows are turned: in place k of the ring stands the padded row r with r mod KH = k.
"""

from __future__ import annotations

import numpy as np

from convnet.arrays import Array
from convnet.correlation.geometry import Geometry


class Ring:
    """The last KH padded rows of `x` (H, W, C, N), in memory that the caller has laid out.

    Parameters
    ----------
    x : ndarray, shape (H, W, C, N)
    geometry : Geometry
    places : ndarray, shape (KH, W_padded, C, N)
        Where the rows are kept: a view of zeros.
    """

    def __init__(self, x: Array, geometry: Geometry, places: Array) -> None:
        self._x, self._top = x, geometry.top
        self._kh, self._down = geometry.kernel[0], geometry.stride[0]
        self._places = places[:, geometry.left : geometry.left + x.shape[1]]
        self._next: int | None = None

    def turn_to(self, row: int) -> int:
        """Load what output row `row` sees; return by how many places the kernel is to be turned.

        Rows must be asked for from top to bottom.
        """
        first = row * self._down
        begin = first if self._next is None else max(self._next, first)
        for padded_row in range(begin, first + self._kh):
            self._load(padded_row)
        self._next = first + self._kh
        return first % self._kh

    def _load(self, padded_row: int) -> None:
        place = self._places[padded_row % self._kh]
        row = padded_row - self._top
        if 0 <= row < self._x.shape[0]:
            place[...] = self._x[row]
        else:
            place[...] = 0


def turn_back(gradients: Array) -> Array:
    """Add up kernel gradients (turn, KH, …) over the turns, each with its rows turned back."""
    return np.asarray(sum(np.roll(part, -turn, axis=0) for turn, part in enumerate(gradients)))
