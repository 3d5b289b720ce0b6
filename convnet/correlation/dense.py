"""Kernels without gaps that see all channels, by the algorithm that is fastest for their sizes."""

from __future__ import annotations

from types import ModuleType

from convnet.arrays import Array
from convnet.correlation import im2col, overlapping_windows, whole_rows, winograd
from convnet.correlation.geometry import Geometry

# For up to this many images, one matrix product for each output pixel is too narrow to be fast.
FEW = 8


def correlate(x: Array, kernel: Array, geometry: Geometry, bias: Array | None) -> Array:
    """Correlate; `bias` is a column (C_out, 1)."""
    algorithm = _fastest(x, kernel.shape[3], geometry)
    out: Array = algorithm.correlate(x, kernel, geometry, bias)
    return out


def kernel_gradient(x: Array, dout: Array, geometry: Geometry) -> Array:
    """Return the gradient (KH, KW, C_in, C_out) by the kernel."""
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
