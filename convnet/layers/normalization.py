"""Batch normalisation: give every channel mean 0 and variance 1, then let it choose its own.

Forward (training), over the m numbers that a channel has in the batch:
    mean = Σ x / m            var = Σ (x - mean)² / m
    xhat = (x - mean) / √(var + ε)          out = gamma·xhat + beta

Backward. gamma and beta are a scale and a shift:  dgamma = Σ dout·xhat,  dbeta = Σ dout.
x reaches out directly, through the mean and through the variance; adding the three up leaves

    dx = gamma / √(var + ε) · (dout - dbeta/m - xhat·dgamma/m)

When serving, running averages of mean and var take the batch's place, so that the answer for one
image does not depend on its neighbours.
Source: Ioffe and Szegedy, "Batch normalization", ICML 2015, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from convnet.arrays import Array, Shape, batch_first, batch_last
from convnet.checks import require_fraction, require_positive
from convnet.layers.base import Layer
from convnet.runtime.threads import parallel, parallel_sum


class BatchNorm(Layer):
    """Normalise each channel (the last axis) of (N, H, W, C) or (N, F).

    Parameters
    ----------
    momentum : float
        Share of the running statistics that stays at each step, in [0, 1).
        (PyTorch counts the other way: its 0.1 is 0.9 here.)
    epsilon : float
        Added to the variance, so that a constant channel does not divide by zero.
    """

    kind = "batch_norm"

    def __init__(self, momentum: float = 0.9, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.momentum = require_fraction("momentum", momentum)
        self.epsilon = require_positive("epsilon", epsilon)

    def config(self) -> dict[str, Any]:  # noqa: D102
        return {"momentum": self.momentum, "epsilon": self.epsilon}

    def infer_shape(self, input_shape: Shape) -> Shape:  # noqa: D102
        if not input_shape:
            raise ValueError("expects inputs with a channel axis, got scalars")
        return input_shape

    def array_shapes(self, input_shape: Shape) -> dict[str, Shape]:  # noqa: D102
        return dict.fromkeys(("gamma", "beta", "mean", "var"), (input_shape[-1],))

    def create_params(self, rng: np.random.Generator) -> None:  # noqa: D102
        channels = self.input_shape[-1]
        self.params = {"gamma": np.ones(channels), "beta": np.zeros(channels)}
        self.state = {"mean": np.zeros(channels), "var": np.ones(channels)}

    @property
    def scale_and_shift(self) -> tuple[Array, Array]:
        """What serving does to each channel: out = scale·x + shift, two arrays (C,)."""
        scale = self.params["gamma"] / np.sqrt(self.state["var"] + self.epsilon)
        return scale, self.params["beta"] - scale * self.state["mean"]

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:  # noqa: D102
        columns = batch_last(x)  # (…, C, N)
        shape = (math.prod(columns.shape[:-2]), *columns.shape[-2:])
        pixels = columns.reshape(shape)  # (pixels, C, N)
        out = np.empty_like(columns)
        if not training:
            _scale(pixels, *self.scale_and_shift, out.reshape(shape))
            return batch_first(out), None
        count = pixels.size // pixels.shape[1]
        mean = _channel_sums(pixels) / count
        centre = mean
        var = _channel_dots(pixels, pixels) / count - mean**2
        if (mean**2 > _FAR * var).any():
            pixels, centre = pixels - mean[:, None], np.zeros_like(mean)
            var = _channel_dots(pixels, pixels) / count
        self._remember(mean, var, count)
        inverse = 1 / np.sqrt(var + x.dtype.type(self.epsilon))
        scale = self.params["gamma"].astype(x.dtype, copy=False) * inverse
        _scale(pixels, scale, self.params["beta"] - scale * centre, out.reshape(shape))
        return batch_first(out), (pixels, centre, inverse)

    def parameter_gradients(self, dout: Array, cache: Any) -> dict[str, Array]:  # noqa: D102
        x, centre, inverse = cache
        pixels = batch_last(dout).reshape(x.shape)
        total = _channel_sums(pixels)
        # Σ dout·xhat, where xhat = (x - centre)·inverse.
        return {
            "gamma": inverse * (_channel_dots(x, pixels) - centre * total),
            "beta": total,
        }

    def input_gradient(self, dout: Array, cache: Any) -> Array:  # noqa: D102
        x, centre, inverse = cache
        columns = batch_last(dout)
        count = x.size // x.shape[1]
        # dx = scale·(dout - slope·x - offset)
        slope = inverse * self.grads["gamma"] / count
        offset = self.grads["beta"] / count - slope * centre
        scale = self.params["gamma"].astype(dout.dtype, copy=False) * inverse
        wide_slope, wide_offset, wide_scale = (_wide(v, x) for v in (slope, offset, scale))
        dx = np.empty_like(columns)
        numbers, given, result = (
            _flat(x),
            _flat(columns.reshape(x.shape)),
            _flat(dx.reshape(x.shape)),
        )

        def task(start: int, stop: int) -> None:
            for part in _chunks(start, stop, numbers):
                rows = np.multiply(numbers[part], wide_slope, out=result[part])
                rows += wide_offset
                np.subtract(given[part], rows, out=rows)
                rows *= wide_scale

        parallel(task, len(x), work=x.size)
        return batch_first(dx)

    def _remember(self, mean: Array, var: Array, count: int) -> None:
        unbiased = var * (count / max(count - 1, 1))  # as PyTorch does, so that weights can move
        for key, value in (("mean", mean), ("var", unbiased)):
            self.state[key] = (
                self.momentum * self.state[key] + (1 - self.momentum) * value
            ).astype(self.state[key].dtype)


# Numbers at a time, so that the passes of one formula find them still in the cache; in fewer, the
# calls would take longer than the sums.
_CHUNK = 1 << 18

# Σ x² / m - mean² is quick, but where the mean is this many times the spread (squared), too little
# is left of a number's digits; then the mean is taken away first.
_FAR = 100


def _flat(pixels: Array) -> Array:
    """View (pixels, C, N) as (pixels, C·N): one long run for each pixel."""
    return pixels.reshape(len(pixels), -1)


def _wide(channels: Array, pixels: Array) -> Array:
    """Repeat one number for each channel N times, as long as a row of `_flat`."""
    return np.repeat(channels.astype(pixels.dtype, copy=False), pixels.shape[-1])


def _chunks(start: int, stop: int, rows: Array) -> Iterator[slice]:
    size = max(1, _CHUNK // max(1, rows.shape[1]))
    for pixel in range(start, stop, size):
        yield slice(pixel, min(pixel + size, stop))


def _scale(pixels: Array, scale: Array, shift: Array, out: Array) -> None:
    """Write scale·pixels + shift, channel by channel."""
    wide_scale, wide_shift = _wide(scale, pixels), _wide(shift, pixels)
    numbers, result = _flat(pixels), _flat(out)

    def task(start: int, stop: int) -> None:
        for part in _chunks(start, stop, numbers):
            rows = np.multiply(numbers[part], wide_scale, out=result[part])
            rows += wide_shift

    parallel(task, len(pixels), work=pixels.size)


def _channel_sums(pixels: Array) -> Array:
    """Add up (pixels, C, N) to (C,)."""

    def total(start: int, stop: int) -> Array:
        # A product with ones: BLAS adds rows up faster than NumPy does.
        rows = _flat(pixels)[start:stop]
        return np.asarray((np.ones(len(rows), rows.dtype) @ rows).reshape(pixels.shape[1:]).sum(1))

    return parallel_sum(total, len(pixels), work=pixels.size)


def _channel_dots(a: Array, b: Array) -> Array:
    """Add up the products of two arrays (pixels, C, N) to (C,)."""

    def total(start: int, stop: int) -> Array:
        return np.asarray(np.vecdot(a[start:stop], b[start:stop]).sum(axis=0))

    return parallel_sum(total, len(a), work=a.size)
