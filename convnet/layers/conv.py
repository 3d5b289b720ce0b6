"""Convolution: the same small kernel is applied at every place of the picture.

Forward
    out[i, j, o] = b[o] + Σ_{kh, kw, c} x[i·s + kh, j·s + kw, c] · w[kh, kw, c, o]

    Each output pixel is the dot product of the kernel and the window of input under it. What
    the field calls convolution is, strictly, *cross-correlation*: true convolution turns the
    kernel by 180 degrees first. The layer does either (`mode`); a trained network does not care,
    because it would learn the same kernel, turned.

Kernel gradient
    w[kh, kw, c, o] multiplies x[i·s + kh, j·s + kw, c] into out[i, j, o], for every i, j, so by
    the chain rule

    dw[kh, kw, c, o] = Σ_{i, j, n} x[n, i·s + kh, j·s + kw, c] · dout[n, i, j, o]

    which is a correlation of the input with dout.  db[o] = Σ dout[…, o].

Input gradient
    x[h, w, c] went into every output pixel whose window covered it: (i, j) with i·s + kh = h and
    j·s + kw = w for some kh, kw. Adding up what came back from each,

    dx[h, w, c] = Σ_{kh, kw, o} dout[(h - kh)/s, (w - kw)/s, o] · w[kh, kw, c, o]

    which is a correlation of dout (padded by K-1, and spread with zeros where s > 1) with the
    kernel turned by 180 degrees: the index of dout falls while that of w rises.

Dilation
    A kernel with gaps: w[kh, kw] is laid on x[i·s + kh·d, j·s + kw·d], so it reaches over
    (K - 1)·d + 1 pixels with K numbers. In all sums above, kh and kw become kh·d and kw·d.

Groups
    The channels are split into parts, and each filter sees one part only. With as many groups as
    channels every channel is filtered by itself: a *depthwise* convolution.

The first sum is written out as loops in `convnet/reference.py`; how all of them run at the speed of
BLAS is told in `convnet/correlation/__init__.py`.
Source: Goodfellow, Bengio, Courville, *Deep Learning* (2016), section 9.1 and equations 9.6-9.13.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from convnet import initializers
from convnet.arrays import Array, Shape, batch_first, batch_last
from convnet.checks import require_positive_int
from convnet.correlation import Geometry, correlate, input_gradient, kernel_gradient
from convnet.layers.base import Layer, plural

Padding = int | Literal["valid", "same"]
Mode = Literal["cross-correlation", "convolution"]


class Conv2D(Layer):
    """Correlate images (N, H, W, C_in) with `filters` kernels, giving (N, H_out, W_out, filters).

    Parameters
    ----------
    filters : int
        Number of kernels, and so of output channels.
    kernel_size : int or (int, int)
        Height and width of a kernel.
    stride : int or (int, int)
        Step from window to window.
    padding : "valid", "same" or int
        Zeros around the input: none; as many as keep the size at stride 1 (the odd one goes to
        the bottom and right); or that many on each side.
    use_bias : bool
        False before BatchNorm, which would subtract the bias again.
    mode : "cross-correlation" or "convolution"
        Whether the kernel is used as it is, or turned by 180 degrees.
    dilation : int or (int, int)
        Step between the pixels that neighbours in a kernel are laid on.
    groups : int
        Parts that the channels are split into; it must divide C_in and `filters`.
    initializer : str or callable
        Of the kernels, see `convnet.initializers`.

    Raises
    ------
    ValueError
        If an argument is out of range, or, in `build`, if the kernel is larger than its input or
        `groups` does not divide the channels.
    """

    kind = "conv"
    loops = "convolution"
    view = "convolution"

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        *,
        stride: int | tuple[int, int] = 1,
        padding: Padding = "valid",
        use_bias: bool = True,
        mode: Mode = "cross-correlation",
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        initializer: str | initializers.Initializer = "he_normal",
    ) -> None:
        super().__init__()
        self.filters = require_positive_int("filters", filters)
        self.kernel_size = _pair("kernel_size", kernel_size)
        self.stride = _pair("stride", stride)
        if padding not in ("valid", "same") and (type(padding) is not int or padding < 0):
            raise ValueError(f"`padding` must be 'valid', 'same' or an int >= 0, got {padding!r}")
        if mode not in ("cross-correlation", "convolution"):
            raise ValueError(f"`mode` must be 'cross-correlation' or 'convolution', got {mode!r}")
        self.dilation = _pair("dilation", dilation)
        self.groups = require_positive_int("groups", groups)
        if self.filters % self.groups:
            raise ValueError(f"`groups` must divide `filters` ({filters}), got {groups}")
        self.padding, self.use_bias, self.mode = padding, use_bias, mode
        self.initializer = initializers.named(initializer)

    def infer_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 3:
            raise ValueError(f"expects images (H, W, C), got inputs of shape {input_shape}")
        height, width, channels = input_shape
        if channels % self.groups:
            raise ValueError(f"`groups` must divide the {channels} channels, got {self.groups}")
        self.geometry = self._geometry(height, width)
        out_height, out_width = self.geometry.output_size(height, width)
        if min(out_height, out_width) < 1:
            dilated = "" if self.dilation == (1, 1) else f" with dilation {self.dilation}"
            raise ValueError(
                f"kernel {self.kernel_size}{dilated} is larger than the padded input of "
                f"{height}x{width}"
            )
        return (out_height, out_width, self.filters)

    def array_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        kernel = {"w": (*self.kernel_size, input_shape[2] // self.groups, self.filters)}
        return kernel | ({"b": (self.filters,)} if self.use_bias else {})

    def create_params(self, rng: np.random.Generator) -> None:
        shape = self.array_shapes(self.input_shape)["w"]
        self.params["w"] = initializers.get(self.initializer)(shape, rng, np.float64)
        if self.use_bias:
            self.params["b"] = np.zeros(self.filters)

    @property
    def multiply_adds(self) -> int:
        height, width, _ = self.output_shape
        return height * width * self.params["w"].size

    @property
    def correlation_kernel(self) -> Array:
        """The kernel (KH, KW, C_in / groups, C_out) as it is laid on the input."""
        w = self.params["w"]
        return w[::-1, ::-1] if self.mode == "convolution" else w

    @property
    def does(self) -> str:
        (height, width), channels = self.kernel_size, self.input_shape[2]
        seen = f"all {channels} maps" if self.groups == 1 else f"its {channels // self.groups} maps"
        over = "the input" if channels == 1 else f"{seen} of its input"
        return f"{plural(self.filters, 'filter')} of {height}×{width}, each slid over {over}"

    def windows(self) -> dict[str, list[Any]]:
        sides = self.geometry
        return {
            "kernel_shape": list(self.params["w"].shape),
            "stride": list(self.stride),
            "padding": [[sides.top, sides.bottom], [sides.left, sides.right]],
            "dilation": list(self.dilation),
        }

    def channels_seen(self, channel: int) -> slice:
        """Return which channels of the input an output channel is computed from: its group's."""
        size = self.input_shape[2] // self.groups
        first = channel // (self.filters // self.groups) * size
        return slice(first, first + size)

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self.check(x)
        x_hwcn = batch_last(x)
        out_hwcn = correlate(x_hwcn, self.correlation_kernel, self.geometry, self.params.get("b"))
        if training:
            self.cache = x_hwcn
        return batch_first(out_hwcn)

    def backward(self, dout: Array) -> Array:
        x_hwcn, dout_hwcn = self.cache, batch_last(dout)
        dw = kernel_gradient(x_hwcn, dout_hwcn, self.geometry)
        self.grads["w"] = np.ascontiguousarray(dw[::-1, ::-1]) if self.mode == "convolution" else dw
        if self.use_bias:
            self.grads["b"] = dout_hwcn.sum(axis=(0, 1)).sum(axis=-1)
        if not self.needs_dx:  # the first layer of a network that is being trained
            return np.empty((0, *self.input_shape), dout.dtype)
        kernel = self.correlation_kernel.astype(dout.dtype, copy=False)
        return batch_first(input_gradient(dout_hwcn, kernel, self.geometry, self.input_shape[:2]))

    def _geometry(self, height: int, width: int) -> Geometry:
        tall, wide = Geometry(self.kernel_size, (1, 1), 0, 0, 0, 0, self.dilation).extent
        if self.padding == "same":
            sides = (*_same(height, tall, self.stride[0]), *_same(width, wide, self.stride[1]))
        else:
            sides = (0 if self.padding == "valid" else self.padding,) * 4
        return Geometry(self.kernel_size, self.stride, *sides, self.dilation, self.groups)


def _same(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and after, so that the output has ceil(size / stride) places."""
    places = -(-size // stride)
    missing = max((places - 1) * stride + kernel - size, 0)
    return missing // 2, missing - missing // 2


def _pair(name: str, value: int | tuple[int, int]) -> tuple[int, int]:
    if isinstance(value, tuple | list):
        if len(value) != 2:
            raise ValueError(f"`{name}` must be an int or a pair of ints, got {value!r}")
        first, second = value
        return require_positive_int(name, first), require_positive_int(name, second)
    return require_positive_int(name, value), require_positive_int(name, value)
