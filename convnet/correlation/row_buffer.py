"""The input rows that one output row needs, in a circular buffer.

An output row sees KH rows of the padded input. Going one output row down, one of them is replaced.
Instead of moving the others up, each row has a fixed slot: padded row r is in slot r mod KH. So the
slots hold the rows in *rotated* order, and the kernel's rows are rotated to match. For KH = 3::

    output row      0        1        2        3
    slot 0          row 0    row 3    row 3    row 3
    slot 1          row 1    row 1    row 4    row 4
    slot 2          row 2    row 2    row 2    row 5
    rotation        0        1        2        0       = slot of the first row the output row sees

Used by `convnet/correlation/overlapping_windows.py` and `convnet/correlation/whole_rows.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from convnet.arrays import Array
from convnet.correlation.geometry import Geometry
from convnet.correlation.partition import Grid
from convnet.runtime.threads import parallel_sum


class RowBuffer:
    """The last KH padded rows of `x` (H, W, C, N), in memory that the caller has laid out.

    Parameters
    ----------
    x : ndarray, shape (H, W, C, N)
    geometry : Geometry
    slots : ndarray, shape (KH, W_padded, C, N)
        Where the rows are kept: a view of zeros.
    """

    def __init__(self, x: Array, geometry: Geometry, slots: Array) -> None:
        self._x, self._top = x, geometry.top
        self._kh, self._down = geometry.kernel[0], geometry.stride[0]
        self._slots = slots[:, geometry.left : geometry.left + x.shape[1]]
        self._next: int | None = None

    def move_to(self, row: int) -> int:
        """Load what output row `row` sees; return the rotation.

        Rows must be asked for from top to bottom.
        """
        first = row * self._down
        begin = first if self._next is None else max(self._next, first)
        for padded_row in range(begin, first + self._kh):
            self._load(padded_row)
        self._next = first + self._kh
        return first % self._kh

    def _load(self, padded_row: int) -> None:
        slot = self._slots[padded_row % self._kh]
        row = padded_row - self._top
        if 0 <= row < self._x.shape[0]:
            slot[...] = self._x[row]
        else:
            slot[...] = 0


def sum_over_rows(
    x: Array,
    dout: Array,
    geometry: Geometry,
    block: int,
    begin: Callable[[Array, Array, Geometry], tuple[RowBuffer, Callable[[int], Array]]],
) -> Array:
    """Return the kernel gradient (KH, KW, C_in, C_out): the sum of what each output row adds to it.

    Parameters
    ----------
    x : ndarray, shape (H, W, C_in, N)
    dout : ndarray, shape (H_out, W_out, C_out, N)
    geometry : Geometry
    block : int
        The most images handled at once.
    begin : callable
        ``begin(x, dout, geometry) -> buffer, of_row`` for a block of images. ``of_row(row)``
        returns what an output row adds, (KW, KH, C_in, C_out), KH in the buffer's rotated order.
    """
    kh, kw = geometry.kernel
    channels_in = x.shape[2]
    out_height, _, channels_out, batch = dout.shape
    grid = Grid(out_height, batch, block)

    def partial_sum(start: int, stop: int) -> Array:
        total = np.zeros((kh, kw, kh, channels_in, channels_out), x.dtype)  # first axis: rotation
        for rows, images in grid.parts(start, stop):
            buffer, of_row = begin(x[..., images], dout[..., images], geometry)
            for row in rows:
                rotation = buffer.move_to(row)
                total[rotation] += of_row(row)
        in_order = [np.roll(part, -rotation, axis=1) for rotation, part in enumerate(total)]
        return np.asarray(sum(in_order)).swapaxes(0, 1)

    return parallel_sum(partial_sum, grid.units, work=dout.size * kh * kw * channels_in // 16)
