"""Kernels with gaps: a dilated correlation is several ordinary ones.

With a dilation of 2, output pixel (i, j) sees rows i, i + 2, i + 4 … of the padded input: outputs
in even rows see even rows only, outputs in odd rows odd ones. So every second row and column, taken
out of the input, is a smaller picture that the kernel is laid on without gaps, and whatever is fast
there is fast here::

    input    a b a b a b a        a a a a  →  A A        A B A B A
             c d c d c d c   →    b b b    →  B     →    C D C D C
             …                    …                      …

With a stride as well, all windows are copied out (`im2col.py`).
Source: Yu and Koltun, "Multi-scale context aggregation by dilated convolutions", ICLR 2016.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convnet.arrays import Array
from convnet.correlation import dense, im2col
from convnet.correlation.geometry import Geometry


def correlate(x: Array, kernel: Array, geometry: Geometry, bias: Array | None) -> Array:
    """Correlate with a kernel that may have gaps; `bias` is a column (C_out, 1)."""
    if geometry.dilation == (1, 1):
        return dense.correlate(x, kernel, geometry, bias)
    if geometry.stride != (1, 1) or 0 < x.shape[3] <= dense.FEW:
        return im2col.correlate(x, kernel, geometry, bias)
    out_height, out_width = geometry.output_size(*x.shape[:2])
    out = np.empty((out_height, out_width, kernel.shape[3], x.shape[3]), x.dtype)
    for picture, part in _pictures(geometry.padded(x), out, geometry):
        part[...] = dense.correlate(picture, kernel, _without_gaps(geometry), bias)
    return out


def kernel_gradient(x: Array, dout: Array, geometry: Geometry) -> Array:
    """Return the gradient (KH, KW, C_in, C_out) by the kernel."""
    if geometry.dilation == (1, 1):
        return dense.kernel_gradient(x, dout, geometry)
    if geometry.stride != (1, 1) or 0 < x.shape[3] <= dense.FEW:
        return im2col.kernel_gradient(x, dout, geometry)
    total = np.zeros((*geometry.kernel, x.shape[2], dout.shape[2]), x.dtype)
    for picture, part in _pictures(geometry.padded(x), dout, geometry):
        part = np.ascontiguousarray(part)
        total += dense.kernel_gradient(picture, part, _without_gaps(geometry))
    return total


def _pictures(padded: Array, out: Array, geometry: Geometry) -> Iterator[tuple[Array, Array]]:
    """Yield each smaller picture, and the view of `out` whose pixels see it."""
    down, right = geometry.dilation
    for row in range(min(down, out.shape[0])):
        for column in range(min(right, out.shape[1])):
            picture = np.ascontiguousarray(padded[row::down, column::right])
            part = out[row::down, column::right]
            # Rows that only the next outputs would see are left out.
            height, width = (
                places + side - 1
                for places, side in zip(part.shape[:2], geometry.kernel, strict=True)
            )
            yield picture[:height, :width], part


def _without_gaps(geometry: Geometry) -> Geometry:
    return Geometry(geometry.kernel, (1, 1), 0, 0, 0, 0)
