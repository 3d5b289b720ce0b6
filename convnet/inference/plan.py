"""A plan: one image goes through a network, with every array prepared beforehand.

For a single image the arithmetic of a small network takes less time than allocating arrays for it.
So each layer becomes a few *steps* (`convnet/inference/steps.py`): functions that work on buffers
which exist already, each reading what the step before has written. Only one thread may use a plan
at a time; `convnet/inference/served_network.py` sees to that.

Arrays here have no batch axis: images (H, W, C), contiguous.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from convnet.arrays import Array
from convnet.correlation.geometry import Geometry
from convnet.correlation.winograd import TILE
from convnet.inference import winograd_steps
from convnet.inference.folding import Network
from convnet.inference.scratch import Scratch
from convnet.inference.steps import Step, copy, largest, multiply, pad, runs
from convnet.layers import (
    Concatenate,
    Conv2D,
    Dense,
    GlobalAveragePool2D,
    Layer,
    MaxPool2D,
    ReLU,
    Reshape,
    Residual,
    Upsample2D,
)
from convnet.layers.activations import Rectifier
from convnet.layers.chain import execution_order


class Plan:
    """The steps that take one image through a network.

    Parameters
    ----------
    network : Sequential
        Faster if its BatchNorm was folded away. Its weights are copied.
    """

    def __init__(self, network: Network) -> None:
        self.input = np.empty(network.input_shape, np.float32)
        scratch = Scratch(max(map(_numbers, network.order), default=0))
        self._steps, self.output = _chain(network.order, self.input, scratch)

    def run(self, image: Array) -> Array:
        """Return the outputs for one image (H, W, C): a buffer, good until the next call."""
        self.input[...] = image
        for step in self._steps:
            step()
        return self.output


def _numbers(layer: Layer) -> int:
    """Return about how many numbers a layer needs between its input and its output."""
    if not isinstance(layer, Conv2D):
        return max((_numbers(inner) for branch in layer.branches for inner in branch), default=0)
    height, width, _ = layer.output_shape
    channels = layer.input_shape[2]
    if _in_tiles(layer):
        return winograd_steps.numbers(layer.output_shape, channels)
    kh, kw = layer.geometry.kernel
    return height * width * (kh * kw * channels + 1)


def _chain(layers: Sequence[Layer], source: Array, scratch: Scratch) -> tuple[list[Step], Array]:
    """Return the steps of layers that feed one another, and the buffer of the last one."""
    left, steps, out = deque(layers), [], source
    while left:
        more, out = _next(left, out, scratch)
        steps += more
    return steps, out


def _next(layers: deque[Layer], source: Array, scratch: Scratch) -> tuple[list[Step], Array]:
    """Take the first of `layers` off (and a pooling that is done with it)."""
    layer = layers.popleft()
    scratch.restart()
    if isinstance(layer, Conv2D) and layer.groups == 1:
        pool = _pool_within_tiles(layer, layers)
        if pool > 1:
            layers.popleft()
        return _conv(layer, source, pool, scratch)
    if isinstance(layer, ReLU):
        return [_relu(source, scratch)], source
    if isinstance(layer, Reshape):
        return [], source.reshape(layer.output_shape)
    for kind, prepare in _PREPARE.items():
        if isinstance(layer, kind):
            return prepare(layer, source, scratch)
    return _run_layer(layer, source)


def _in_tiles(layer: Conv2D) -> bool:
    return winograd_steps.suits(layer.output_shape, layer.input_shape[2], layer.geometry)


def _pool_within_tiles(layer: Conv2D, following: deque[Layer]) -> int:
    """Return the size of the next pooling if each of its windows is in one tile, else 1."""
    pool = following[0] if following else None
    if isinstance(pool, MaxPool2D) and pool.pool_size == pool.stride and _in_tiles(layer):
        return pool.stride if TILE % pool.stride == 0 else 1
    return 1


def _conv(layer: Conv2D, source: Array, pool: int, scratch: Scratch) -> tuple[list[Step], Array]:
    """Convolve, and pool the tiles if `pool` is more than 1."""
    kernel = np.ascontiguousarray(layer.correlation_kernel)
    bias = layer.params.get("b", np.zeros(layer.filters, np.float32))
    height, width, filters = layer.output_shape
    out = np.empty((height // pool, width // pool, filters), np.float32)
    if _in_tiles(layer):
        steps = winograd_steps.prepare(source, kernel, bias, layer.geometry, out, scratch, pool)
        return steps, out
    geometry, (height, width, _) = layer.geometry, source.shape
    size = (geometry.top + height + geometry.bottom, geometry.left + width + geometry.right)
    padded, padding = pad(source, geometry.top, geometry.left, size)
    return padding + _im2col(padded, kernel, bias, geometry, out, scratch), out


def _im2col(
    source: Array, kernel: Array, bias: Array, geometry: Geometry, out: Array, scratch: Scratch
) -> list[Step]:
    """Copy the windows out, and multiply them with the kernel.

    Each window is followed by a 1, and the kernel by a row with the bias: so the same product adds
    the bias.
    """
    kh, kw, channels, filters = kernel.shape
    h, w, _ = source.strides
    (down, right), stride = geometry.dilation, geometry.stride
    places, steps = out.shape[:2], (h * stride[0], w * stride[1])
    matrix = np.vstack([kernel.reshape(-1, filters), bias])
    flat = out.reshape(-1, filters)
    if channels == stride[1] == 1:  # a row of the output is a longer run than a row of a window
        columns = scratch.take(len(matrix), len(flat))
        height, width = places
        windows = runs(source, width, (kh, kw, height), (down * h, right * w, steps[0]))
        run = width * out.itemsize
        patches = runs(columns, width, windows.shape, (kw * height * run, height * run, run))
        rows = columns.T
    else:
        rows = scratch.take(len(flat), len(matrix))
        # Neighbours in a row of a window lie next to each other in memory, unless there are gaps.
        length = kw * channels if right == 1 else channels
        shape = (*places, kh, kw * channels // length)
        windows = runs(source, length, shape, (*steps, down * h, right * w))
        row, run = rows.strides[0], length * out.itemsize
        patches = runs(rows, length, shape, (places[1] * row, row, shape[3] * run, run))
    ones = rows[:, -1]  # the scratch is not kept from call to call
    return [lambda: ones.fill(1), copy(windows, patches), multiply(rows, matrix, flat)]


def _pool(layer: MaxPool2D, source: Array, scratch: Scratch) -> tuple[list[Step], Array]:
    """Take the largest of each column of a window, then the largest of these."""
    height, width, channels = layer.output_shape
    rows = scratch.take(height, source.shape[1], channels)
    out = np.empty(layer.output_shape, np.float32)

    def places(count: int) -> list[slice]:
        starts = range(layer.pool_size)
        return [slice(at, at + (count - 1) * layer.stride + 1, layer.stride) for at in starts]

    return [
        *largest([source[place] for place in places(height)], rows),
        *largest([rows[:, place] for place in places(width)], out),
    ], out


def _dense(layer: Dense, source: Array, scratch: Scratch) -> tuple[list[Step], Array]:
    matrix = np.ascontiguousarray(layer.params["w"].T)  # BLAS multiplies it faster than w itself
    out = np.empty(layer.output_shape, np.float32)
    steps = [multiply(matrix, source, out)]
    if layer.use_bias:
        steps.append(_add_bias(out, layer.params["b"]))
    return steps, out


def _add_bias(buffer: Array, bias: Array) -> Step:
    copied = bias.copy()
    return lambda: np.add(buffer, copied, out=buffer)


def _relu(buffer: Array, scratch: Scratch) -> Step:
    zeros = scratch.zeros(buffer.shape)  # two arrays are compared faster than an array and a number
    return lambda: np.maximum(buffer, zeros, out=buffer)


def _residual(layer: Residual, source: Array, scratch: Scratch) -> tuple[list[Step], Array]:
    steps, (main, shortcut) = _branches(layer, source, scratch)
    out = np.empty(layer.output_shape, np.float32)
    return [*steps, lambda: np.add(main, shortcut, out=out)], out


def _concatenate(layer: Concatenate, source: Array, scratch: Scratch) -> tuple[list[Step], Array]:
    steps, parts = _branches(layer, source, scratch)
    out = np.empty(layer.output_shape, np.float32)
    ends = np.cumsum([part.shape[-1] for part in parts])
    places = np.split(out, ends[:-1], axis=-1)
    return steps + [copy(part, place) for part, place in zip(parts, places, strict=True)], out


def _branches(layer: Layer, source: Array, scratch: Scratch) -> tuple[list[Step], list[Array]]:
    """Return the steps of all branches, and the buffer of each one's output."""
    steps: list[Step] = []
    outs = []
    for branch in layer.branches:
        start = source
        if branch and isinstance(branch[0], ReLU | Reshape):
            # These work in the buffer itself, which the other branches read, too.
            start = np.empty_like(source)
            steps.append(copy(source, start))
        more, out = _chain(execution_order(branch), start, scratch)
        steps += more
        outs.append(out)
    return steps, outs


def _global_average(
    layer: GlobalAveragePool2D, source: Array, scratch: Scratch
) -> tuple[list[Step], Array]:
    pixels = source.reshape(-1, source.shape[-1])
    shares = np.full(len(pixels), 1 / len(pixels), np.float32)
    out = np.empty(layer.output_shape, np.float32)
    return [multiply(shares, pixels, out)], out  # BLAS adds up faster than NumPy does


def _upsample(layer: Upsample2D, source: Array, scratch: Scratch) -> tuple[list[Step], Array]:
    """Copy every pixel to its places at once; blending is left to the layer."""
    if layer.interpolation != "nearest":
        return _run_layer(layer, source)
    height, width, channels = source.shape
    out = np.empty(layer.output_shape, np.float32)
    places = out.reshape(height, layer.factor, width, layer.factor, channels)
    return [copy(source[:, None, :, None], places)], out


def _run_layer(layer: Layer, source: Array) -> tuple[list[Step], Array]:
    """Call the `forward` of any other layer, and copy what it returns."""
    pooled_first = isinstance(layer, Rectifier)  # then there are fewer numbers: `execution_order`
    out = np.empty(source.shape if pooled_first else layer.output_shape, np.float32)
    return [lambda: np.copyto(out, layer.forward(source[None])[0])], out


_PREPARE: dict[type[Layer], Callable[..., tuple[list[Step], Array]]] = {
    MaxPool2D: _pool,
    GlobalAveragePool2D: _global_average,
    Upsample2D: _upsample,
    Dense: _dense,
    Residual: _residual,
    Concatenate: _concatenate,
}
