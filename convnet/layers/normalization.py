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
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from convnet.arrays import Array, Shape, batch_first, batch_last
from convnet.checks import require_fraction, require_positive
from convnet.layers.base import Layer
from convnet.threads import parallel


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
        shape = (math.prod(columns.shape[:-2]), *columns.shape[-2:])  # (pixels, C, N)
        pixels = columns.reshape(shape)
        out = np.empty_like(columns)
        if not training:
            _scale(pixels, *self.scale_and_shift, out.reshape(shape))
            return batch_first(out), None
        count = pixels.size // pixels.shape[1]
        mean = _channel_sums(pixels, lambda part: pixels[part].sum(axis=0)) / count
        centred = np.empty_like(pixels)
        var = _centre(pixels, mean, centred) / count
        self._remember(mean, var, count)
        inverse = 1 / np.sqrt(var + x.dtype.type(self.epsilon))
        scale = self.params["gamma"].astype(x.dtype, copy=False) * inverse
        _scale(centred, scale, self.params["beta"], out.reshape(shape))
        return batch_first(out), (centred, inverse)

    def parameter_gradients(self, dout: Array, cache: Any) -> dict[str, Array]:  # noqa: D102
        centred, inverse = cache
        pixels = batch_last(dout).reshape(centred.shape)
        return {
            "gamma": inverse
            * _channel_sums(pixels, lambda part: _sum_of_products(pixels[part], centred[part])),
            "beta": _channel_sums(pixels, lambda part: pixels[part].sum(axis=0)),
        }

    def input_gradient(self, dout: Array, cache: Any) -> Array:  # noqa: D102
        centred, inverse = cache
        columns = batch_last(dout)
        pixels = columns.reshape(centred.shape)
        count = centred.size // centred.shape[1]
        scale = (self.params["gamma"].astype(dout.dtype, copy=False) * inverse)[:, None]
        # dx = scale·(dout - centred·slope - offset): xhat is centred·inverse.
        slope = (inverse * self.grads["gamma"] / count)[:, None]
        offset = (self.grads["beta"] / count)[:, None]
        dx = np.empty_like(columns)
        rows = dx.reshape(centred.shape)

        def task(start: int, stop: int) -> None:
            for part in _chunks(start, stop):
                np.multiply(centred[part], slope, out=rows[part])
                rows[part] += offset
                np.subtract(pixels[part], rows[part], out=rows[part])
                rows[part] *= scale

        parallel(task, len(rows), work=rows.size)
        return batch_first(dx)

    def _remember(self, mean: Array, var: Array, count: int) -> None:
        unbiased = var * (count / max(count - 1, 1))  # as PyTorch does, so that weights can move
        for key, value in (("mean", mean), ("var", unbiased)):
            self.state[key] = (
                self.momentum * self.state[key] + (1 - self.momentum) * value
            ).astype(self.state[key].dtype)


# Pixels at a time, so that the passes of one formula find their numbers still in the cache.
_CHUNK = 8
# Numbers that are worth a chunk: with few images, it takes more pixels.
_LEAST = 1 << 15


def _chunks(start: int, stop: int, size: int = _CHUNK) -> Iterator[slice]:
    for pixel in range(start, stop, size):
        yield slice(pixel, min(pixel + size, stop))


def _scale(pixels: Array, scale: Array, shift: Array, out: Array) -> None:
    """Write scale·pixels + shift, channel by channel."""
    scale = scale.astype(pixels.dtype, copy=False)[:, None]
    shift = shift.astype(pixels.dtype, copy=False)[:, None]
    size = max(_CHUNK, _LEAST // max(1, pixels[:1].size))

    def task(start: int, stop: int) -> None:
        for part in _chunks(start, stop, size):
            np.multiply(pixels[part], scale, out=out[part])
            out[part] += shift

    parallel(task, len(pixels), work=pixels.size)


def _centre(pixels: Array, mean: Array, centred: Array) -> Array:
    """Write pixels - mean, and return the sum of its squares by channel."""
    column = mean[:, None]

    def squares(part: slice) -> Array:
        np.subtract(pixels[part], column, out=centred[part])
        return _sum_of_products(centred[part], centred[part])

    return _channel_sums(pixels, squares)


def _sum_of_products(a: Array, b: Array) -> Array:
    """Σ a·b over the first axis, without the products ever being written."""
    products = np.einsum("ij,ij->j", a.reshape(len(a), -1), b.reshape(len(b), -1))
    return np.asarray(products.reshape(a.shape[1:]))


def _channel_sums(pixels: Array, partial_sum: Callable[[slice], Array]) -> Array:
    """Add up to (C,) what `partial_sum` (C, N) gives for each chunk of `pixels` (pixels, C, N)."""
    sums: dict[int, Array] = {}

    def task(start: int, stop: int) -> None:
        total = np.zeros(pixels.shape[1:], pixels.dtype)
        for part in _chunks(start, stop):
            total += partial_sum(part)
        sums[start] = total.sum(axis=1)

    parallel(task, len(pixels), work=pixels.size)
    return np.asarray(sum(sums[start] for start in sorted(sums)))
