"""Kernel gradients from whole rows of output, for few channels.

`rings.py` multiplies a window and a gradient for each output pixel; with few channels these are
small products, and writing them takes longer than making them. Laid out (KH, C, W, N), the ring
holds what column kw of the kernel sees in a whole row of output: KH·C runs of W_out·N numbers, one
column after those of kw - 1. So a row takes KW products, each W_out times as long::

    [KH·C, W_out·N] · [W_out·N, C_out]  =  what column kw of the kernel gets from this row
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convnet.arrays import Array
from convnet.correlation.geometry import Geometry
from convnet.correlation.overlapping_windows import BLOCK
from convnet.correlation.row_buffer import Ring, sum_over_rows

# Multiplications up to which OpenBLAS takes two matrices as they lie. Beyond, it copies them first,
# and `rings.py` is as fast.
LARGEST_PRODUCT = 1_000_000
FEWEST_IMAGES = 64
# With shorter columns of the kernel, KH·C, copying takes longer than the products save.
SHORTEST_COLUMN = 25


def suits(x: Array, dout: Array, geometry: Geometry) -> bool:
    """Whether this way is possible, and faster than `rings.py`."""
    return (
        geometry.stride == (1, 1)
        and geometry.kernel[0] * x.shape[2] >= SHORTEST_COLUMN
        and _images_at_once(x, dout, geometry) >= FEWEST_IMAGES
    )


def _images_at_once(x: Array, dout: Array, geometry: Geometry) -> int:
    """Return for how many images the products are small enough, and the ring is."""
    numbers = geometry.kernel[0] * x.shape[2] * dout.shape[2] * dout.shape[1]
    return min(BLOCK, int(LARGEST_PRODUCT // numbers))


def kernel_gradient(x: Array, dout: Array, geometry: Geometry) -> Array:
    """Return the gradient (KH, KW, C_in, C_out) by the kernel."""
    return sum_over_rows(x, dout, geometry, _images_at_once(x, dout, geometry), _begin)


def _begin(x: Array, dout: Array, geometry: Geometry) -> tuple[Ring, Callable[[int], Array]]:
    _, width, filters, batch = dout.shape
    ring, windows = _ring(x, geometry, width)
    (kh, kw), channels = geometry.kernel, x.shape[2]
    gradients = np.empty((filters, width, batch), x.dtype)
    columns = gradients.reshape(filters, -1).T
    products = np.empty((kw, kh * channels, filters), x.dtype)

    def of_row(row: int) -> Array:
        gradients[...] = dout[row].swapaxes(0, 1)
        np.matmul(windows, columns, out=products)
        return products.reshape(kw, kh, channels, filters)

    return ring, of_row


def _ring(x: Array, geometry: Geometry, out_width: int) -> tuple[Ring, Array]:
    """Return a ring, and what each column of the kernel sees in it: (KW, KH·C, W_out·N)."""
    kh, kw = geometry.kernel
    _, width, channels, batch = x.shape
    buffer = np.zeros((kh, channels, width + geometry.left + geometry.right, batch), x.dtype)
    run, pixel = buffer.strides[1:3]
    windows = as_strided(
        buffer, (kw, kh * channels, out_width * batch), (pixel, run, x.itemsize), writeable=False
    )
    return Ring(x, geometry, buffer.swapaxes(1, 2)), windows
