"""Winograd's algorithm: correlate with 3×3 kernels in a quarter of the multiplications.

A correlation is a product of polynomials, and polynomials can be multiplied by evaluating both at
enough points, multiplying the values, and interpolating. For a tile of 4×4 outputs, six points in
each direction do. So each tile d of 6×6 inputs, each kernel g and their outputs y obey

    y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A

with ⊙ the product of the 36 values. With channels, each of the 36 is a matrix product over them;
36 products for 16 outputs replace 9 · 16. The kernel gradient correlates a tile d with 4×4
gradients to give 3×3 numbers, so it uses the same points, the same Bᵀ d B, and other Aᵀ and G.

Every step is one `matmul` over strided views: nothing but the edges is copied.

The points are 0, ±√½, ±√2 and ∞. The usual 0, ±1, ±2 and ∞ give rounding errors 2.4 times as
large; these stay near those of the plain sum (docs/performance.md).
Sources: Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016;
Barabasz et al., "Error analysis and improving the accuracy of Winograd convolution", TOMS 2020.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convnet.arrays import Array
from convnet.correlation.geometry import Geometry
from convnet.correlation.partition import Grid
from convnet.runtime.threads import parallel, parallel_sum

TILE = 4  # outputs along a side of a tile
KERNEL = 3
VALUES = TILE + KERNEL - 1  # points, and inputs along a side of a tile
POINTS = (0.0, sqrt(0.5), -sqrt(0.5), sqrt(2.0), -sqrt(2.0))  # and infinity

# With fewer channels the transforms cost more than the products save; with fewer images the
# products are too narrow.
FEWEST_CHANNELS = 16
FEWEST_IMAGES = 16
# Tiles that reach over the edge save less; it is faster if it saves at least this factor.
LEAST_SAVING = 1.5
# Images handled at once for outputs, and the numbers that all values of the tiles handled at once
# may have, so that they stay in the L2 cache. Few tiles of many images can be read and written in
# place; many tiles of few images would have to be copied, which is slow (docs/performance.md).
BLOCK = 128
CACHED = 1 << 18
# Images handled at once for the kernel gradient. (The order in which images are added up decides
# the last bits of a sum, and so of the shipped weights.)
GRADIENT_BLOCK = 32


def suits(x: Array, channels_out: int, geometry: Geometry) -> bool:
    """Whether this algorithm is possible, and faster than the others.

    It is never used in float64, where accuracy matters more than speed.
    """
    return (
        geometry.kernel == (KERNEL, KERNEL)
        and geometry.stride == (1, 1)
        and x.dtype == np.float32
        and min(x.shape[2], channels_out) >= FEWEST_CHANNELS
        and x.shape[3] >= FEWEST_IMAGES
        and _saving(*geometry.output_size(*x.shape[:2])) >= LEAST_SAVING
    )


def _saving(height: int, width: int) -> float:
    """How many times fewer products an output of this size takes than the plain sum."""
    tiles = -(-height // TILE) * -(-width // TILE)
    return KERNEL**2 * height * width / (VALUES**2 * tiles)


def _input_matrix() -> Array:
    """Bᵀ (6, 6): row i holds the coefficients of Π_{j≠i} (x - p_j), the last those of Π (x - p)."""
    rows = [np.poly([p for p in POINTS if p != point])[::-1] for point in POINTS]
    return np.array([*(np.append(row, 0) for row in rows), np.poly(POINTS)[::-1]])


def _evaluation_matrix(terms: int) -> Array:
    """Value of x^0 … x^(terms-1) at each point (6, terms); at infinity the highest counts."""
    finite = np.vander(POINTS, terms, increasing=True)
    return np.vstack([finite, np.eye(terms)[-1]])


def _kernel_matrix(terms: int) -> Array:
    """G (6, terms): evaluation, divided by Lagrange's denominators Π_{j≠i} (p_i - p_j)."""
    denominators = [np.prod([point - p for p in POINTS if p != point]) for point in POINTS]
    return np.asarray(_evaluation_matrix(terms) / np.array([*denominators, 1.0])[:, None])


B_T = _input_matrix().astype(np.float32)
A_T = np.ascontiguousarray(_evaluation_matrix(TILE).T, np.float32)
# For the bias as a seventh value of each column: every output gets it once.
A_T_AND_BIAS = np.hstack([A_T, np.ones((TILE, 1), np.float32)])
G = _kernel_matrix(KERNEL).astype(np.float32)
GRADIENT_A_T = np.ascontiguousarray(_evaluation_matrix(KERNEL).T, np.float32)
GRADIENT_G = _kernel_matrix(TILE).astype(np.float32)


def correlate(x: Array, kernel: Array, geometry: Geometry, bias: Array | None) -> Array:
    """Correlate many images with 3×3 kernels; `bias` is a column (C_out, 1)."""
    channels, batch = x.shape[2:]
    out_height, out_width = geometry.output_size(*x.shape[:2])
    filters = kernel.shape[3]
    out = np.empty((out_height, out_width, filters, batch), x.dtype)
    count = _tiles_at_once(out_width, max(channels, filters) * min(batch, BLOCK))
    pieces = -(-out_width // (count * TILE))  # of a row of tiles
    grid = Grid(-(-out_height // TILE) * pieces, batch, BLOCK)
    # (6, 1, 6, C_out, C_in): one matrix for each pair of points, whatever the tile.
    values = _both_ways(G, kernel).swapaxes(-1, -2)[:, None]
    transform = A_T if bias is None else A_T_AND_BIAS

    def task(start: int, stop: int) -> None:
        for units, images in grid.parts(start, stop):
            tiles = _Tiles(x[..., images], geometry, count)
            products = np.empty((VALUES, count, VALUES, filters, tiles.batch), x.dtype)
            across = np.empty((transform.shape[1], count, TILE, filters, tiles.batch), x.dtype)
            if bias is not None:
                across[-1] = bias
            for unit in units:
                row, piece = divmod(unit, pieces)
                first = piece * count
                np.matmul(values, tiles.values(row, first), out=products)
                np.matmul(A_T, _flat(products), out=_flat(across[:VALUES]))
                place = out[_pixels(row), _pixels(first, count), :, images]
                pixels = place if tiles.batch == batch else np.empty(place.shape, x.dtype)
                lines = pixels.reshape(len(pixels), -1)
                columns = across.reshape(len(across), -1)[:, : lines.shape[1]]
                np.matmul(transform[: len(lines)], columns, out=lines)
                if pixels is not place:
                    place[...] = pixels

    parallel(task, grid.units)
    return out


def _tiles_at_once(width: int, numbers: int) -> int:
    """Return how many tiles of a row `width` pixels wide are handled at once.

    `numbers` is how many a pixel has, in all channels and images. All pieces of a row are equally
    long, and the last one reaches over the edge: the best length is the one that does so least.
    """
    tiles = -(-width // TILE)
    most = max(1, CACHED // (VALUES**2 * numbers))
    return min(range(min(most, tiles), 0, -1), key=lambda count: -tiles % count)


def _pixels(tile: int, count: int = 1) -> slice:
    """Return the pixels of `count` tiles, from number `tile` on."""
    return slice(tile * TILE, (tile + count) * TILE)


def kernel_gradient(x: Array, dout: Array, geometry: Geometry) -> Array:
    """Return the gradient (3, 3, C_in, C_out) by the kernel."""
    channels, batch = x.shape[2:]
    out_height, out_width, filters, _ = dout.shape
    count = -(-out_width // TILE)
    grid = Grid(-(-out_height // TILE), batch, GRADIENT_BLOCK)

    def partial_sum(start: int, stop: int) -> Array:
        total = np.zeros((VALUES, VALUES, channels, filters), x.dtype)
        for rows, images in grid.parts(start, stop):
            tiles = _Tiles(x[..., images], geometry, count)
            gradients = _GradientTiles(dout[..., images], count)
            products = np.empty((VALUES, count, VALUES, channels, filters), x.dtype)
            for row in rows:
                # (6, tiles, 6, C_in, N) · (6, tiles, 6, N, C_out), added up over the tiles
                np.matmul(tiles.values(row), gradients.values(row), out=products)
                total += products.sum(axis=1)
        return total

    return _both_ways(GRADIENT_A_T, parallel_sum(partial_sum, grid.units))


def _both_ways(matrix: Array, arrays: Array) -> Array:
    """Transform (a, b, C, D) along its first two axes by `matrix` (m, a = b): (m, m, C, D)."""
    rows, terms = matrix.shape
    down = matrix @ arrays.reshape(terms, -1)
    both = matrix @ down.reshape(rows, terms, -1)
    return both.reshape(rows, rows, *arrays.shape[2:])


class _Tiles:
    """The input, as overlapping 6×6 tiles in the values Bᵀ d B, `count` neighbours at a time."""

    def __init__(self, x: Array, geometry: Geometry, count: int) -> None:
        height, self._width, channels, self.batch = x.shape
        self._pixel = channels * self.batch  # numbers
        self._lines = np.ascontiguousarray(x).reshape(height, -1)
        self._top, self._left = geometry.top, geometry.left
        self._down = np.empty((VALUES, count * TILE + KERNEL - 1, self._pixel), x.dtype)
        point, column, number = self._down.strides
        self._windows = as_strided(  # (6, tiles, 6 columns, C·N): neighbours share two columns
            self._down,
            (VALUES, count, VALUES, self._pixel),
            (point, TILE * column, column, number),
        )
        self._values = np.empty((VALUES, count, VALUES, channels, self.batch), x.dtype)
        self._move_to(0)

    def values(self, row: int, first: int = 0) -> Array:
        """Return values (6, tiles, 6, C, N), valid until the next call.

        They are those of the tiles from number `first` on, in row `row` of tiles.
        """
        if first != self._first:
            self._move_to(first)
        top = row * TILE - self._top
        # Rows above and below the picture are zeros, and left out of the product.
        begin, end = _inside(top, VALUES, len(self._lines))
        lines = self._lines[top + begin : top + end, self._columns]
        np.matmul(B_T[:, begin:end], lines, out=self._interior)
        np.matmul(B_T, self._windows, out=_flat(self._values))
        return self._values

    def _move_to(self, first: int) -> None:
        """Go to the tiles from number `first` on; columns outside of the picture are zeros."""
        left = first * TILE - self._left
        begin, end = _inside(left, self._down.shape[1], self._width)
        self._down[:, :begin] = 0
        self._down[:, end:] = 0
        self._columns = slice((left + begin) * self._pixel, (left + end) * self._pixel)
        flat = self._down.reshape(VALUES, -1)
        self._interior = flat[:, begin * self._pixel : end * self._pixel]
        self._first = first


def _inside(start: int, length: int, size: int) -> tuple[int, int]:
    """Return which of the `length` places from `start` on are in 0 … size - 1: first and end."""
    begin = min(max(-start, 0), length)
    return begin, max(min(size - start, length), begin)


class _GradientTiles:
    """The gradient by the output, as rows of 4×4 tiles in the values G dout Gᵀ.

    Channels are innermost here: BLAS multiplies small matrices up to twice as fast if it does not
    have to transpose one of them.
    """

    def __init__(self, dout: Array, count: int) -> None:
        self._dout = dout.swapaxes(-1, -2)
        batch, channels = self._dout.shape[2:]
        self._rows = np.zeros((TILE, count * TILE, batch, channels), dout.dtype)
        self._values = np.empty((VALUES, count, VALUES, batch, channels), dout.dtype)

    def values(self, row: int) -> Array:
        """Return the values (6, tiles, 6, N, C) of one row of tiles, valid until the next call."""
        part = self._dout[row * TILE : (row + 1) * TILE]
        self._rows[: len(part), : part.shape[1]] = part
        self._rows[len(part) :] = 0
        down = GRADIENT_G @ self._rows.reshape(TILE, -1)
        tiles = down.reshape(VALUES, self._values.shape[1], TILE, -1)
        np.matmul(GRADIENT_G, tiles, out=_flat(self._values))
        return self._values


def _flat(values: Array) -> Array:
    """View (…, C, N) as (…, C·N), or (…, N, C) as (…, N·C)."""
    return values.reshape(*values.shape[:-2], -1)
