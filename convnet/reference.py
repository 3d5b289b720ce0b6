"""The plain definition of each operation that has a fast form elsewhere.

Loops over output pixels, written to be read next to a textbook and to be tested against;
nothing in the engine calls them. Arrays are (N, H, W, C).
"""

from __future__ import annotations

import numpy as np

from convnet.arrays import Array


def correlate(x: Array, kernel: Array, stride: int = 1) -> Array:
    """Cross-correlate `x` (N, H, W, C_in) with `kernel` (KH, KW, C_in, C_out), no padding.

    out[n, i, j, o] = Σ_{kh, kw, c} x[n, i·stride + kh, j·stride + kw, c] · kernel[kh, kw, c, o]
    (Goodfellow et al., *Deep Learning*, eq. 9.6).
    """
    batch, height, width, _ = x.shape
    kh, kw, _, channels = kernel.shape
    out_height, out_width = (height - kh) // stride + 1, (width - kw) // stride + 1
    out = np.zeros((batch, out_height, out_width, channels), x.dtype)
    for i in range(out_height):
        for j in range(out_width):
            window = x[:, i * stride : i * stride + kh, j * stride : j * stride + kw, :]
            for o in range(channels):
                out[:, i, j, o] = np.sum(window * kernel[..., o], axis=(1, 2, 3))
    return out


def convolve(x: Array, kernel: Array, stride: int = 1) -> Array:
    """Convolve in the mathematical sense: correlate with the kernel turned by 180 degrees."""
    return correlate(x, kernel[::-1, ::-1], stride)


def max_pool(x: Array, size: int, stride: int) -> Array:
    """Return the largest value of every window of `x` (N, H, W, C)."""
    return _pool(x, size, stride, np.max)


def average_pool(x: Array, size: int, stride: int) -> Array:
    """Return the mean of every window of `x` (N, H, W, C)."""
    return _pool(x, size, stride, np.mean)


def _pool(x: Array, size: int, stride: int, reduce) -> Array:  # type: ignore[no-untyped-def]
    batch, height, width, channels = x.shape
    out_height, out_width = (height - size) // stride + 1, (width - size) // stride + 1
    out = np.zeros((batch, out_height, out_width, channels), x.dtype)
    for i in range(out_height):
        for j in range(out_width):
            window = x[:, i * stride : i * stride + size, j * stride : j * stride + size, :]
            out[:, i, j, :] = reduce(window, axis=(1, 2))
    return out
