"""Cross-correlation at the speed of BLAS: windows that overlap in memory.

The usual way, im2col, copies every input number KH·KW times to line the windows up as the
columns of one matrix. Here nothing is copied more than once. With the batch innermost, a ring
of KH input rows is kept in a buffer laid out (W, KH, C, N)::

    column 0       column 1       column 2       column 3
    [KH·C rows,N]  [KH·C rows,N]  [KH·C rows,N]  [KH·C rows,N]   …
    └────────── window of output pixel 0 ─────┘
                   └────────── window of output pixel 1 ─────┘

so that the window of each output pixel *is* a contiguous matrix (KW·KH·C, N), which starts one
column after its neighbour's. BLAS multiplies it where it lies. Going one row down replaces one
of the KH rows in the ring; instead of moving the others, the kernel's rows are rotated
(`_ring_kernels`). The same windows give the kernel gradient.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convnet.arrays import Array
from convnet.correlation.geometry import Geometry, Grid
from convnet.threads import parallel

# Images handled at once: the ring of rows should stay in the processor's L2 cache.
BLOCK = 128


def correlate(x: Array, kernel: Array, geometry: Geometry, bias: Array | None) -> Array:
    """Correlate any number of images with any kernel; `bias` is a column (C_out, 1)."""
    height, width, _, batch = x.shape
    out_height, out_width = geometry.output_size(height, width)
    out = np.empty((out_height, out_width, kernel.shape[3], batch), x.dtype)
    kernels = _ring_kernels(kernel)
    grid = Grid(out_height, batch, BLOCK)

    def task(start: int, stop: int) -> None:
        for rows, images in grid.parts(start, stop):
            ring = _Ring(x[..., images], geometry)
            for row in rows:
                windows, turn = ring.windows(row)
                pixels = out[row, :, :, images]
                np.matmul(kernels[turn], windows, out=pixels)
                if bias is not None:
                    pixels += bias

    parallel(task, grid.units, work=out.size * kernel[..., 0].size // 16)
    return out


def kernel_gradient(x: Array, dout: Array, geometry: Geometry) -> Array:
    """Return the gradient (KH, KW, C_in, C_out) by the kernel."""
    channels_in, batch = x.shape[2:]
    out_height, out_width, channels_out, _ = dout.shape
    kh, kw = geometry.kernel
    grid = Grid(out_height, batch, BLOCK)
    partial: dict[int, Array] = {}

    def task(start: int, stop: int) -> None:
        total = np.zeros((kh, kw * kh * channels_in, channels_out), x.dtype)
        products = np.empty((out_width, *total.shape[1:]), x.dtype)
        for rows, images in grid.parts(start, stop):
            ring = _Ring(x[..., images], geometry)
            for row in rows:
                windows, turn = ring.windows(row)
                np.matmul(windows, dout[row, :, :, images].transpose(0, 2, 1), out=products)
                total[turn] += products.sum(axis=0)
        partial[start] = _unwind(total.reshape(kh, kw, kh, channels_in, channels_out))

    # It writes a product for every pixel, too: twice the work of `correlate`.
    parallel(task, grid.units, work=dout.size * kh * kw * channels_in // 8)
    return np.asarray(sum(partial[start] for start in sorted(partial)))


class _Ring:
    """The last KH padded input rows, as overlapping windows."""

    def __init__(self, x: Array, geometry: Geometry) -> None:
        (kh, kw), (self._down, right) = geometry.kernel, geometry.stride
        _, width, channels, batch = x.shape
        self._x, self._kh, self._top = x, kh, geometry.top
        padded = width + geometry.left + geometry.right
        buffer = np.zeros((padded, kh, channels, batch), x.dtype)
        self._interior = buffer[geometry.left : geometry.left + width]
        column = buffer.strides[0]
        self._windows = as_strided(
            buffer,
            ((padded - kw) // right + 1, kw * kh * channels, batch),
            (right * column, batch * x.itemsize, x.itemsize),
        )
        self._next: int | None = None

    def windows(self, row: int) -> tuple[Array, int]:
        """Return output row `row`'s windows (W_out, KW·KH·C, N), and how far the ring turned."""
        first = row * self._down
        begin = first if self._next is None else max(self._next, first)
        for padded_row in range(begin, first + self._kh):
            self._load(padded_row)
        self._next = first + self._kh
        return self._windows, first % self._kh

    def _load(self, padded_row: int) -> None:
        slot = self._interior[:, padded_row % self._kh]
        row = padded_row - self._top
        if 0 <= row < self._x.shape[0]:
            slot[...] = self._x[row]
        else:
            slot[...] = 0


def _ring_kernels(kernel: Array) -> list[Array]:
    """Kernel matrices (C_out, KW·KH·C) for each of the KH turns of the ring."""
    kh, kw, channels_in, channels_out = kernel.shape
    return [
        np.ascontiguousarray(
            np.roll(kernel, turn, axis=0)
            .transpose(3, 1, 0, 2)  # (C_out, KW, KH, C_in)
            .reshape(channels_out, kw * kh * channels_in)
        )
        for turn in range(kh)
    ]


def _unwind(total: Array) -> Array:
    """Sum gradients (turn, KW, KH, C_in, C_out) over the turns, each rotated back."""
    turned_back = [np.roll(part, -turn, axis=1) for turn, part in enumerate(total)]
    return np.asarray(sum(turned_back)).transpose(1, 0, 2, 3)  # (KH, KW, C_in, C_out)
