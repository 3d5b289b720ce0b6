"""Cross-correlation and its gradients, by the algorithm that is fastest for the sizes at hand.

* `im2col`: for a few images. The simplest; read it first.
* `overlapping_windows`: for everything else, with `row_buffer`.
* `winograd`: a quarter of the multiplications, for 3×3 kernels with many channels.
* `whole_rows`: kernel gradients, for few channels.

`dense` chooses among them; `dilated` brings kernels with gaps, and `grouped` channels in groups,
back to what they can do. `Conv2D` (`convnet/layers/conv.py`) calls the three functions of this
file. All arrays in this package are batch-last: x (H, W, C, N), kernels (KH, KW, C_in / groups,
C_out). The plain definition, as loops, is in `convnet/reference.py`; what was measured is in
docs/performance.md.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from convnet.arrays import Array, Shape
from convnet.correlation import grouped
from convnet.correlation.geometry import Geometry

__all__ = ["Geometry", "correlate", "input_gradient", "kernel_gradient"]


def correlate(x: Array, kernel: Array, geometry: Geometry, bias: Array | None = None) -> Array:
    """Return out[i, j, o, n] = Σ x[i·s + kh·d, j·s + kw·d, c, n] · kernel[kh, kw, c, o] + bias[o].

    s is the stride, d the dilation; with groups, c runs over the channels of the group of o.
    """
    bias_column = None if bias is None else bias.astype(x.dtype, copy=False)[:, None]
    return grouped.correlate(x, kernel.astype(x.dtype, copy=False), geometry, bias_column)


def kernel_gradient(x: Array, dout: Array, geometry: Geometry) -> Array:
    """Return dkernel[kh, kw, c, o] = Σ x[i·s + kh·d, j·s + kw·d, c, n] · dout[i, j, o, n]."""
    return grouped.kernel_gradient(x, dout, geometry)


def input_gradient(dout: Array, kernel: Array, geometry: Geometry, size: Shape) -> Array:
    """Return dx (H, W, C_in, N): `dout` correlated with the kernel turned by 180 degrees.

    With a stride, `dout` is first spread out with zeros between its pixels.
    """
    spread = _spread(dout, geometry.stride)
    (tall, wide), (height, width) = geometry.extent, size
    top, left = tall - 1 - geometry.top, wide - 1 - geometry.left
    bottom = height + geometry.top - spread.shape[0]
    right = width + geometry.left - spread.shape[1]
    # More padding than kernel: those outputs saw nothing but zeros, and give nothing back.
    spread = spread[
        max(0, -top) : spread.shape[0] - max(0, -bottom),
        max(0, -left) : spread.shape[1] - max(0, -right),
    ]
    top, bottom, left, right = (max(0, side) for side in (top, bottom, left, right))
    full = replace(geometry, stride=(1, 1), top=top, bottom=bottom, left=left, right=right)
    return correlate(spread, _turned(kernel, geometry.groups), full)


def _turned(kernel: Array, groups: int) -> Array:
    """Turn a kernel by 180 degrees, and let inputs and outputs of each group change places."""
    kh, kw, channels, filters = kernel.shape
    parts = kernel[::-1, ::-1].reshape(kh, kw, channels, groups, filters // groups)
    swapped = parts.transpose(0, 1, 4, 3, 2)
    return np.ascontiguousarray(swapped.reshape(kh, kw, filters // groups, groups * channels))


def _spread(dout: Array, stride: tuple[int, int]) -> Array:
    down, right = stride
    if down == right == 1:
        return dout
    height, width, channels, batch = dout.shape
    shape = ((height - 1) * down + 1, (width - 1) * right + 1, channels, batch)
    spread = np.zeros(shape, dout.dtype)
    spread[::down, ::right] = dout
    return spread
