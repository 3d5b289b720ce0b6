"""The sizes of one correlation: kernel, stride and padding."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Geometry:
    """Sizes of one correlation: kernel, stride and the zeros around the input."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    top: int
    bottom: int
    left: int
    right: int

    @property
    def taps(self) -> int:
        """Numbers in a window of one channel."""
        return self.kernel[0] * self.kernel[1]

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Return (H_out, W_out) for an input of (H, W); not positive if the kernel is larger."""
        return (
            (height + self.top + self.bottom - self.kernel[0]) // self.stride[0] + 1,
            (width + self.left + self.right - self.kernel[1]) // self.stride[1] + 1,
        )
