"""Winograd's way for a single image: all its tiles side by side, where a batch would be.

The tiles' 36 inputs are copied to the rows of a matrix (36, tiles·C), and both transforms of a
tile become one product each: with Bᵀ ⊗ Bᵀ (36, 36) going in, with Aᵀ ⊗ Aᵀ (16, 36) coming out.
See `convnet/correlation/winograd.py` for what is computed, and why it is the same.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convnet.arrays import Array, Shape
from convnet.correlation.geometry import Geometry
from convnet.correlation.winograd import A_T, B_T, KERNEL, TILE, VALUES, G

# With fewer channels in or out, unfolding is as fast (measured from 16 → 32 to 64 → 64).
FEWEST_CHANNELS = 32


def suits(output_shape: Shape, channels: int, geometry: Geometry) -> bool:
    """Whether this way is possible and faster than unfolding."""
    height, width, filters = output_shape
    return (
        geometry.kernel == (KERNEL, KERNEL)
        and geometry.stride == (1, 1)
        and min(channels, filters) >= FEWEST_CHANNELS
        and min(height, width) > 2 * TILE
    )


def prepare(
    source: Array, kernel: Array, bias: Array, geometry: Geometry, out: Array
) -> Callable[[], object]:
    """Return a function that correlates `source` (H, W, C) with `kernel` into `out`."""
    height, width, filters = out.shape
    channels = source.shape[2]
    down, across = -(-height // TILE), -(-width // TILE)
    count = down * across
    padded = np.zeros((down * TILE + 2, across * TILE + 2, channels), np.float32)
    interior = padded[geometry.top :, geometry.left :][: source.shape[0], : source.shape[1]]
    inside = source[: interior.shape[0], : interior.shape[1]]
    h, w, c = padded.strides
    windows = as_strided(
        padded, (VALUES, VALUES, down, across, channels), (h, w, TILE * h, TILE * w, c)
    )
    gathered = np.empty((VALUES, VALUES, down, across, channels), np.float32)
    inputs = np.empty((VALUES**2, count * channels), np.float32)
    values = np.einsum("uk,vl,klco->uvco", G, G, kernel).reshape(VALUES**2, channels, filters)
    kernels = np.ascontiguousarray(values, np.float32)
    # Below the products of the 36 values stands the bias, which every output gets once.
    products = np.empty((VALUES**2 + 1, count, filters), np.float32)
    products[-1] = bias
    outputs = np.empty((TILE**2, count * filters), np.float32)
    into = np.kron(B_T, B_T)
    back = np.hstack([np.kron(A_T, A_T), np.ones((TILE**2, 1), np.float32)])
    # (4, 4, down, across, C_out) → (down, 4, across, 4, C_out): pixels, tile by tile
    pixels = outputs.reshape(TILE, TILE, down, across, filters).transpose(2, 0, 3, 1, 4)
    whole = np.empty((down * TILE, across * TILE, filters), np.float32)
    scattered = whole.reshape(down, TILE, across, TILE, filters)
    cropped = whole[:height, :width]

    def run() -> None:
        np.copyto(interior, inside)
        np.copyto(gathered, windows)
        np.matmul(into, gathered.reshape(VALUES**2, -1), out=inputs)
        np.matmul(inputs.reshape(VALUES**2, count, channels), kernels, out=products[:-1])
        np.matmul(back, products.reshape(VALUES**2 + 1, -1), out=outputs)
        np.copyto(scattered, pixels)
        np.copyto(out, cropped)

    return run
