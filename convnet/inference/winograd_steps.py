"""Winograd's algorithm for a single image: its tiles take the place of a batch.

The tiles' 36 inputs are copied to the rows of a matrix (6, 6, tiles·C), so that a transform of all
tiles is two products, down the rows and across the columns.
See `convnet/correlation/winograd.py` for what is computed, and why it is the same.
"""

from __future__ import annotations

import numpy as np

from convnet.arrays import Array, Shape
from convnet.correlation.geometry import Geometry
from convnet.correlation.winograd import A_T, A_T_AND_BIAS, B_T, KERNEL, TILE, VALUES, G
from convnet.inference.scratch import Scratch
from convnet.inference.steps import Step, copy, largest, multiply, pad, runs

# With fewer channels in or out, im2col is as fast.
FEWEST_CHANNELS = 16


def suits(output_shape: Shape, channels: int, geometry: Geometry) -> bool:
    """Whether this algorithm is possible, and faster than im2col."""
    height, width, filters = output_shape
    return (
        geometry.kernel == (KERNEL, KERNEL)
        and geometry.stride == geometry.dilation == (1, 1)
        and geometry.groups == 1
        and min(channels, filters) >= FEWEST_CHANNELS
        and min(height, width) > 2 * TILE
    )


def numbers(output_shape: Shape, channels: int) -> int:
    """Return about how many numbers lie between input and output, at most."""
    height, width, filters = output_shape
    tiles = -(-height // TILE) * -(-width // TILE)
    return VALUES**2 * tiles * (3 * channels + 3 * filters)


def prepare(
    source: Array,
    kernel: Array,
    bias: Array,
    geometry: Geometry,
    out: Array,
    scratch: Scratch,
    pool: int = 1,
) -> list[Step]:
    """Return the steps that correlate `source` (H, W, C) with `kernel` into `out`.

    With a `pool` of 2 or 4, `out` gets the largest of each 2×2 or 4×4 outputs: a tile is pooled
    before it is written where it belongs.
    """
    channels, filters = kernel.shape[2:]
    height, width = geometry.output_size(*source.shape[:2])
    down, across = -(-height // TILE), -(-width // TILE)
    size = (down * TILE + KERNEL - 1, across * TILE + KERNEL - 1)
    padded, padding = pad(source, geometry.top, geometry.left, size)
    h, w, _ = padded.strides
    windows = runs(padded, channels, (VALUES, VALUES, down, across), (h, w, TILE * h, TILE * w))
    tiles = scratch.take(VALUES, VALUES, down, across, channels)
    places = runs(tiles, channels, windows.shape, tiles.strides[:-1])
    half = scratch.take(VALUES, VALUES, down * across * channels)
    inputs = scratch.take(*half.shape)
    values = np.einsum("uk,vl,klco->uvco", G, G, kernel).reshape(VALUES**2, channels, filters)
    kernels = np.ascontiguousarray(values, np.float32)
    products = scratch.take(VALUES**2, down * across, filters)
    columns = scratch.take(TILE, VALUES + 1, down * across * filters)
    biases = np.tile(bias, down * across)
    outputs = scratch.take(TILE, TILE, down * across * filters)
    pooled, pooling = _pool(outputs, pool, scratch)
    return [
        *padding,
        copy(biases, columns[:, -1]),
        copy(windows, places),
        multiply(B_T, tiles.reshape(VALUES, -1), half.reshape(VALUES, -1)),
        multiply(B_T, half, inputs),
        multiply(inputs.reshape(VALUES**2, -1, channels), kernels, products),
        multiply(A_T, products.reshape(VALUES, -1), columns[:, :-1].reshape(TILE, -1)),
        multiply(A_T_AND_BIAS, columns, outputs),
        *pooling,
        *_assemble(pooled.reshape(*pooled.shape[:2], down, across, filters), out, scratch),
    ]


def _pool(tiles: Array, size: int, scratch: Scratch) -> tuple[Array, list[Step]]:
    """Pool tiles (4, 4, numbers) to the largest of each `size` x `size`."""
    if size == 1:
        return tiles, []
    side, numbers = TILE // size, tiles.shape[2]
    windows = tiles.reshape(side, size, TILE, numbers)
    rows = scratch.take(side, TILE, numbers)
    columns = rows.reshape(side, side, size, numbers)
    pooled = scratch.take(side, side, numbers)
    return pooled, [
        *largest([windows[:, row] for row in range(size)], rows),
        *largest([columns[:, :, column] for column in range(size)], pooled),
    ]


def _assemble(tiles: Array, out: Array, scratch: Scratch) -> list[Step]:
    """Write tiles (S, S, down, across, C) to their places; what is beyond the edges is left out."""
    side, _, down, across, filters = tiles.shape
    size = (down * side, across * side, filters)
    whole = out if out.shape == size else scratch.take(*size)
    row, pixel, _ = whole.strides
    places = runs(whole, filters, tiles.shape[:-1], (row, pixel, side * row, side * pixel))
    pixels = runs(tiles, filters, tiles.shape[:-1], tiles.strides[:-1])
    crop = [] if whole is out else [copy(whole[: out.shape[0], : out.shape[1]], out)]
    return [copy(pixels, places), *crop]
