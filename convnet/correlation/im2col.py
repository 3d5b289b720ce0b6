"""Correlation by unfolding (im2col): the way for a few images.

Every window is copied out to a row of one matrix (pixels·N, KH·KW·C), and a single product with
the kernel (KH·KW·C, C_out) gives all outputs. It copies each number KH·KW times, but for a single
image that is cheaper than a call of BLAS for every pixel.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convnet.arrays import Array
from convnet.correlation.geometry import Geometry


def correlate(x: Array, kernel: Array, geometry: Geometry, bias: Array | None) -> Array:
    """Correlate a few images; `bias` is a column (C_out, 1)."""
    patches = unfold(x, geometry)
    out_height, out_width, batch = patches.shape[:3]
    channels = kernel.shape[3]
    rows = patches.reshape(out_height * out_width * batch, -1)
    out = rows @ kernel.reshape(-1, channels)
    if bias is not None:
        out += bias[:, 0]
    return out.reshape(out_height, out_width, batch, channels).transpose(0, 1, 3, 2)


def kernel_gradient(x: Array, dout: Array, geometry: Geometry) -> Array:
    """Return the gradient (KH, KW, C_in, C_out) by the kernel."""
    channels_in, channels_out = x.shape[2], dout.shape[2]
    patches = unfold(x, geometry).reshape(-1, geometry.taps * channels_in)
    rows = dout.transpose(0, 1, 3, 2).reshape(-1, channels_out)
    return (patches.T @ rows).reshape(*geometry.kernel, channels_in, channels_out)


def unfold(x: Array, geometry: Geometry) -> Array:
    """Copy all windows of `x` (H, W, C, N): (H_out, W_out, N, KH, KW, C)."""
    (kh, kw), (down, right) = geometry.kernel, geometry.stride
    if geometry.top or geometry.bottom or geometry.left or geometry.right:
        sides = (geometry.top, geometry.bottom), (geometry.left, geometry.right)
        x = np.pad(x, (*sides, (0, 0), (0, 0)))
    height, width, channels, batch = x.shape
    out_height, out_width = (height - kh) // down + 1, (width - kw) // right + 1
    h, w, c, n = x.strides
    shape = (out_height, out_width, batch, kh, kw, channels)
    return np.ascontiguousarray(as_strided(x, shape, (down * h, right * w, n, h, w, c)))
