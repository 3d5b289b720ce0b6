"""What each layer computes, in loops so plain that they can be checked by eye.

Loops over output pixels, kernel taps and windows, to be read next to a textbook. They share no code
with the engine, and nothing in it calls them: tests hold every layer to them, and the figures of
docs/how-it-works.md are computed with them. How the same sums run at the speed of BLAS is told in
`convnet/correlation/`. Arrays are (N, H, W, C), of any float dtype.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from convnet.arrays import Array

Pair = tuple[int, int]


def correlate(x: Array, kernel: Array, stride: int = 1) -> Array:
    """Cross-correlate `x` (N, H, W, C_in) with `kernel` (KH, KW, C_in, C_out), no padding.

    out[n, i, j, o] = Σ_{kh, kw, c} x[n, i·stride + kh, j·stride + kw, c] · kernel[kh, kw, c, o]
    (Goodfellow et al., *Deep Learning*, eq. 9.6).
    """
    batch, height, width, _ = x.shape
    kh, kw, _, channels = kernel.shape
    out_height, out_width = (height - kh) // stride + 1, (width - kw) // stride + 1
    out = np.zeros((batch, out_height, out_width, channels), x.dtype)
    for i in range(out_height):
        for j in range(out_width):
            window = x[:, i * stride : i * stride + kh, j * stride : j * stride + kw, :]
            for o in range(channels):
                out[:, i, j, o] = np.sum(window * kernel[..., o], axis=(1, 2, 3))
    return out


def convolve(x: Array, kernel: Array, stride: int = 1) -> Array:
    """Convolve in the mathematical sense: correlate with the kernel turned by 180 degrees."""
    return correlate(x, kernel[::-1, ::-1], stride)


def same_padding(size: int, kernel: int, stride: int) -> Pair:
    """Zeros before and after, so that windows start at 0, s, 2s … and cover the whole side."""
    needed = (math.ceil(size / stride) - 1) * stride + kernel - size
    return max(needed, 0) // 2, max(needed, 0) - max(needed, 0) // 2


def convolution(
    x: Array,
    w: Array,
    b: Array | None = None,
    *,
    stride: Pair = (1, 1),
    padding: str | int = "valid",
    mode: str = "cross-correlation",
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> Array:
    """Lay the kernel on each place of the padded picture, one tap at a time."""
    if groups > 1:
        out = np.concatenate(
            [
                convolution(
                    of_x, of_w, stride=stride, padding=padding, mode=mode, dilation=dilation
                )
                for of_x, of_w in zip(np.split(x, groups, 3), np.split(w, groups, 3), strict=True)
            ],
            axis=3,
        )
        return out if b is None else out + b
    batch, height, width, _ = x.shape
    kernel_height, kernel_width, _, filters = w.shape
    tall, wide = (kernel_height - 1) * dilation[0] + 1, (kernel_width - 1) * dilation[1] + 1
    if padding == "same":
        top, bottom = same_padding(height, tall, stride[0])
        left, right = same_padding(width, wide, stride[1])
    else:
        top = bottom = left = right = 0 if padding == "valid" else int(padding)
    out_height = (height + top + bottom - tall) // stride[0] + 1
    out_width = (width + left + right - wide) // stride[1] + 1
    out = np.zeros((batch, out_height, out_width, filters), x.dtype)
    for i, j, kh, kw in np.ndindex(out_height, out_width, kernel_height, kernel_width):
        row = i * stride[0] + kh * dilation[0] - top
        column = j * stride[1] + kw * dilation[1] - left
        if 0 <= row < height and 0 <= column < width:
            # True convolution reads the kernel from its other end.
            tap = w[-1 - kh, -1 - kw] if mode == "convolution" else w[kh, kw]
            out[:, i, j] += x[:, row, column] @ tap
    return out if b is None else out + b


def pool(x: Array, size: int, stride: int, *, mean: bool) -> Array:
    """Take the largest number, or the mean, of every whole window."""
    batch, height, width, channels = x.shape
    out_height, out_width = (height - size) // stride + 1, (width - size) // stride + 1
    out = np.zeros((batch, out_height, out_width, channels), x.dtype)
    for n, i, j, c in np.ndindex(out.shape):
        window = [
            float(x[n, i * stride + down, j * stride + right, c])
            for down in range(size)
            for right in range(size)
        ]
        out[n, i, j, c] = sum(window) / size**2 if mean else max(window)
    return out


def dense(x: Array, w: Array, b: Array | None = None) -> Array:
    """Add up input times weight, output by output."""
    out = np.zeros((len(x), w.shape[1]), x.dtype)
    for f, k in np.ndindex(w.shape):
        out[:, k] += x[:, f] * w[f, k]
    return out if b is None else out + b


def batch_norm(x: Array, gamma: Array, beta: Array, epsilon: float) -> Array:
    """Give each channel of this batch mean `beta` and deviation `gamma`."""
    out = np.empty_like(x)
    for c in range(x.shape[-1]):
        channel = x[..., c].astype(np.float64)
        deviation = math.sqrt(channel.var() + epsilon)
        out[..., c] = (channel - channel.mean()) / deviation * gamma[c] + beta[c]
    return out


def each(function: Callable[[float], float], x: Array) -> Array:
    """Apply a function of one number to every number."""
    out = np.empty_like(x)
    for index in np.ndindex(x.shape):
        out[index] = function(float(x[index]))
    return out


def softmax(x: Array) -> Array:
    """Exponentials of the last axis, divided by their sum."""
    out = np.empty_like(x)
    for index in np.ndindex(x.shape[:-1]):
        exponentials = [math.exp(z) for z in x[index]]
        out[index] = [e / sum(exponentials) for e in exponentials]
    return out


def upsample(x: Array, factor: int, *, bilinear: bool) -> Array:
    """Read the picture between the centres of its pixels, output by output."""
    batch, height, width, channels = x.shape
    out = np.zeros((batch, height * factor, width * factor, channels), x.dtype)
    for i, j in np.ndindex(out.shape[1:3]):
        if not bilinear:
            out[:, i, j] = x[:, i // factor, j // factor]
            continue
        for row, down in between(i, factor, height):
            for column, across in between(j, factor, width):
                out[:, i, j] += down * across * x[:, row, column]
    return out


def between(at: int, factor: int, size: int) -> list[tuple[int, float]]:
    """Return the two pixels that an output lies between, each with its weight."""
    place = min(max((at + 0.5) / factor - 0.5, 0.0), size - 1.0)
    first = int(place)
    return [(first, 1 - place + first), (min(first + 1, size - 1), place - first)]


def layer_norm(x: Array, gamma: Array, beta: Array, epsilon: float) -> Array:
    """Give the channels of every pixel mean `beta` and deviation `gamma`."""
    out = np.empty_like(x)
    for index in np.ndindex(x.shape[:-1]):
        pixel = x[index].astype(np.float64)
        out[index] = (pixel - pixel.mean()) / math.sqrt(pixel.var() + epsilon) * gamma + beta
    return out
