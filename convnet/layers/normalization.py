"""Batch normalisation: give every channel mean 0 and variance 1, then a learnt mean and variance.

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
        Share of the running statistics that is kept at each step, in [0, 1).
        (PyTorch counts the other way: its 0.1 is 0.9 here.)
    epsilon : float
        Added to the variance, so that a constant channel does not divide by zero.
    """

    kind = "batch_norm"
    loops = "batch_norm"
    does = "Brings every channel to a learned mean and spread"
    rule = "(x − {mean}) / √{variance} × {gamma} + {beta}"

    def __init__(self, momentum: float = 0.9, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.momentum = require_fraction("momentum", momentum)
        self.epsilon = require_positive("epsilon", epsilon)

    def infer_shape(self, input_shape: Shape) -> Shape:
        if not input_shape:
            raise ValueError("expects inputs with a channel axis, got scalars")
        return input_shape

    def array_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        return dict.fromkeys(("gamma", "beta", "mean", "var"), (input_shape[-1],))

    def create_params(self, rng: np.random.Generator) -> None:
        channels = self.input_shape[-1]
        self.params = {"gamma": np.ones(channels), "beta": np.zeros(channels)}
        self.state = {"mean": np.zeros(channels), "var": np.ones(channels)}

    @property
    def scale_and_shift(self) -> tuple[Array, Array]:
        """What serving does to each channel: out = scale·x + shift, two arrays (C,)."""
        scale = self.params["gamma"] / np.sqrt(self.state["var"] + self.epsilon)
        return scale, self.params["beta"] - scale * self.state["mean"]

    def channel_numbers(self, channel: int) -> dict[str, float]:
        numbers = super().channel_numbers(channel)
        return numbers | {"variance": numbers.pop("var"), "epsilon": self.epsilon}

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self.check(x)
        pixels = _as_pixels(x)
        if not training or not self.trainable:
            scale, shift = self.scale_and_shift
            if training:
                self.cache = scale
            return self._as_images(_scaled(pixels, scale, shift))
        count = pixels.size // pixels.shape[1]
        mean = centre = _channel_sums(pixels) / count
        var = _channel_dots(pixels, pixels) / count - mean**2
        if (mean**2 > _FAR * var).any():
            pixels, centre = pixels - mean[:, None], np.zeros_like(mean)
            var = _channel_dots(pixels, pixels) / count
        self._update_statistics(mean, var, count)
        inverse = 1 / np.sqrt(var + x.dtype.type(self.epsilon))
        self.cache = pixels, centre, inverse  # xhat = (pixels - centre)·inverse
        scale = self.params["gamma"].astype(x.dtype, copy=False) * inverse
        return self._as_images(_scaled(pixels, scale, self.params["beta"] - scale * centre))

    def backward(self, dout: Array) -> Array:
        dout_pixels = _as_pixels(dout)
        if not self.trainable:  # then it is a scale and a shift
            return self._as_images(_scaled(dout_pixels, self.cache, np.zeros_like(self.cache)))
        x, centre, inverse = self.cache
        count = x.size // x.shape[1]
        dbeta = _channel_sums(dout_pixels)
        dgamma = inverse * (_channel_dots(x, dout_pixels) - centre * dbeta)
        self.grads["gamma"], self.grads["beta"] = dgamma, dbeta
        # dx = scale·(dout - (slope·x + offset))
        slope = inverse * dgamma / count
        offset = dbeta / count - slope * centre
        scale = self.params["gamma"].astype(dout.dtype, copy=False) * inverse
        return self._as_images(_input_gradient(x, dout_pixels, slope, offset, scale))

    def _as_images(self, pixels: Array) -> Array:
        """View (pixels, C, N) as (N, *input_shape)."""
        return batch_first(pixels.reshape(*self.input_shape, pixels.shape[-1]))

    def _update_statistics(self, mean: Array, var: Array, count: int) -> None:
        unbiased = var * (count / max(count - 1, 1))  # as in PyTorch, so weights can be exchanged
        for key, value in (("mean", mean), ("var", unbiased)):
            self.state[key] = (
                self.momentum * self.state[key] + (1 - self.momentum) * value
            ).astype(self.state[key].dtype)


# Numbers handled at a time: few enough to stay in the cache during all passes of a formula, many
# enough that the arithmetic takes longer than the calls.
_CHUNK = 1 << 18

# var = Σ x² / m - mean² is fast, but inaccurate if mean² is much larger than var: the difference of
# two nearly equal numbers. From this factor on, the mean is subtracted first.
_FAR = 100


def _as_pixels(x: Array) -> Array:
    """View (or copy) `x` (N, …, C) as (pixels, C, N); vectors (N, F) have one pixel."""
    x_hwcn = batch_last(x)
    *size, channels, batch = x_hwcn.shape
    return x_hwcn.reshape(math.prod(size), channels, batch)


def _flat(pixels: Array) -> Array:
    """View (pixels, C, N) as (pixels, C·N)."""
    return pixels.reshape(len(pixels), -1)


def _wide(channels: Array, pixels: Array) -> Array:
    """Repeat one number for each channel N times, as long as a row of `_flat`."""
    return np.repeat(channels.astype(pixels.dtype, copy=False), pixels.shape[-1])


def _chunks(start: int, stop: int, rows: Array) -> Iterator[slice]:
    size = max(1, _CHUNK // max(1, rows.shape[1]))
    for pixel in range(start, stop, size):
        yield slice(pixel, min(pixel + size, stop))


def _scaled(x: Array, scale: Array, shift: Array) -> Array:
    """Return scale·x + shift, channel by channel."""
    out = np.empty_like(x)
    x_rows, out_rows = _flat(x), _flat(out)
    scale, shift = _wide(scale, x), _wide(shift, x)

    def task(start: int, stop: int) -> None:
        for part in _chunks(start, stop, x_rows):
            rows = np.multiply(x_rows[part], scale, out=out_rows[part])
            rows += shift

    parallel(task, len(x), work=x.size)
    return out


def _input_gradient(x: Array, dout: Array, slope: Array, offset: Array, scale: Array) -> Array:
    """Return scale·(dout - (slope·x + offset)), channel by channel."""
    dx = np.empty_like(dout)
    x_rows, dout_rows, dx_rows = _flat(x), _flat(dout), _flat(dx)
    slope, offset, scale = _wide(slope, x), _wide(offset, x), _wide(scale, x)

    def task(start: int, stop: int) -> None:
        for part in _chunks(start, stop, x_rows):
            rows = np.multiply(x_rows[part], slope, out=dx_rows[part])
            rows += offset
            np.subtract(dout_rows[part], rows, out=rows)
            rows *= scale

    parallel(task, len(x), work=x.size)
    return dx


def _channel_sums(pixels: Array) -> Array:
    """Add up (pixels, C, N) to (C,)."""

    def total(start: int, stop: int) -> Array:
        # As a product with ones, because BLAS adds rows up faster than NumPy does.
        rows = _flat(pixels)[start:stop]
        return np.asarray((np.ones(len(rows), rows.dtype) @ rows).reshape(pixels.shape[1:]).sum(1))

    return parallel_sum(total, len(pixels), work=pixels.size)


def _channel_dots(a: Array, b: Array) -> Array:
    """Add up the products of two arrays (pixels, C, N) to (C,)."""

    def total(start: int, stop: int) -> Array:
        return np.asarray(np.vecdot(a[start:stop], b[start:stop]).sum(axis=0))

    return parallel_sum(total, len(a), work=a.size)
