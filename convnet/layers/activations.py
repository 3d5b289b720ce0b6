"""Activations: what makes a stack of layers more than one big linear map.

Each is applied to every number by itself, so its gradient is dout times its own derivative;
only Softmax looks across the classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from convnet.arrays import Array
from convnet.checks import require_fraction
from convnet.layers.base import Layer
from convnet.runtime.threads import elementwise


class ReLU(Layer):
    """max(x, 0). Its derivative is 1 where x > 0, else 0 (Nair and Hinton, 2010)."""

    kind = "relu"

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:  # noqa: D102
        out = elementwise(_relu, x)
        return out, out

    def input_gradient(self, dout: Array, cache: Any) -> Array:  # noqa: D102
        return elementwise(_relu_gradient, dout, cache)


def _relu(x: Array, out: Array) -> None:
    # Two arrays are compared faster than an array and a number (docs/performance.md).
    np.maximum(x, np.zeros_like(x[:1]), out=out)


def _relu_gradient(dout: Array, y: Array, out: Array) -> None:
    np.greater(
        y, 0, out=out
    )  # as numbers: a product of floats and booleans converts piece by piece
    np.multiply(out, dout, out=out)


class LeakyReLU(Layer):
    """x where x > 0, else `negative_slope`·x, so that no unit dies (Maas et al., 2013).

    Parameters
    ----------
    negative_slope : float
        Slope for negative inputs, in [0, 1).
    """

    kind = "leaky_relu"

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__()
        self.negative_slope = require_fraction("negative_slope", negative_slope)

    def config(self) -> dict[str, Any]:  # noqa: D102
        return {"negative_slope": self.negative_slope}

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:  # noqa: D102
        return np.maximum(x, x * x.dtype.type(self.negative_slope)), x

    def input_gradient(self, dout: Array, cache: Any) -> Array:  # noqa: D102
        return np.where(cache > 0, dout, dout * dout.dtype.type(self.negative_slope))


class Sigmoid(Layer):
    """1 / (1 + exp(-x)), between 0 and 1; its derivative is y·(1 - y)."""

    kind = "sigmoid"

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:  # noqa: D102
        out = sigmoid(x)
        return out, out

    def input_gradient(self, dout: Array, cache: Any) -> Array:  # noqa: D102
        return np.asarray(dout * cache * (1 - cache))


def sigmoid(x: Array) -> Array:
    """Logistic function: no exponential exceeds 1, so both tails are exact and none overflows."""
    return np.asarray(np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x))))


class Tanh(Layer):
    """Hyperbolic tangent, between -1 and 1; its derivative is 1 - y²."""

    kind = "tanh"

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:  # noqa: D102
        out = np.tanh(x)
        return out, out

    def input_gradient(self, dout: Array, cache: Any) -> Array:  # noqa: D102
        return np.asarray(dout * (1 - cache * cache))


class Softmax(Layer):
    """exp(x_k) / Σ_j exp(x_j) over the last axis: scores become probabilities.

    With ∂y_k/∂x_j = y_k·(δ_kj - y_j), the gradient is dx = y·(dout - Σ_k dout_k·y_k).
    For training, leave it out and use `CrossEntropy`, which takes logits and is exact there.
    """

    kind = "softmax"

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:  # noqa: D102
        out = softmax(x)
        return out, out

    def input_gradient(self, dout: Array, cache: Any) -> Array:  # noqa: D102
        return np.asarray(cache * (dout - (dout * cache).sum(axis=-1, keepdims=True)))


def softmax(logits: Array) -> Array:
    """Probabilities over the last axis; the largest logit is subtracted, so nothing overflows."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))
