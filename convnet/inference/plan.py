"""One image at a time, with everything prepared beforehand.

For a single image the arithmetic of a small network takes less time than making the arrays for
it. So each layer becomes a *step*: a closure over buffers and strided views that exist already,
which reads where the step before it has written. Only one thread may use a plan at a time.

Arrays here have no batch axis: images (H, W, C), contiguous.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from convnet.arrays import Array
from convnet.correlation.winograd import TILE
from convnet.inference import winograd_steps
from convnet.inference.steps import Step, copy, largest, multiply, pad, runs
from convnet.layers import Conv2D, Dense, Layer, MaxPool2D, ReLU, Reshape
from convnet.network import Sequential


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
        layers = deque(network.order)
        while layers:
            self._add(layers)

    def run(self, image: Array) -> Array:
        """Return the outputs for one image (H, W, C): a buffer, good until the next call."""
        self.input[...] = image
        for step in self._steps:
            step()
        return self.output

    def _add(self, layers: deque[Layer]) -> None:
        """Add the steps of the first of `layers`, and take it from there."""
        layer = layers.popleft()
        if isinstance(layer, Conv2D):
            pool = _pool_within_tiles(layer, layers)
            if pool > 1:
                layers.popleft()
            steps, self.output = _convolve(layer, self.output, pool)
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


def _in_tiles(layer: Conv2D) -> bool:
    return winograd_steps.suits(layer.output_shape, layer.input_shape[2], layer.geometry)


def _pool_within_tiles(layer: Conv2D, following: deque[Layer]) -> int:
    """Return the size of the pooling after a layer in tiles, if no window spans two; else 1."""
    pool = following[0] if following else None
    if isinstance(pool, MaxPool2D) and pool.pool_size == pool.stride and _in_tiles(layer):
        return pool.stride if TILE % pool.stride == 0 else 1
    return 1


def _convolve(layer: Conv2D, source: Array, pool: int) -> tuple[list[Step], Array]:
    """Convolve and, where that is in tiles, pool."""
    kernel = np.ascontiguousarray(layer.correlation_kernel)
    bias = layer.params.get("b", np.zeros(layer.filters, np.float32))
    height, width, filters = layer.output_shape
    out = np.empty((height // pool, width // pool, filters), np.float32)
    if _in_tiles(layer):
        return winograd_steps.prepare(source, kernel, bias, layer.geometry, out, pool), out
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
        *largest([source[place] for place in places(height)], rows),
        *largest([rows[:, place] for place in places(width)], out),
    ], out


def _connect(layer: Dense, source: Array) -> tuple[list[Step], Array]:
    matrix = np.ascontiguousarray(layer.params["w"].T)  # BLAS reads it faster than untransposed
    out = np.empty(layer.output_shape, np.float32)
    steps = [multiply(matrix, source, out)]
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
    return [lambda: np.copyto(out, layer.forward(source[None])[0])], out
