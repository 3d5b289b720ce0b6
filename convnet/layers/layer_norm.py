"""Layer normalisation: give the channels of every pixel mean 0 and variance 1, then learnt ones.

Forward, over the C channels that a pixel (or a vector) has:
    mean = Σ x / C            var = Σ (x - mean)² / C
    xhat = (x - mean) / √(var + ε)          out = gamma·xhat + beta

Backward. gamma and beta are a scale and a shift:  dgamma = Σ dout·xhat,  dbeta = Σ dout, over all
pixels and images. With g = gamma·dout, x reaches out directly, through the mean and through the
variance of its pixel; adding the three up leaves

    dx = (g - Σ g / C - xhat · Σ g·xhat / C) / √(var + ε)

Unlike BatchNorm it looks at one image only, so training and serving are the same, and there is
nothing to fold. Source: Ba, Kiros, Hinton, "Layer normalization", 2016.
"""

from __future__ import annotations

import numpy as np

from convnet.arrays import Array, Shape
from convnet.checks import require_positive
from convnet.layers.base import Layer


class LayerNorm(Layer):
    """Normalise over the channels (the last axis) of (N, H, W, C) or (N, F).

    Parameters
    ----------
    epsilon : float
        Added to the variance, so that equal channels do not divide by zero.
    """

    kind = "layer_norm"
    loops = "layer_norm"
    does = "Brings the channels of every pixel to a learned mean and spread"
    rule = "(x − mean of its pixel) / spread of its pixel × {gamma} + {beta}"

    def __init__(self, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.epsilon = require_positive("epsilon", epsilon)

    def infer_shape(self, input_shape: Shape) -> Shape:
        if not input_shape:
            raise ValueError("expects inputs with a channel axis, got scalars")
        return input_shape

    def array_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        return dict.fromkeys(("gamma", "beta"), (input_shape[-1],))

    def create_params(self, rng: np.random.Generator) -> None:
        channels = self.input_shape[-1]
        self.params = {"gamma": np.ones(channels), "beta": np.zeros(channels)}

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self.check(x)
        centred = x - x.mean(axis=-1, keepdims=True)
        var = (centred * centred).mean(axis=-1, keepdims=True)
        inverse = 1 / np.sqrt(var + x.dtype.type(self.epsilon))
        xhat = centred * inverse
        if training:
            self.cache = xhat, inverse
        return np.asarray(xhat * self._gamma(x) + self.params["beta"].astype(x.dtype, copy=False))

    def backward(self, dout: Array) -> Array:
        xhat, inverse = self.cache
        all_but_channels = tuple(range(dout.ndim - 1))
        self.grads["gamma"] = (dout * xhat).sum(axis=all_but_channels)
        self.grads["beta"] = dout.sum(axis=all_but_channels)
        g = dout * self._gamma(dout)
        mean = g.mean(axis=-1, keepdims=True)
        along = (g * xhat).mean(axis=-1, keepdims=True)
        return np.asarray((g - mean - xhat * along) * inverse)

    def _gamma(self, like: Array) -> Array:
        return self.params["gamma"].astype(like.dtype, copy=False)
