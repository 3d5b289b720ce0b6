"""im2col: copy every window to a row of one matrix, and multiply that with the kernel.

The windows are a matrix (pixels·N, KH·KW·C), and a single product with the kernel (KH·KW·C, C_out)
gives all outputs. Each input number is copied KH·KW times, but for a few images that is cheaper
than one call of BLAS for every output pixel.
Source: Chellapilla, Puri and Simard, "High performance convolutional neural networks for document
processing", 2006.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convnet.arrays import Array
from convnet.correlation.geometry import Geometry


def correlate(x: Array, kernel: Array, geometry: Geometry, bias: Array | None) -> Array:
    """Correlate a few images; `bias` is a column (C_out, 1)."""
    windows = im2col(x, geometry)
    out_height, out_width, batch = windows.shape[:3]
    channels = kernel.shape[3]
    matrix = windows.reshape(out_height * out_width * batch, kernel[..., 0].size)
    out = matrix @ kernel.reshape(-1, channels)
    if bias is not None:
        out += bias[:, 0]
    return out.reshape(out_height, out_width, batch, channels).transpose(0, 1, 3, 2)


def kernel_gradient(x: Array, dout: Array, geometry: Geometry) -> Array:
    """Return the gradient (KH, KW, C_in, C_out) by the kernel."""
    channels_in, channels_out = x.shape[2], dout.shape[2]
    matrix = im2col(x, geometry).reshape(-1, geometry.taps * channels_in)
    dout_matrix = dout.transpose(0, 1, 3, 2).reshape(-1, channels_out)
    return (matrix.T @ dout_matrix).reshape(*geometry.kernel, channels_in, channels_out)


def im2col(x: Array, geometry: Geometry) -> Array:
    """Copy all windows of `x` (H, W, C, N) to an array (H_out, W_out, N, KH, KW, C)."""
    (kh, kw), (down, right) = geometry.kernel, geometry.stride
    x = geometry.padded(x)
    channels, batch = x.shape[2:]
    tall, wide = geometry.extent
    out_height, out_width = (x.shape[0] - tall) // down + 1, (x.shape[1] - wide) // right + 1
    h, w, c, n = x.strides
    shape = (out_height, out_width, batch, kh, kw, channels)
    apart = (geometry.dilation[0] * h, geometry.dilation[1] * w)
    return np.ascontiguousarray(as_strided(x, shape, (down * h, right * w, n, *apart, c)))
