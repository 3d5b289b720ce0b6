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

The first sum is written out as loops in `convnet/reference.py`; how all of them run at the speed of
BLAS is told in `convnet/correlation/__init__.py`.
Source: Goodfellow, Bengio, Courville, *Deep Learning* (2016), section 9.1 and equations 9.6-9.13.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from convnet import initializers
from convnet.arrays import Array, Shape, batch_first, batch_last
from convnet.checks import require_positive_int
from convnet.correlation import Geometry, correlate, input_gradient, kernel_gradient
from convnet.layers.base import Layer

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
    initializer : str or callable
        Of the kernels, see `convnet.initializers`.

    Raises
    ------
    ValueError
        If an argument is out of range, or, in `build`, if the kernel is larger than its input.
    """

    kind = "conv"

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, int],
        *,
        stride: int | tuple[int, int] = 1,
        padding: Padding = "valid",
        use_bias: bool = True,
        mode: Mode = "cross-correlation",
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
        self.padding, self.use_bias, self.mode = padding, use_bias, mode
        self.initializer = initializers.named(initializer)

    def infer_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 3:
            raise ValueError(f"expects images (H, W, C), got inputs of shape {input_shape}")
        height, width, _ = input_shape
        self.geometry = self._geometry(height, width)
        out_height, out_width = self.geometry.output_size(height, width)
        if min(out_height, out_width) < 1:
            raise ValueError(
                f"kernel {self.kernel_size} is larger than the padded input of {height}x{width}"
            )
        return (out_height, out_width, self.filters)

    def array_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        kernel = {"w": (*self.kernel_size, input_shape[2], self.filters)}
        return kernel | ({"b": (self.filters,)} if self.use_bias else {})

    def create_params(self, rng: np.random.Generator) -> None:
        shape = self.array_shapes(self.input_shape)["w"]
        self.params["w"] = initializers.get(self.initializer)(shape, rng, np.float64)
        if self.use_bias:
            self.params["b"] = np.zeros(self.filters)

    @property
    def multiply_adds(self) -> int:
        height, width, filters = self.output_shape
        kernel_height, kernel_width = self.kernel_size
        return height * width * filters * kernel_height * kernel_width * self.input_shape[2]

    @property
    def correlation_kernel(self) -> Array:
        """The kernel (KH, KW, C_in, C_out) as it is laid on the input."""
        w = self.params["w"]
        return w[::-1, ::-1] if self.mode == "convolution" else w

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
        if self.padding == "same":
            top, bottom = _same(height, self.kernel_size[0], self.stride[0])
            left, right = _same(width, self.kernel_size[1], self.stride[1])
        else:
            side = 0 if self.padding == "valid" else self.padding
            top = bottom = left = right = side
        return Geometry(self.kernel_size, self.stride, top, bottom, left, right)


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
