"""The sizes of one correlation: kernel, stride, padding, dilation and groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from convnet.arrays import Array


@dataclass(frozen=True)
class Geometry:
    """Sizes of one correlation.

    Attributes
    ----------
    kernel, stride : (int, int)
        Down and across, as all pairs.
    top, bottom, left, right : int
        Zeros around the input.
    dilation : (int, int)
        Step between the places of the input that neighbours in a kernel are laid on.
    groups : int
        The channels are split into so many parts, and each part of the outputs sees one of them.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    top: int
    bottom: int
    left: int
    right: int
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

    @property
    def taps(self) -> int:
        """Numbers in a window of one channel."""
        return self.kernel[0] * self.kernel[1]

    @property
    def extent(self) -> tuple[int, int]:
        """Height and width of the input that a kernel reaches over."""
        (kh, kw), (down, right) = self.kernel, self.dilation
        return (kh - 1) * down + 1, (kw - 1) * right + 1

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return (H_out, W_out) for an input of (H, W); not positive if the kernel is larger."""
        tall, wide = self.extent
        return (
            (height + self.top + self.bottom - tall) // self.stride[0] + 1,
            (width + self.left + self.right - wide) // self.stride[1] + 1,
        )

    def padded(self, x: Array) -> Array:
        """Return `x` (H, W, C, N) with its zeros around it."""
        if not (self.top or self.bottom or self.left or self.right):
            return x
        return np.pad(x, ((self.top, self.bottom), (self.left, self.right), (0, 0), (0, 0)))
