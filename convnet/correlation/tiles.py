"""Winograd's way for a single image: all its tiles side by side, where a batch would be.

The tiles' 36 inputs are copied to the rows of a matrix (6, 6, tiles·C), so that a transform of all
tiles is two products, down the rows and across the columns.
See `convnet/correlation/winograd.py` for what is computed, and why it is the same.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from convnet.arrays import Array, Shape, runs
from convnet.correlation.geometry import Geometry
from convnet.correlation.winograd import A_T, A_T_AND_BIAS, B_T, KERNEL, TILE, VALUES, G

Step = Callable[[], object]

# With fewer channels in or out, unfolding is as fast (measured from 16 → 32 to 64 → 64).
FEWEST_CHANNELS = 16


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
) -> list[Step]:
    """Return the steps that correlate `source` (H, W, C) with `kernel` into `out`."""
    channels, filters = kernel.shape[2:]
    down, across = -(-out.shape[0] // TILE), -(-out.shape[1] // TILE)
    padded, padding = _padded(source, geometry, (down * TILE + 2, across * TILE + 2))
    h, w, _ = padded.strides
    windows = runs(padded, channels, (VALUES, VALUES, down, across), (h, w, TILE * h, TILE * w))
    tiles = np.empty((VALUES, VALUES, down, across, channels), np.float32)
    places = runs(tiles, channels, windows.shape, tiles.strides[:-1])
    half = np.empty((VALUES, VALUES, down * across * channels), np.float32)
    inputs = np.empty_like(half)
    values = np.einsum("uk,vl,klco->uvco", G, G, kernel).reshape(VALUES**2, channels, filters)
    kernels = np.ascontiguousarray(values, np.float32)
    products = np.empty((VALUES**2, down * across, filters), np.float32)
    columns = np.empty((TILE, VALUES + 1, down * across * filters), np.float32)
    columns[:, -1] = np.tile(bias, down * across)
    outputs = np.empty((TILE, TILE, down * across * filters), np.float32)
    return [
        *padding,
        lambda: np.copyto(places, windows),
        _multiply(B_T, tiles.reshape(VALUES, -1), half.reshape(VALUES, -1)),
        _multiply(B_T, half, inputs),
        _multiply(inputs.reshape(VALUES**2, -1, channels), kernels, products),
        _multiply(A_T, products.reshape(VALUES, -1), columns[:, :-1].reshape(TILE, -1)),
        _multiply(A_T_AND_BIAS, columns, outputs),
        *_assemble(outputs.reshape(TILE, TILE, down, across, filters), out),
    ]


def _multiply(left: Array, right: Array, out: Array) -> Step:
    return lambda: np.matmul(left, right, out=out)


def _padded(source: Array, geometry: Geometry, size: Shape) -> tuple[Array, list[Step]]:
    """Return the source as large as all tiles need it, and the step that keeps it so."""
    if source.shape[:2] == size:
        return source, []
    padded = np.zeros((*size, source.shape[2]), np.float32)
    interior = padded[geometry.top :, geometry.left :][: source.shape[0], : source.shape[1]]
    inside = source[: interior.shape[0], : interior.shape[1]]
    return padded, [lambda: np.copyto(interior, inside)]


def _assemble(tiles: Array, out: Array) -> list[Step]:
    """Write tiles (4, 4, down, across, C) where they belong, without what is over at the edges."""
    side, _, down, across, filters = tiles.shape
    size = (down * side, across * side, filters)
    whole = out if out.shape == size else np.empty(size, np.float32)
    row, pixel, _ = whole.strides
    places = runs(whole, filters, tiles.shape[:-1], (row, pixel, side * row, side * pixel))
    pixels = runs(tiles, filters, tiles.shape[:-1], tiles.strides[:-1])
    steps: list[Step] = [lambda: np.copyto(places, pixels)]
    if whole is not out:
        cropped = whole[: out.shape[0], : out.shape[1]]
        steps.append(lambda: np.copyto(out, cropped))
    return steps
