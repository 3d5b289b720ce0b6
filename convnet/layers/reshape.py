"""Flatten and Reshape: the same numbers in another shape. Gradients are reshaped back."""

from __future__ import annotations

import math

from convnet.arrays import Array, Shape, batch_first
from convnet.checks import require_positive_int
from convnet.layers.base import Layer


def _reshape(x: Array, shape: Shape) -> Array:
    """Reshape everything but the batch axis, in NHWC order.

    The batch is moved last and back, which keeps a batch-innermost array a view instead of a copy.
    """
    if x.flags.c_contiguous:
        return x.reshape(x.shape[0], *shape)
    return batch_first(x.transpose(*range(1, x.ndim), 0).reshape(*shape, x.shape[0]))


class Reshape(Layer):
    """Give each image another shape of as many numbers.

    Parameters
    ----------
    shape : tuple of int
        The new shape, without the batch axis. One side may be -1: it is as long as the numbers of
        an image make it.
    """

    kind = "reshape"
    view = "reshape"

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        if not shape:
            raise ValueError("`shape` must hold at least one side, got ()")
        if tuple(shape).count(-1) > 1:
            raise ValueError(f"`shape` may hold -1 once, got {tuple(shape)}")
        self.shape = tuple(s if s == -1 else require_positive_int("shape", s) for s in shape)

    def infer_shape(self, input_shape: Shape) -> Shape:
        numbers, known = math.prod(input_shape), math.prod(s for s in self.shape if s != -1)
        shape = tuple(numbers // known if side == -1 else side for side in self.shape)
        if math.prod(shape) != numbers:
            raise ValueError(f"cannot reshape {input_shape} into {self.shape}")
        return shape

    @property
    def does(self) -> str:
        before, after = (
            "×".join(map(str, shape)) for shape in (self.input_shape, self.output_shape)
        )
        return f"Lays out {before} numbers as {after}"

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self.check(x)
        if training:
            self.cache = x.shape
        return _reshape(x, self.output_shape)

    def backward(self, dout: Array) -> Array:
        _, *shape = self.cache
        return _reshape(dout, tuple(shape))


class Flatten(Reshape):
    """Lay each image (H, W, C) out as one vector of H·W·C numbers, channels fastest."""

    kind = "flatten"

    def __init__(self) -> None:
        super().__init__((1,))

    def infer_shape(self, input_shape: Shape) -> Shape:
        return (math.prod(input_shape),)
