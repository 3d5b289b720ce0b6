"""Cross-correlation at the speed of BLAS: windows that overlap in memory.

The usual way, im2col, copies every input number KH·KW times to line the windows up as the
columns of one matrix. Here each number is copied once. The KH input rows that an output row sees
are kept in a circular buffer (`row_buffer.py`), laid out (W, KH, C, N)::

    column 0       column 1       column 2       column 3
    [KH·C rows,N]  [KH·C rows,N]  [KH·C rows,N]  [KH·C rows,N]   …
    └────────── window of output pixel 0 ─────┘
                   └────────── window of output pixel 1 ─────┘

so that the window of each output pixel *is* a contiguous matrix (KW·KH·C, N), which starts one
column after its neighbour's. BLAS multiplies it where it is. The same windows give the kernel
gradient.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convnet.arrays import Array
from convnet.correlation.geometry import Geometry
from convnet.correlation.partition import Grid
from convnet.correlation.row_buffer import RowBuffer, sum_over_rows
from convnet.runtime.threads import parallel

# Images handled at once: the row buffer should stay in the processor's L2 cache.
BLOCK = 128


def correlate(x: Array, kernel: Array, geometry: Geometry, bias: Array | None) -> Array:
    """Correlate any number of images with any kernel; `bias` is a column (C_out, 1)."""
    height, width, _, batch = x.shape
    out_height, out_width = geometry.output_size(height, width)
    out = np.empty((out_height, out_width, kernel.shape[3], batch), x.dtype)
    kernels = _rotated_kernels(kernel)
    grid = Grid(out_height, batch, BLOCK)

    def task(start: int, stop: int) -> None:
        for rows, images in grid.parts(start, stop):
            buffer, windows = _buffer_and_windows(x[..., images], geometry)
            for row in rows:
                rotation = buffer.move_to(row)
                pixels = out[row, :, :, images]
                np.matmul(kernels[rotation], windows, out=pixels)
                if bias is not None:
                    pixels += bias

    parallel(task, grid.units, work=out.size * kernel[..., 0].size // 16)
    return out


def kernel_gradient(x: Array, dout: Array, geometry: Geometry) -> Array:
    """Return the gradient (KH, KW, C_in, C_out) by the kernel."""
    return sum_over_rows(x, dout, geometry, BLOCK, _begin_gradient)


def _begin_gradient(
    x: Array, dout: Array, geometry: Geometry
) -> tuple[RowBuffer, Callable[[int], Array]]:
    buffer, windows = _buffer_and_windows(x, geometry)
    (kh, kw), (_, width, filters, _) = geometry.kernel, dout.shape
    products = np.empty((width, windows.shape[1], filters), x.dtype)

    def of_row(row: int) -> Array:
        np.matmul(windows, dout[row].transpose(0, 2, 1), out=products)
        return np.asarray(products.sum(axis=0).reshape(kw, kh, -1, filters))

    return buffer, of_row


def _buffer_and_windows(x: Array, geometry: Geometry) -> tuple[RowBuffer, Array]:
    """Return a row buffer, and its memory seen as the windows of an output row.

    The windows (W_out, KW·KH·C, N) are those of the output row that the buffer was moved to last.
    """
    (kh, kw), (_, right) = geometry.kernel, geometry.stride
    _, width, channels, batch = x.shape
    padded = width + geometry.left + geometry.right
    memory = np.zeros((padded, kh, channels, batch), x.dtype)
    column = memory.strides[0]
    windows = as_strided(
        memory,
        ((padded - kw) // right + 1, kw * kh * channels, batch),
        (right * column, batch * x.itemsize, x.itemsize),
    )
    return RowBuffer(x, geometry, memory.swapaxes(0, 1)), windows


def _rotated_kernels(kernel: Array) -> list[Array]:
    """Return the kernel as a matrix (C_out, KW·KH·C) for each of the KH rotations of the buffer."""
    kh, kw, channels_in, channels_out = kernel.shape
    return [
        np.ascontiguousarray(
            np.roll(kernel, rotation, axis=0)
            .transpose(3, 1, 0, 2)  # (C_out, KW, KH, C_in)
            .reshape(channels_out, kw * kh * channels_in)
        )
        for rotation in range(kh)
    ]
