"""One image at a time, with everything prepared beforehand.

For a single image the arithmetic of a small network takes less time than making the arrays for
it. So each layer becomes a *step*: a closure over buffers and strided views that exist already,
which reads where the step before it has written. A plan belongs to one thread.

Arrays here have no batch axis: images (H, W, C), contiguous.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from convnet.arrays import Array, runs
from convnet.correlation import tiles
from convnet.layers import Conv2D, Dense, Layer, MaxPool2D, ReLU, Reshape
from convnet.network import Sequential
from convnet.steps import Step, copy, multiply, pad


class Plan:
    """The steps that take one image through a network.

    Parameters
    ----------
    network : Sequential
        With BatchNorm folded away, or it is merely slower. Its weights are copied.
    """

    def __init__(self, network: Sequential) -> None:
        self.input = np.empty(network.input_shape, np.float32)
        self._steps: list[Step] = []
        self.output = self.input
        for layer in network.order:
            self._add(layer)

    def run(self, image: Array) -> Array:
        """Return the outputs for one image (H, W, C): a buffer, good until the next call."""
        self.input[...] = image
        for step in self._steps:
            step()
        return self.output

    def _add(self, layer: Layer) -> None:
        if isinstance(layer, Conv2D):
            steps, self.output = _convolve(layer, self.output)
        elif isinstance(layer, MaxPool2D):
            steps, self.output = _pool(layer, self.output)
        elif isinstance(layer, Dense):
            steps, self.output = _connect(layer, self.output)
        elif isinstance(layer, ReLU):
            steps = [_rectify(self.output)]
        elif isinstance(layer, Reshape):
            steps, self.output = [], self.output.reshape(layer.output_shape)
        else:
            steps, self.output = _ask(layer, self.output)
        self._steps += steps


def _convolve(layer: Conv2D, source: Array) -> tuple[list[Step], Array]:
    kernel = np.ascontiguousarray(layer.correlation_kernel)
    bias = layer.params.get("b", np.zeros(layer.filters, np.float32))
    out = np.empty(layer.output_shape, np.float32)
    if tiles.suits(out.shape, kernel.shape[2], layer.geometry):
        return tiles.prepare(source, kernel, bias, layer.geometry, out), out
    geometry, (height, width, _) = layer.geometry, source.shape
    size = (geometry.top + height + geometry.bottom, geometry.left + width + geometry.right)
    padded, padding = pad(source, geometry.top, geometry.left, size)
    return padding + _unfold(padded, kernel, bias, geometry.stride, out), out


def _unfold(
    source: Array, kernel: Array, bias: Array, stride: tuple[int, int], out: Array
) -> list[Step]:
    """Copy the windows out and multiply them with the kernel.

    A 1 after each window, and the bias after the kernel's rows, add the bias in the same product.
    """
    kh, kw, channels, filters = kernel.shape
    h, w, _ = source.strides
    places, steps = out.shape[:2], (h * stride[0], w * stride[1])
    matrix = np.vstack([kernel.reshape(-1, filters), bias])
    flat = out.reshape(-1, filters)
    if channels == stride[1] == 1:  # a row of pixels is a longer run of memory than one of a window
        columns = np.ones((len(matrix), len(flat)), np.float32)
        height, width = places
        windows = runs(source, width, (kh, kw, height), (h, w, steps[0]))
        run = width * out.itemsize
        patches = runs(columns, width, windows.shape, (kw * height * run, height * run, run))
        rows = columns.T
    else:
        rows = np.ones((len(flat), len(matrix)), np.float32)
        windows = runs(source, kw * channels, (*places, kh), (*steps, h))
        row, run = rows.strides[0], kw * channels * out.itemsize
        patches = runs(rows, kw * channels, windows.shape, (places[1] * row, row, run))
    return [copy(windows, patches), multiply(rows, matrix, flat)]


def _pool(layer: MaxPool2D, source: Array) -> tuple[list[Step], Array]:
    """Take the largest of each column of a window, then the largest of these."""
    height, width, channels = layer.output_shape
    rows = np.empty((height, source.shape[1], channels), np.float32)
    out = np.empty(layer.output_shape, np.float32)

    def places(count: int) -> list[slice]:
        starts = range(layer.pool_size)
        return [slice(at, at + (count - 1) * layer.stride + 1, layer.stride) for at in starts]

    return [
        *_largest([source[place] for place in places(height)], rows),
        *_largest([rows[:, place] for place in places(width)], out),
    ], out


def _largest(views: list[Array], out: Array) -> list[Step]:
    """Write the largest of several numbers, everywhere."""
    first, *others = views
    if not others:
        return [copy(first, out)]
    second, *others = others
    return [
        lambda: np.maximum(first, second, out=out),
        *(partial(np.maximum, out, view, out=out) for view in others),
    ]


def _connect(layer: Dense, source: Array) -> tuple[list[Step], Array]:
    matrix = layer.params["w"].copy()
    out = np.empty(layer.output_shape, np.float32)
    steps = [multiply(source, matrix, out)]
    if layer.use_bias:
        steps.append(_shift(out, layer.params["b"]))
    return steps, out


def _shift(buffer: Array, bias: Array) -> Step:
    own = bias.copy()
    return lambda: np.add(buffer, own, out=buffer)


def _rectify(buffer: Array) -> Step:
    zeros = np.zeros_like(buffer)  # two arrays are compared faster than an array and a number
    return lambda: np.maximum(buffer, zeros, out=buffer)


def _ask(layer: Layer, source: Array) -> tuple[list[Step], Array]:
    """Let any other layer do its own work, and copy what it returns."""
    out = np.empty(layer.output_shape, np.float32)
    return [lambda: np.copyto(out, layer.run(source[None], training=False)[0])], out
