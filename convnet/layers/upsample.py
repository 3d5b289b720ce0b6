"""Upsampling: make the picture larger, each pixel `factor` rows and columns.

Nearest     every pixel is repeated. Backwards, its gradient is the sum of those of its copies.
Bilinear    an output between the centres of two pixels is their mean, weighted by how near it is
            to each: (1 - t)·this + t·neighbour, down the rows and then across the columns; at the
            edge the neighbour is the pixel itself. Backwards, each gets its share, 1 - t or t.

Of the `factor` outputs that one pixel is stretched to, the first ones of all pixels are at the same
distance t from their pixel, the second ones too, and so on: each such *phase* is one sum of arrays.
Nearest is the same with t = 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np

from convnet.arrays import Array, Shape, batch_first, batch_last
from convnet.checks import require_positive_int
from convnet.layers.base import Layer
from convnet.runtime.threads import parallel

Interpolation = Literal["nearest", "bilinear"]


class Upsample2D(Layer):
    """Enlarge images (N, H, W, C) to (N, factor·H, factor·W, C).

    Parameters
    ----------
    factor : int
        Rows and columns that each pixel becomes.
    interpolation : "nearest" or "bilinear"
        Whether pixels are repeated, or blended with their neighbours (as PyTorch does with
        ``align_corners=False``).

    Raises
    ------
    ValueError
        If an argument is out of range, or, in `build`, if the inputs are no images.
    """

    kind = "upsample"
    loops = "upsample"

    def __init__(self, factor: int = 2, interpolation: Interpolation = "nearest") -> None:
        super().__init__()
        self.factor = require_positive_int("factor", factor)
        if interpolation not in ("nearest", "bilinear"):
            raise ValueError(
                f"`interpolation` must be 'nearest' or 'bilinear', got {interpolation!r}"
            )
        self.interpolation = interpolation

    def infer_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 3:
            raise ValueError(f"expects images (H, W, C), got inputs of shape {input_shape}")
        height, width, channels = input_shape
        return (height * self.factor, width * self.factor, channels)

    @property
    def does(self) -> str:
        how = "repeated" if self.interpolation == "nearest" else "blended with its neighbours"
        return f"Makes every pixel {self.factor}×{self.factor} pixels, {how}"

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self.check(x)
        if training:
            self.cache = x.shape
        return self._separably(self._stretch, x, self.output_shape)

    def backward(self, dout: Array) -> Array:
        _, *shape = self.cache
        return self._separably(self._stretch_gradient, dout, tuple(shape))

    def _separably(self, stretch: Callable[[Array], Array], x: Array, shape: Shape) -> Array:
        """Apply `stretch`, which works on the first axis, to rows and columns of `x` (N, H, W, C).

        The threads share the channels.
        """
        x_hwcn = batch_last(x)
        out = np.empty((*shape, len(x)), x.dtype)

        def task(start: int, stop: int) -> None:
            rows = stretch(x_hwcn[:, :, start:stop])
            out[:, :, start:stop] = stretch(rows.swapaxes(0, 1)).swapaxes(0, 1)

        parallel(task, shape[2], work=max(x.size, out.size))
        return batch_first(out)

    def _phases(self) -> Iterator[tuple[slice, float, bool]]:
        """Yield the places of each phase, its distance t, and whether the neighbour is before."""
        for phase in range(self.factor):
            offset = (phase + 0.5) / self.factor - 0.5  # of the output's centre from the pixel's
            t = abs(offset) if self.interpolation == "bilinear" else 0.0
            yield slice(phase, None, self.factor), t, offset < 0

    def _stretch(self, x: Array) -> Array:
        out = np.empty((len(x) * self.factor, *x.shape[1:]), x.dtype)
        for places, t, before in self._phases():
            if not t:
                out[places] = x
                continue
            parts = (x[:1], x[:-1]) if before else (x[1:], x[-1:])
            out[places] = (1 - t) * x + t * np.concatenate(parts)
        return out

    def _stretch_gradient(self, dout: Array) -> Array:
        dx = np.zeros((len(dout) // self.factor, *dout.shape[1:]), dout.dtype)
        for places, t, before in self._phases():
            part = dout[places]
            dx += (1 - t) * part if t else part
            if t and before:
                dx[:-1] += t * part[1:]
                dx[:1] += t * part[:1]
            elif t:
                dx[1:] += t * part[:-1]
                dx[-1:] += t * part[-1:]
        return dx
