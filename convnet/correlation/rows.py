"""Kernel gradients from whole rows of output, for few channels.

`rings.py` multiplies a window and a gradient for each output pixel; with few channels these are
small products, and writing them takes longer than making them. Laid out (KH, C, W, N), the ring
holds what column kw of the kernel sees in a whole row of output: KH·C runs of W_out·N numbers, one
column after those of kw - 1. So a row takes KW products, each W_out times as long::

    [KH·C, W_out·N] · [W_out·N, C_out]  =  what column kw of the kernel gets from this row
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convnet.arrays import Array
from convnet.correlation.geometry import Geometry, Grid
from convnet.correlation.ring import Ring, turn_back
from convnet.correlation.rings import BLOCK
from convnet.threads import parallel_sum

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
    channels_in, batch = x.shape[2:]
    out_height, out_width, channels_out, _ = dout.shape
    kh, kw = geometry.kernel
    grid = Grid(out_height, batch, _images_at_once(x, dout, geometry))

    def partial_sum(start: int, stop: int) -> Array:
        total = np.zeros((kh, kw, kh * channels_in, channels_out), x.dtype)
        products = np.empty(total.shape[1:], x.dtype)
        for rows, images in grid.parts(start, stop):
            ring, windows = _ring(x[..., images], geometry, out_width)
            gradients = np.empty((channels_out, out_width, windows.shape[2] // out_width), x.dtype)
            columns = gradients.reshape(channels_out, -1).T
            for row in rows:
                turn = ring.turn_to(row)
                gradients[...] = dout[row, :, :, images].swapaxes(0, 1)
                np.matmul(windows, columns, out=products)
                total[turn] += products
        # (turn, KW, KH, …) → (KH, KW, …)
        return turn_back(total.reshape(kh, kw, kh, channels_in, channels_out).swapaxes(1, 2))

    return parallel_sum(partial_sum, grid.units, work=dout.size * kh * kw * channels_in // 16)


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
