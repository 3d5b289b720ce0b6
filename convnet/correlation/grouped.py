"""Channels in groups: each part of the output channels sees one part of the input channels.

The groups are correlated one after the other. With a single input channel in each (a *depthwise*
convolution), their matrices would have one column, so there the kernel's taps are taken one after
the other instead: what a tap sees is a shifted view of the whole input, and is multiplied by the
tap's number for each channel.
Sources: Krizhevsky et al., NIPS 2012 (groups); Howard et al., "MobileNets", 2017 (depthwise).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convnet.arrays import Array
from convnet.correlation import dilated
from convnet.correlation.geometry import Geometry
from convnet.runtime.threads import parallel


def correlate(x: Array, kernel: Array, geometry: Geometry, bias: Array | None) -> Array:
    """Correlate with a kernel (KH, KW, C_in / groups, C_out); `bias` is a column (C_out, 1)."""
    if geometry.groups == 1:
        return dilated.correlate(x, kernel, geometry, bias)
    size = geometry.output_size(*x.shape[:2])
    out = np.empty((*size, kernel.shape[3], x.shape[3]), x.dtype)
    if kernel.shape[2] == 1:
        _correlate_channels(x, kernel[:, :, 0], geometry, bias, out)
        return out
    for inputs, outputs in _groups(geometry.groups, x.shape[2], kernel.shape[3]):
        part = None if bias is None else bias[outputs]
        weights = np.ascontiguousarray(kernel[..., outputs])
        out[:, :, outputs] = dilated.correlate(x[:, :, inputs], weights, geometry, part)
    return out


def kernel_gradient(x: Array, dout: Array, geometry: Geometry) -> Array:
    """Return the gradient (KH, KW, C_in / groups, C_out) by the kernel."""
    groups, channels, filters = geometry.groups, x.shape[2], dout.shape[2]
    if groups == 1:
        return dilated.kernel_gradient(x, dout, geometry)
    gradient = np.empty((*geometry.kernel, channels // groups, filters), x.dtype)
    if channels == groups:
        for (row, column), view in _taps(_repeated(geometry.padded(x), filters), dout, geometry):
            gradient[row, column, 0] = np.vecdot(view, dout).sum(axis=(0, 1))
        return gradient
    for inputs, outputs in _groups(groups, channels, filters):
        part = np.ascontiguousarray(dout[:, :, outputs])
        gradient[..., outputs] = dilated.kernel_gradient(x[:, :, inputs], part, geometry)
    return gradient


def _groups(groups: int, channels: int, filters: int) -> Iterator[tuple[slice, slice]]:
    """Yield the input and the output channels of each group."""
    taken, given = channels // groups, filters // groups
    for group in range(groups):
        yield (
            slice(group * taken, (group + 1) * taken),
            slice(group * given, (group + 1) * given),
        )


def _correlate_channels(
    x: Array, kernel: Array, geometry: Geometry, bias: Array | None, out: Array
) -> None:
    """Correlate each channel by itself, with a kernel (KH, KW, C_out)."""
    padded = _repeated(geometry.padded(x), kernel.shape[2])
    taps = list(_taps(padded, out, geometry))

    def task(start: int, stop: int) -> None:
        product = np.empty(out.shape[1:], out.dtype)
        for row in range(start, stop):  # a row at a time stays in the cache for all taps
            out[row] = 0 if bias is None else bias
            for place, view in taps:
                np.multiply(view[row], kernel[place][:, None], out=product)
                out[row] += product

    parallel(task, len(out), work=out.size * len(taps))


def _repeated(x: Array, filters: int) -> Array:
    """Return each channel as often as there are outputs that see it."""
    times = filters // x.shape[2]
    return x if times == 1 else np.repeat(x, times, axis=2)


def _taps(padded: Array, out: Array, geometry: Geometry) -> Iterator[tuple[tuple[int, int], Array]]:
    """Yield each place in the kernel, and what it sees for all pixels of `out`: a view."""
    (down, right), (height, width) = geometry.stride, out.shape[:2]
    for row, column in np.ndindex(geometry.kernel):
        top, left = row * geometry.dilation[0], column * geometry.dilation[1]
        rows = slice(top, top + (height - 1) * down + 1, down)
        yield (row, column), padded[rows, left : left + (width - 1) * right + 1 : right]
