"""The plain definitions of cross-correlation and convolution, to be read next to a textbook.

Loops over output pixels. Nothing in the engine calls them: docs/convolution-or-correlation.md
compares them with `Conv2D`, and the figures of docs/how-it-works.md are computed with them. How the
same sums run at the speed of BLAS is told in `convnet/correlation/`. Arrays are (N, H, W, C).
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
