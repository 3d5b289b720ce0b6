"""The rows of input that one row of output sees, kept in a ring.

Going one row of output down replaces one of the KH rows. Instead of moving the others up, the
kernel's rows are turned: in place k of the ring stands the padded row r with r mod KH = k.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from convnet.arrays import Array
from convnet.correlation.geometry import Geometry
from convnet.correlation.partition import Grid
from convnet.runtime.threads import parallel_sum


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


def sum_over_rows(
    x: Array,
    dout: Array,
    geometry: Geometry,
    block: int,
    begin: Callable[[Array, Array, Geometry], tuple[Ring, Callable[[int], Array]]],
) -> Array:
    """Return the kernel gradient (KH, KW, C_in, C_out): the sum of what each row of output gives.

    Parameters
    ----------
    x : ndarray, shape (H, W, C_in, N)
    dout : ndarray, shape (H_out, W_out, C_out, N)
    geometry : Geometry
    block : int
        The most images handled at once.
    begin : callable
        ``begin(x, dout, geometry) -> ring, of_row`` for a block of images: `of_row(row)` returns
        what a row gives (KW, KH, C_in, C_out), with KH as the ring is turned to it.
    """
    kh, kw = geometry.kernel
    channels_in = x.shape[2]
    out_height, _, channels_out, batch = dout.shape
    grid = Grid(out_height, batch, block)

    def partial_sum(start: int, stop: int) -> Array:
        total = np.zeros((kh, kw, kh, channels_in, channels_out), x.dtype)  # the first is the turn
        for rows, images in grid.parts(start, stop):
            ring, of_row = begin(x[..., images], dout[..., images], geometry)
            for row in rows:
                turn = ring.turn_to(row)
                total[turn] += of_row(row)
        turned_back = [np.roll(part, -turn, axis=1) for turn, part in enumerate(total)]
        return np.asarray(sum(turned_back)).swapaxes(0, 1)

    return parallel_sum(partial_sum, grid.units, work=dout.size * kh * kw * channels_in // 16)
