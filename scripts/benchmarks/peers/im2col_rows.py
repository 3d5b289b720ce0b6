"""Correlation by im2col, one row of the output at a time: the baseline for the engine's algorithms.

The windows of a row are copied out to a buffer that stays in the cache, and one product gives the
row. It has its own best layout, pictures (H, C, W, N), so that a product writes its result in
place.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from scripts.benchmarks.peers.blueprint import Array


def correlate(x: Array, kernel: Array, block: int = 32) -> Array:
    """Correlate x (H, C_in, W, N) with a kernel (KH, KW, C_in, C_out), without padding.

    Parameters
    ----------
    block : int
        Images at a time.
    """
    height, _, width, batch = x.shape
    kh, kw, _, filters = kernel.shape
    out = np.empty((height - kh + 1, filters, width - kw + 1, batch), x.dtype)
    matrix = np.ascontiguousarray(kernel.reshape(-1, filters).T)
    for start in range(0, batch, block):
        images = slice(start, start + block)
        _correlate_block(x[..., images], matrix, (kh, kw), out[..., images])
    return out


def _correlate_block(x: Array, matrix: Array, kernel: tuple[int, int], out: Array) -> None:
    (kh, kw), channels, batch = kernel, x.shape[1], x.shape[3]
    width = out.shape[2]
    h, c, w, n = x.strides
    patches = np.empty((kh, kw, channels, width, batch), x.dtype)
    product = np.empty((len(matrix), width * batch), x.dtype)
    for row in range(len(out)):
        patches[...] = as_strided(x[row:], patches.shape, (h, w, c, w, n))
        np.matmul(matrix, patches.reshape(matrix.shape[1], -1), out=product)
        out[row] = product.reshape(out.shape[1:])
