"""Initializers: the first values of the weights.

A layer adds up ``fan_in`` products, so the variance of its weights decides whether a signal grows
or fades from layer to layer. Glorot's variance keeps it level for symmetric activations; He's is
twice as large, because ReLU removes half of the signal.

Every initializer is a function ``(shape, rng, dtype) -> ndarray``; a layer takes one by name or as
a function. Numbers are drawn in float64 and rounded at the end, so that a float32 network is the
rounded copy of the float64 network of the same seed. Layers use them in `create_params`, for
example in `convnet/layers/dense.py`.

References
----------
Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
2010. He et al., "Delving deep into rectifiers", 2015.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from convnet.arrays import Array, Shape

Initializer = Callable[[Shape, np.random.Generator, npt.DTypeLike], Array]


def fans(shape: Shape) -> tuple[int, int]:
    """Count the inputs that feed one output of a weight, and the outputs that one input feeds.

    Parameters
    ----------
    shape : tuple of int
        ``(in, out)`` of a dense layer or ``(KH, KW, C_in, C_out)`` of a convolution.

    Returns
    -------
    tuple of int
        ``(fan_in, fan_out)``: ``(in, out)``, or ``(KH * KW * C_in, KH * KW * C_out)``.

    Raises
    ------
    ValueError
        If the shape has fewer than two axes, or an empty one.
    """
    if len(shape) < 2 or min(shape) < 1:
        raise ValueError(f"`shape` must be (in, out) or (KH, KW, C_in, C_out), got {shape}")
    *window, channels_in, channels_out = shape
    taps = math.prod(window)
    return taps * channels_in, taps * channels_out


def zeros(
    shape: Shape, rng: np.random.Generator | None = None, dtype: npt.DTypeLike = np.float32
) -> Array:
    """Zeros, for biases. (Weights that are equal at first would stay equal.)"""
    return np.zeros(shape, dtype)


def ones(
    shape: Shape, rng: np.random.Generator | None = None, dtype: npt.DTypeLike = np.float32
) -> Array:
    """Ones, for BatchNorm's scale."""
    return np.ones(shape, dtype)


def normal(
    shape: Shape,
    rng: np.random.Generator,
    dtype: npt.DTypeLike = np.float32,
    *,
    std: float = 0.01,
) -> Array:
    """Normal numbers of mean 0 and standard deviation `std`, whatever the fans are."""
    return rng.normal(0.0, std, shape).astype(dtype)


def he_normal(shape: Shape, rng: np.random.Generator, dtype: npt.DTypeLike = np.float32) -> Array:
    """Normal numbers of variance 2 / fan_in, for layers that a ReLU follows."""
    fan_in, _ = fans(shape)
    return normal(shape, rng, dtype, std=math.sqrt(2.0 / fan_in))


def he_uniform(shape: Shape, rng: np.random.Generator, dtype: npt.DTypeLike = np.float32) -> Array:
    """Uniform numbers in ±√(6 / fan_in): the variance of `he_normal`, but no large numbers."""
    fan_in, _ = fans(shape)
    return _uniform(shape, rng, dtype, math.sqrt(6.0 / fan_in))


def glorot_normal(
    shape: Shape, rng: np.random.Generator, dtype: npt.DTypeLike = np.float32
) -> Array:
    """Normal numbers of variance 2 / (fan_in + fan_out), for sigmoid, tanh and softmax."""
    return normal(shape, rng, dtype, std=math.sqrt(2.0 / sum(fans(shape))))


def glorot_uniform(
    shape: Shape, rng: np.random.Generator, dtype: npt.DTypeLike = np.float32
) -> Array:
    """Uniform numbers in ±√(6 / (fan_in + fan_out)): the variance of `glorot_normal`."""
    return _uniform(shape, rng, dtype, math.sqrt(6.0 / sum(fans(shape))))


def _uniform(shape: Shape, rng: np.random.Generator, dtype: npt.DTypeLike, limit: float) -> Array:
    return rng.uniform(-limit, limit, shape).astype(dtype)


INITIALIZERS: dict[str, Initializer] = {
    function.__name__: function
    for function in (
        zeros,
        ones,
        normal,
        he_normal,
        he_uniform,
        glorot_normal,
        glorot_uniform,
    )
}


def get(initializer: str | Initializer) -> Initializer:
    """Return the initializer of that name; a function is returned as it is.

    Raises
    ------
    ValueError
        If there is no initializer of that name.
    """
    if callable(initializer):
        return initializer
    if initializer not in INITIALIZERS:
        names = ", ".join(INITIALIZERS)
        raise ValueError(f"`initializer` must be one of {names}, got {initializer!r}")
    return INITIALIZERS[initializer]


def named(initializer: str | Initializer) -> str | Initializer:
    """Return the name of one of `INITIALIZERS`; any other function is returned as it is.

    Raises
    ------
    ValueError
        If there is no initializer of that name.
    """
    function = get(initializer)
    return next((name for name, one in INITIALIZERS.items() if one is function), function)
