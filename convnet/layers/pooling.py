"""Pooling: make the picture smaller by keeping one number of every window.

MaxPool2D keeps the largest, so the gradient goes to the place where it was (the first, if several
are equal). AveragePool2D keeps the mean, so each number of the window gets 1/size² of the gradient.
Rows and columns that do not fill a window are left out. GlobalAveragePool2D has one window, the
whole picture.

The code does not loop over windows, but over the size² *places in a window*: the first numbers of
all windows are one strided view of the input, their second numbers another, and so on.
Source: Goodfellow, Bengio, Courville, *Deep Learning* (2016), section 9.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from convnet.arrays import Array, Shape, batch_first, batch_last
from convnet.checks import require_positive_int
from convnet.layers.base import Layer
from convnet.runtime.threads import parallel

# share(place, rows, dx): write the part of dout that goes back to a place, for some output rows.
Share = Callable[[int, slice, Array], None]


class _Pool(Layer):
    """Shapes and places that both kinds of pooling share.

    Parameters
    ----------
    pool_size : int
        Height and width of a window.
    stride : int, optional
        Step from window to window; `pool_size` if not given.
    """

    loops = "pool"

    view = "pooling"
    keeps = ""

    def __init__(self, pool_size: int = 2, stride: int | None = None) -> None:
        super().__init__()
        self.pool_size = require_positive_int("pool_size", pool_size)
        self.stride = require_positive_int("stride", pool_size if stride is None else stride)

    def infer_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 3:
            raise ValueError(f"expects images (H, W, C), got inputs of shape {input_shape}")
        height, width, channels = input_shape
        if self.pool_size > min(height, width):
            raise ValueError(f"window {self.pool_size} is larger than the {height}x{width} input")
        places = [(side - self.pool_size) // self.stride + 1 for side in (height, width)]
        return (*places, channels)

    @property
    def does(self) -> str:
        return f"Keeps the {self.keeps} of every {self.pool_size}×{self.pool_size} window"

    def windows(self) -> dict[str, list[Any]]:
        sides = {"pool": [self.pool_size] * 2, "stride": [self.stride] * 2}
        return sides | {"padding": [[0, 0], [0, 0]]}

    def _places(self, x: Array, start: int, stop: int) -> Iterator[Array]:
        """Yield, for each place in a window, the view of `x` (H, W, C, N) there.

        It has the numbers that output rows `start` to `stop` take from this place.
        """
        width = self.output_shape[1]
        for down in range(self.pool_size):
            rows = slice(
                start * self.stride + down, (stop - 1) * self.stride + down + 1, self.stride
            )
            for right in range(self.pool_size):
                yield x[rows, right : right + (width - 1) * self.stride + 1 : self.stride]

    def _scatter(self, shape: Shape, dtype: DTypeLike, share: Share) -> Array:
        """Return the gradient by the input, of `shape` (H, W, C, N).

        `share` says what goes back to each place of a window.
        """
        exact = self.stride == self.pool_size
        tiled = exact and all(side % self.stride == 0 for side in shape[:2])
        dx = np.empty(shape, dtype) if tiled else np.zeros(shape, dtype)

        def task(start: int, stop: int) -> None:
            for place, view in enumerate(self._places(dx, start, stop)):
                if exact:
                    share(place, slice(start, stop), view)
                else:  # windows overlap: what comes back adds up
                    part = np.empty(view.shape, view.dtype)
                    share(place, slice(start, stop), part)
                    view += part

        rows = self.output_shape[0]
        # Overlapping windows write to the same rows, so they are not shared among threads.
        parallel(task, rows, work=dx.size if exact else 0)
        return dx


class MaxPool2D(_Pool):
    """Largest number of each window: (N, H, W, C) to (N, H_out, W_out, C)."""

    kind = "max_pool"
    rule, keeps = "largest", "largest number"

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self.check(x)
        x_hwcn = batch_last(x)
        shape = (*self.output_shape, len(x))
        out = np.empty(shape, x.dtype)
        winner = np.zeros(shape, np.uint16 if self.pool_size > 15 else np.uint8)

        def task(start: int, stop: int) -> None:
            rows = slice(start, stop)
            for place, view in enumerate(self._places(x_hwcn, start, stop)):
                if place == 0:
                    out[rows] = view
                    continue
                if training:
                    _note_winner(winner[rows], view > out[rows], place)
                np.maximum(out[rows], view, out=out[rows])

        parallel(task, shape[0], work=x.size)
        if training:
            self.cache = winner
        return batch_first(out)

    def backward(self, dout: Array) -> Array:
        winner, dout_hwcn = self.cache, batch_last(dout)

        def share(place: int, rows: slice, dx: Array) -> None:
            np.multiply(dout_hwcn[rows], winner[rows] == place, out=dx)

        return batch_first(self._scatter((*self.input_shape, len(dout)), dout.dtype, share))


def _note_winner(winner: NDArray[Any], larger: NDArray[np.bool_], place: int) -> None:
    """Write `place` where it is `larger`. Places rise, so a maximum does it without a branch."""
    np.maximum(winner, larger * winner.dtype.type(place), out=winner)


class AveragePool2D(_Pool):
    """Mean of each window: (N, H, W, C) to (N, H_out, W_out, C)."""

    kind = "average_pool"
    rule, keeps = "average", "mean"

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self.check(x)
        x_hwcn = batch_last(x)
        out = np.zeros((*self.output_shape, len(x)), x.dtype)

        def task(start: int, stop: int) -> None:
            for view in self._places(x_hwcn, start, stop):
                out[start:stop] += view
            out[start:stop] /= self.pool_size**2

        parallel(task, out.shape[0], work=x.size)
        if training:
            self.cache = x_hwcn.shape
        return batch_first(out)

    def backward(self, dout: Array) -> Array:
        shape, dout_hwcn = self.cache, batch_last(dout)

        def share(place: int, rows: slice, dx: Array) -> None:
            np.divide(dout_hwcn[rows], self.pool_size**2, out=dx)

        return batch_first(self._scatter(shape, dout.dtype, share))


class GlobalAveragePool2D(Layer):
    """Mean of each channel over the whole picture: (N, H, W, C) to (N, C).

    In place of Flatten and a large Dense, which have a weight for every pixel (Lin et al.,
    "Network in network", 2014, section 3.2).
    """

    kind = "global_average_pool"
    does = "Takes the mean of every map"

    def infer_shape(self, input_shape: Shape) -> Shape:
        if len(input_shape) != 3:
            raise ValueError(f"expects images (H, W, C), got inputs of shape {input_shape}")
        return input_shape[2:]

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self.check(x)
        x_hwcn = batch_last(x)
        if training:
            self.cache = x_hwcn.shape
        return batch_first(x_hwcn.mean(axis=(0, 1)))

    def backward(self, dout: Array) -> Array:
        height, width, channels, batch = self.cache
        dx = np.empty((height, width, channels, batch), dout.dtype)
        dx[...] = batch_last(dout) / (height * width)  # the same share for every pixel
        return batch_first(dx)
