"""Cross-correlation and its gradients, by the algorithm that is fastest for the sizes at hand.

* `im2col`: for a few images. The simplest; read it first.
* `overlapping_windows`: for everything else, with `row_buffer`.
* `winograd`: a quarter of the multiplications, for 3×3 kernels with many channels.
* `whole_rows`: kernel gradients, for few channels.

`Conv2D` (`convnet/layers/conv.py`) calls the three functions of this file. All arrays in this
package are batch-last: x (H, W, C, N), kernels (KH, KW, C_in, C_out). The plain definition, as
loops, is in `convnet/reference.py`; what was measured is in docs/performance.md.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from convnet.arrays import Array, Shape
from convnet.correlation import im2col, overlapping_windows, whole_rows, winograd
from convnet.correlation.geometry import Geometry

__all__ = ["Geometry", "correlate", "input_gradient", "kernel_gradient"]

# For up to this many images, one matrix product for each output pixel is too narrow to be fast.
FEW = 8


def correlate(x: Array, kernel: Array, geometry: Geometry, bias: Array | None = None) -> Array:
    """Return out[i, j, o, n] = Σ x[i·s + kh, j·s + kw, c, n] · kernel[kh, kw, c, o] + bias[o]."""
    bias_column = None if bias is None else bias.astype(x.dtype, copy=False)[:, None]
    algorithm = _fastest(x, kernel.shape[3], geometry)
    out: Array = algorithm.correlate(x, kernel.astype(x.dtype, copy=False), geometry, bias_column)
    return out


def kernel_gradient(x: Array, dout: Array, geometry: Geometry) -> Array:
    """Return dkernel[kh, kw, c, o] = Σ x[i·s + kh, j·s + kw, c, n] · dout[i, j, o, n]."""
    algorithm = _fastest(x, dout.shape[2], geometry)
    if algorithm is overlapping_windows and whole_rows.suits(x, dout, geometry):
        algorithm = whole_rows
    gradient: Array = algorithm.kernel_gradient(x, dout, geometry)
    return gradient


def _fastest(x: Array, channels_out: int, geometry: Geometry) -> ModuleType:
    if 0 < x.shape[3] <= FEW:
        return im2col
    if winograd.suits(x, channels_out, geometry):
        return winograd
    return overlapping_windows


def input_gradient(dout: Array, kernel: Array, geometry: Geometry, size: Shape) -> Array:
    """Return dx (H, W, C_in, N): `dout` correlated with the kernel turned by 180 degrees.

    With a stride, `dout` is first spread out with zeros between its pixels.
    """
    spread = _spread(dout, geometry.stride)
    (kh, kw), (height, width) = geometry.kernel, size
    top, left = kh - 1 - geometry.top, kw - 1 - geometry.left
    bottom = height + geometry.top - spread.shape[0]
    right = width + geometry.left - spread.shape[1]
    # More padding than kernel: those outputs saw nothing but zeros, and give nothing back.
    spread = spread[
        max(0, -top) : spread.shape[0] - max(0, -bottom),
        max(0, -left) : spread.shape[1] - max(0, -right),
    ]
    full = Geometry((kh, kw), (1, 1), *(max(0, side) for side in (top, bottom, left, right)))
    turned = np.ascontiguousarray(kernel[::-1, ::-1].transpose(0, 1, 3, 2))
    return correlate(spread, turned, full)


def _spread(dout: Array, stride: tuple[int, int]) -> Array:
    down, right = stride
    if down == right == 1:
        return dout
    height, width, channels, batch = dout.shape
    shape = ((height - 1) * down + 1, (width - 1) * right + 1, channels, batch)
    spread = np.zeros(shape, dout.dtype)
    spread[::down, ::right] = dout
    return spread
