"""Activations: without them, a stack of layers would be one linear function.

Each is applied to every number by itself, so dx is dout times the function's derivative; only
Softmax combines the numbers of all classes. Sources stand with each.
"""

from __future__ import annotations

import math

import numpy as np

from convnet.arrays import Array
from convnet.checks import require_fraction
from convnet.layers.base import Layer
from convnet.runtime.threads import elementwise


class Rectifier(Layer):
    """What ReLU and LeakyReLU share: a larger number never becomes a smaller one.

    So a network may max-pool first and rectify the fewer numbers that are left
    (`Sequential.order`): pictures of any size are accepted, with as many channels as in `build`.
    """

    loops = "each"

    def check(self, x: Array) -> None:
        if x.shape[-1:] != self.input_shape[-1:]:
            super().check(x)


class ReLU(Rectifier):
    """max(x, 0). Its derivative is 1 where x > 0, else 0 (Nair and Hinton, 2010)."""

    kind = "relu"
    does = "Sets every negative number to zero"
    rule = "max(0, x): what is below zero becomes zero"

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self.check(x)
        out = elementwise(_relu, x)
        if training:
            self.cache = out
        return out

    def backward(self, dout: Array) -> Array:
        return elementwise(_relu_gradient, dout, self.cache)


def _relu(x: Array, out: Array) -> None:
    # Two arrays are compared faster than an array and a number (docs/performance.md).
    np.maximum(x, np.zeros_like(x[:1]), out=out)


def _relu_gradient(dout: Array, y: Array, out: Array) -> None:
    # Compared into floats: a product of floats and booleans would convert them piece by piece.
    np.greater(y, 0, out=out)
    np.multiply(out, dout, out=out)


class LeakyReLU(Rectifier):
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

    @property
    def does(self) -> str:
        return f"Multiplies every negative number by {self.negative_slope}"

    @property
    def rule(self) -> str:
        return f"x where it is positive, {self.negative_slope} · x where it is negative"

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self.check(x)
        if training:
            self.cache = x
        return np.maximum(x, x * x.dtype.type(self.negative_slope))

    def backward(self, dout: Array) -> Array:
        return np.where(self.cache > 0, dout, dout * dout.dtype.type(self.negative_slope))


class Sigmoid(Layer):
    """1 / (1 + exp(-x)), between 0 and 1; its derivative is y·(1 - y)."""

    kind = "sigmoid"
    loops = "each"
    does = "Squeezes every number to between 0 and 1"
    rule = "1 / (1 + e⁻ˣ): squeezed between 0 and 1"

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self.check(x)
        y = sigmoid(x)
        if training:
            self.cache = y
        return y

    def backward(self, dout: Array) -> Array:
        y = self.cache
        return np.asarray(dout * y * (1 - y))


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)) in a form in which no exponential exceeds 1: none overflows."""
    return np.asarray(np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x))))


class Tanh(Layer):
    """Hyperbolic tangent, between -1 and 1; its derivative is 1 - y²."""

    kind = "tanh"
    loops = "each"
    does = "Squeezes every number to between −1 and 1"
    rule = "tanh x: squeezed between −1 and 1"

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self.check(x)
        y = np.tanh(x)
        if training:
            self.cache = y
        return y

    def backward(self, dout: Array) -> Array:
        y = self.cache
        return np.asarray(dout * (1 - y * y))


class _SelfGated(Layer):
    """x·s with s = sigmoid(gate(x)): smooth, close to 0 for x far below 0, close to x far above.

    By the product rule its derivative is s + x·s·(1 - s)·gate'(x).
    """

    loops = "each"

    def gate(self, x: Array) -> Array:
        """Return what the sigmoid is taken of."""
        return x

    def gate_derivative(self, x: Array) -> Array | float:
        """Return the derivative of `gate`."""
        return 1.0

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self.check(x)
        s = sigmoid(self.gate(x))
        if training:
            self.cache = x, s
        return np.asarray(x * s)

    def backward(self, dout: Array) -> Array:
        x, s = self.cache
        return np.asarray(dout * (s + x * s * (1 - s) * self.gate_derivative(x)))


class SiLU(_SelfGated):
    """x·sigmoid(x), also called Swish (Elfwing et al., 2017; Ramachandran et al., 2017)."""

    kind = "silu"
    does = "Lets positive numbers pass and fades negative ones out, smoothly"
    rule = "x / (1 + e⁻ˣ): a rounded max(0, x)"


class GELU(_SelfGated):
    """x·sigmoid(2·√(2/π)·(x + 0.044715·x³)), equal to x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))).

    The tanh form of Hendrycks and Gimpel (2016): closer than 0.0005 to x times the share of the
    normal distribution below x, which NumPy cannot compute. PyTorch: ``GELU("tanh")``.
    """

    kind = "gelu"
    does = "Lets positive numbers pass and fades negative ones out, smoothly"
    rule = "x / 2 · (1 + tanh(0.798 · (x + 0.0447 · x³))): a rounded max(0, x)"
    slope, cubic = math.sqrt(8 / math.pi), 0.044715

    def gate(self, x: Array) -> Array:
        return np.asarray(self.slope * x * (1 + self.cubic * (x * x)))

    def gate_derivative(self, x: Array) -> Array | float:
        return np.asarray(self.slope * (1 + 3 * self.cubic * (x * x)))


class Softmax(Layer):
    """exp(x_k) / Σ_j exp(x_j) over the last axis: scores become probabilities.

    With ∂y_k/∂x_j = y_k·(δ_kj - y_j), the gradient is dx = y·(dout - Σ_k dout_k·y_k).
    For training, leave it out and use `CrossEntropy`, which takes logits and is exact there.
    """

    kind = "softmax"
    loops = "softmax"
    does = "Turns scores into probabilities that add up to 1"
    view = "whole"
    rule = "eˣ as a share of the sum over all of them"

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self.check(x)
        y = softmax(x)
        if training:
            self.cache = y
        return y

    def backward(self, dout: Array) -> Array:
        y = self.cache
        return np.asarray(y * (dout - (dout * y).sum(axis=-1, keepdims=True)))


def softmax(logits: Array) -> Array:
    """Return probabilities over the last axis; without the largest logit, nothing overflows."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))
