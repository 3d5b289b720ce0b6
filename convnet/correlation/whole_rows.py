"""Kernel gradients from whole rows of output, for few channels.

`overlapping_windows.py` multiplies a window and a gradient for each output pixel. With few channels
these products are small, and writing the results takes longer than the arithmetic. Laid out
(KH, C, W, N), the row buffer holds what column kw of the kernel sees in a whole row of output: KH·C
runs of W_out·N numbers, which start one pixel after those of column kw - 1. So an output row takes
KW products, each W_out times as long::

    [KH·C, W_out·N] · [W_out·N, C_out]  =  what column kw of the kernel gets from this row
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convnet.arrays import Array
from convnet.correlation.geometry import Geometry
from convnet.correlation.overlapping_windows import BLOCK
from convnet.correlation.row_buffer import RowBuffer, sum_over_rows

# Up to so many multiplications OpenBLAS multiplies two matrices where they are. Larger ones it
# copies first, and then `overlapping_windows.py` is as fast.
LARGEST_PRODUCT = 1_000_000
FEWEST_IMAGES = 64
# With shorter columns of the kernel, KH·C, copying takes longer than the products save.
SHORTEST_COLUMN = 25


def suits(x: Array, dout: Array, geometry: Geometry) -> bool:
    """Whether this way is possible, and faster than overlapping windows."""
    return (
        geometry.stride == (1, 1)
        and geometry.kernel[0] * x.shape[2] >= SHORTEST_COLUMN
        and _images_at_once(x, dout, geometry) >= FEWEST_IMAGES
    )


def _images_at_once(x: Array, dout: Array, geometry: Geometry) -> int:
    """Return for how many images the products, and the row buffer, are small enough."""
    numbers = geometry.kernel[0] * x.shape[2] * dout.shape[2] * dout.shape[1]
    return min(BLOCK, int(LARGEST_PRODUCT // numbers))


def kernel_gradient(x: Array, dout: Array, geometry: Geometry) -> Array:
    """Return the gradient (KH, KW, C_in, C_out) by the kernel."""
    return sum_over_rows(x, dout, geometry, _images_at_once(x, dout, geometry), _begin)


def _begin(x: Array, dout: Array, geometry: Geometry) -> tuple[RowBuffer, Callable[[int], Array]]:
    _, width, filters, batch = dout.shape
    buffer, windows = _buffer_and_windows(x, geometry, width)
    (kh, kw), channels = geometry.kernel, x.shape[2]
    dout_row = np.empty((filters, width, batch), x.dtype)
    dout_matrix = dout_row.reshape(filters, -1).T  # (W_out·N, C_out)
    products = np.empty((kw, kh * channels, filters), x.dtype)

    def of_row(row: int) -> Array:
        dout_row[...] = dout[row].swapaxes(0, 1)
        np.matmul(windows, dout_matrix, out=products)
        return products.reshape(kw, kh, channels, filters)

    return buffer, of_row


def _buffer_and_windows(x: Array, geometry: Geometry, out_width: int) -> tuple[RowBuffer, Array]:
    """Return a row buffer, and what each kernel column sees in it: (KW, KH·C, W_out·N)."""
    kh, kw = geometry.kernel
    _, width, channels, batch = x.shape
    memory = np.zeros((kh, channels, width + geometry.left + geometry.right, batch), x.dtype)
    run, pixel = memory.strides[1:3]
    windows = as_strided(
        memory, (kw, kh * channels, out_width * batch), (pixel, run, x.itemsize), writeable=False
    )
    return RowBuffer(x, geometry, memory.swapaxes(1, 2)), windows
