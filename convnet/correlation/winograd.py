"""Winograd's way: correlate with 3×3 kernels in a quarter of the multiplications.

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
from convnet.correlation.geometry import Geometry, Grid
from convnet.threads import parallel

TILE = 4  # outputs along a side of a tile
KERNEL = 3
VALUES = TILE + KERNEL - 1  # points, and inputs along a side of a tile
POINTS = (0.0, sqrt(0.5), -sqrt(0.5), sqrt(2.0), -sqrt(2.0))  # and infinity

# With fewer channels the transforms cost more than the products save; with fewer images the
# products are too narrow.
FEWEST_CHANNELS = 16
FEWEST_IMAGES = 16
# Tiles that reach over the edge save less; from this factor on it is the faster way.
LEAST_SAVING = 1.5
# Images handled at once: the 36 values of a row of tiles should stay in the L2 cache.
BLOCK = 32


def suits(x: Array, channels_out: int, geometry: Geometry) -> bool:
    """Whether this way is possible, and faster than the others.

    It is never taken in float64, where exactness is wanted and not speed.
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
G = _kernel_matrix(KERNEL).astype(np.float32)
GRADIENT_A_T = np.ascontiguousarray(_evaluation_matrix(KERNEL).T, np.float32)
GRADIENT_G = _kernel_matrix(TILE).astype(np.float32)


def correlate(x: Array, kernel: Array, geometry: Geometry, bias: Array | None) -> Array:
    """Correlate many images with 3×3 kernels; `bias` is a column (C_out, 1)."""
    height, width, _, batch = x.shape
    out_height, out_width = geometry.output_size(height, width)
    filters = kernel.shape[3]
    out = np.empty((out_height, out_width, filters, batch), x.dtype)
    grid = Grid(-(-out_height // TILE), batch, BLOCK)
    # (6, 1, 6, C_out, C_in): one matrix for each pair of points, whatever the tile.
    values = _both_ways(G, kernel).swapaxes(-1, -2)[:, None]

    def task(start: int, stop: int) -> None:
        for rows, images in grid.parts(start, stop):
            tiles = _Tiles(x[..., images], geometry, out_width)
            products = np.empty((VALUES, tiles.count, VALUES, filters, tiles.batch), x.dtype)
            across = np.empty((VALUES, tiles.count, TILE, filters, tiles.batch), x.dtype)
            columns = across.reshape(VALUES, -1)[:, : out_width * filters * tiles.batch]
            part = _own_memory(out[..., images])
            for row in rows:
                np.matmul(values, tiles.values(row), out=products)
                np.matmul(A_T, _flat(products), out=_flat(across))
                pixels = part[row * TILE : (row + 1) * TILE]
                np.matmul(A_T[: len(pixels)], columns, out=pixels.reshape(len(pixels), -1))
                if bias is not None:
                    pixels += bias
                if part.base is not out:
                    out[row * TILE : (row + 1) * TILE, :, :, images] = pixels

    parallel(task, grid.units)
    return out


def kernel_gradient(x: Array, dout: Array, geometry: Geometry) -> Array:
    """Return the gradient (3, 3, C_in, C_out) by the kernel."""
    channels, batch = x.shape[2:]
    out_height, out_width, filters, _ = dout.shape
    grid = Grid(-(-out_height // TILE), batch, BLOCK)
    partial: dict[int, Array] = {}

    def task(start: int, stop: int) -> None:
        total = np.zeros((VALUES, VALUES, channels, filters), x.dtype)
        for rows, images in grid.parts(start, stop):
            tiles = _Tiles(x[..., images], geometry, out_width)
            gradients = _GradientTiles(dout[..., images], tiles.count)
            products = np.empty((VALUES, tiles.count, VALUES, channels, filters), x.dtype)
            for row in rows:
                # (6, tiles, 6, C_in, N) · (6, tiles, 6, N, C_out), added up over the tiles
                np.matmul(tiles.values(row), gradients.values(row), out=products)
                total += products.sum(axis=1)
        partial[start] = total

    parallel(task, grid.units)
    values = np.asarray(sum(partial[start] for start in sorted(partial)))
    return _both_ways(GRADIENT_A_T, values)


def _both_ways(matrix: Array, arrays: Array) -> Array:
    """Transform (a, b, C, D) along its first two axes by `matrix` (m, a = b): (m, m, C, D)."""
    rows, terms = matrix.shape
    down = matrix @ arrays.reshape(terms, -1)
    both = matrix @ down.reshape(rows, terms, -1)
    return both.reshape(rows, rows, *arrays.shape[2:])


def _own_memory(images: Array) -> Array:
    """Return `images` if they are contiguous, else memory for as many."""
    return images if images.flags.c_contiguous else np.empty(images.shape, images.dtype)


class _Tiles:
    """The input, as rows of overlapping 6×6 tiles in the values Bᵀ d B."""

    def __init__(self, x: Array, geometry: Geometry, out_width: int) -> None:
        self._x, self._top = np.ascontiguousarray(x), geometry.top
        _, width, channels, self.batch = x.shape
        self.count = -(-out_width // TILE)
        # The columns left and right of the picture stay zero.
        down = np.zeros((VALUES, self.count * TILE + KERNEL - 1, channels, self.batch), x.dtype)
        pixel = channels * self.batch
        self._interior = down.reshape(VALUES, -1)[:, geometry.left * pixel :][:, : width * pixel]
        point, column = down.strides[:2]
        self._windows = as_strided(  # (6, tiles, 6 columns, C·N): neighbours share two columns
            down, (VALUES, self.count, VALUES, pixel), (point, TILE * column, column, x.itemsize)
        )
        self._values = np.empty((VALUES, self.count, VALUES, channels, self.batch), x.dtype)

    def values(self, row: int) -> Array:
        """Return the values (6, tiles, 6, C, N) of one row of tiles, good until the next call."""
        top = row * TILE - self._top
        # Rows above and below the picture are zeros, and left out of the product.
        first = min(max(-top, 0), VALUES)
        stop = max(min(self._x.shape[0] - top, VALUES), first)
        rows = self._x[top + first : top + stop].reshape(stop - first, self._interior.shape[1])
        np.matmul(B_T[:, first:stop], rows, out=self._interior)
        np.matmul(B_T, self._windows, out=_flat(self._values))
        return self._values


class _GradientTiles:
    """The gradient by the output, as rows of 4×4 tiles in the values G dout Gᵀ.

    Channels are innermost here: BLAS multiplies small matrices up to twice as fast where it need
    not transpose one of them.
    """

    def __init__(self, dout: Array, count: int) -> None:
        self._dout = dout.swapaxes(-1, -2)
        batch, channels = self._dout.shape[2:]
        self._rows = np.zeros((TILE, count * TILE, batch, channels), dout.dtype)
        self._values = np.empty((VALUES, count, VALUES, batch, channels), dout.dtype)

    def values(self, row: int) -> Array:
        """Return the values (6, tiles, 6, N, C) of one row of tiles, good until the next call."""
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
