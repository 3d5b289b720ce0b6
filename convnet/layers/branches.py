"""Residual and Concatenate: several chains of layers take the same input, and are joined again.

Forward         Residual adds:       out = F(x) + x, or F(x) + w·x where the shapes differ
                Concatenate stacks:  out = [A(x), B(x), …] along the channels
Gradients       x went into every branch, so its gradient is the sum of what comes back from each.
                To a branch goes the gradient of its own part of the output: all of it for a sum,
                its own channels where they were stacked.

A way around the layers that learn keeps the gradient from fading in a deep network.
Source: He et al., "Deep residual learning for image recognition", CVPR 2016, section 3.2;
Szegedy et al., "Going deeper with convolutions", CVPR 2015; Ronneberger et al., "U-Net", 2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from convnet.arrays import Array, Shape, batch_first, batch_last
from convnet.layers import chain
from convnet.layers.base import Layer
from convnet.layers.conv import Conv2D
from convnet.layers.dense import Dense


def _of_all_layers(group: str) -> Any:
    """Return a property: the arrays of all layers within, as ``conv1.w``."""

    def read(self: _Branches) -> dict[str, Array]:
        return {f"{x.name}.{k}": v for x in self.sublayers for k, v in getattr(x, group).items()}

    def write(self: _Branches, arrays: dict[str, Array]) -> None:
        for layer in self.sublayers:
            own = {key: arrays[f"{layer.name}.{key}"] for key in getattr(layer, group)}
            setattr(layer, group, own)

    return property(read, write)


class _Branches(Layer):
    """What both kinds share; they differ in `branches_for`, `infer_shape`, `join` and `split`.

    An empty branch hands its input on.
    """

    params = _of_all_layers("params")
    grads = _of_all_layers("grads")
    state = _of_all_layers("state")

    def __init__(self, branches: Sequence[Sequence[Layer]]) -> None:
        super().__init__()
        self.branches = _as_branches(branches)

    @property
    def sublayers(self) -> list[Layer]:
        """All layers of all branches."""
        return [layer for branch in self.branches for layer in branch]

    @property
    def trainable(self) -> bool:
        """Whether a layer within is; setting it sets all of them."""
        return any(layer.trainable for layer in self.sublayers)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.sublayers:
            layer.trainable = value

    def config(self) -> dict[str, Any]:
        return {name: _unbuilt(value) for name, value in super().config().items()}

    def branches_for(self, input_shape: Shape) -> list[list[Layer]]:
        """Return the branches for inputs of a shape; their layers have names."""
        return list(self.branches)

    def join(self, outs: list[Array]) -> Array:
        """Make one output of those of the branches."""
        raise NotImplementedError

    def split(self, dout: Array, channels: list[int]) -> list[Array]:
        """Return each branch's part of the gradient; they had so many `channels`."""
        raise NotImplementedError

    def with_branches(self, branches: Sequence[Sequence[Layer]]) -> Layer:
        """Return the same kind of layer with other layers within."""
        other = copy(self)
        other.branches = _as_branches(branches)
        return other

    def array_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        return {
            f"{layer.name}.{key}": value
            for branch in self.branches_for(input_shape)
            for layer, shape in chain.inputs(branch, input_shape)
            for key, value in layer.array_shapes(shape).items()
        }

    @property
    def multiply_adds(self) -> int:
        return sum(layer.multiply_adds for layer in self.sublayers)

    def channel_numbers(self, channel: int) -> dict[str, float]:
        return {}

    def build(
        self, input_shape: Shape, rng: np.random.Generator, dtype: DTypeLike = np.float32
    ) -> Shape:
        self.input_shape = tuple(input_shape)
        self.output_shape = self.infer_shape(self.input_shape)
        self.branches = self.branches_for(self.input_shape)
        for branch in self.branches:
            chain.build(branch, self.input_shape, rng, dtype)
        return self.output_shape

    def forward(self, x: Array, *, training: bool = False) -> Array:
        self.check(x)
        orders = map(chain.execution_order, self.branches)
        outs = [chain.forward(order, x, training=training) for order in orders]
        if training:
            self.cache = [out.shape[-1] for out in outs]
        return self.join(outs)

    def backward(self, dout: Array) -> Array:
        parts = self.split(dout, self.cache)
        orders = map(chain.execution_order, self.branches)
        first, *others = map(chain.backward, orders, parts)
        return np.asarray(sum(others, start=first))


def _unbuilt(value: Any) -> Any:
    """Make every layer in a list of lists again."""
    if isinstance(value, Layer):
        return type(value)(**value.config())
    return [_unbuilt(part) for part in value]


class Residual(_Branches):
    """Add what some layers make of the input to the input itself.

    Where they change its shape, it goes through a 1×1 convolution (of vectors: a Dense), with the
    stride that makes it as small.

    Parameters
    ----------
    layers : sequence of Layer
        Not yet built, or built ones that keep their weights.

    Examples
    --------
    >>> Residual([Conv2D(16, 3, padding=1), BatchNorm(), ReLU(), Conv2D(16, 3, padding=1)])
    """

    kind = "residual"

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__([layers, []])

    @property
    def layers(self) -> list[Layer]:
        """The layers whose output is added to the input."""
        return self.branches[0]

    @property
    def does(self) -> str:
        main, shortcut = (" → ".join(layer.name for layer in branch) for branch in self.branches)
        return f"Adds {main} to {shortcut or 'the input'}"

    @property
    def rule(self) -> str:
        return "x plus what the layers within make of the input"

    def branches_for(self, input_shape: Shape) -> list[list[Layer]]:
        shortcut = self.branches[1] or _shortcut(input_shape, self.infer_shape(input_shape))
        return _as_branches([self.layers, shortcut])

    def infer_shape(self, input_shape: Shape) -> Shape:
        output_shape = chain.infer_shape(self.layers, input_shape)
        shortcut = _shortcut(input_shape, output_shape)
        if (found := chain.infer_shape(shortcut, input_shape)) != output_shape:
            raise ValueError(
                f"cannot add inputs of shape {input_shape} to the layers' outputs of shape "
                f"{output_shape}: a 1×1 convolution makes {found} of them"
            )
        return output_shape

    def join(self, outs: list[Array]) -> Array:
        return np.asarray(outs[0] + outs[1])

    def split(self, dout: Array, channels: list[int]) -> list[Array]:
        return [dout, dout]


def _shortcut(input_shape: Shape, output_shape: Shape) -> list[Layer]:
    """Return the layer that gives the input the output's shape, if it has another."""
    if input_shape == output_shape:
        return []
    if len(input_shape) == len(output_shape) == 1:
        return [Dense(output_shape[0], use_bias=False)]
    if len(input_shape) != 3 or len(output_shape) != 3:
        raise ValueError(f"cannot add inputs of shape {input_shape} to outputs of {output_shape}")
    down, across = (-(-input_shape[axis] // output_shape[axis]) for axis in (0, 1))
    return [Conv2D(output_shape[2], 1, stride=(down, across), use_bias=False)]


class Concatenate(_Branches):
    """Stack what several branches make of the same input along the channels (the last axis).

    Parameters
    ----------
    branches : sequence of sequences of Layer
        An empty one hands the input on, as in a U-Net.

    Raises
    ------
    ValueError
        If there are no branches, or, in `build`, if their outputs differ in more than channels.

    Examples
    --------
    >>> Concatenate([[], [MaxPool2D(2), Conv2D(16, 3, padding=1), Upsample2D(2)]])
    """

    kind = "concatenate"

    def __init__(self, branches: Sequence[Sequence[Layer]]) -> None:
        if not branches:
            raise ValueError("`branches` must hold at least one branch")
        super().__init__(branches)

    @property
    def does(self) -> str:
        names = (" → ".join(layer.name for layer in branch) for branch in self.branches)
        return f"Stacks the maps of {' and '.join(name or 'the input' for name in names)}"

    def infer_shape(self, input_shape: Shape) -> Shape:
        shapes = [chain.infer_shape(branch, input_shape) for branch in self.branches]
        if len({shape[:-1] for shape in shapes}) > 1:
            raise ValueError(f"branches must differ in channels only, got {shapes}")
        return (*shapes[0][:-1], sum(shape[-1] for shape in shapes))

    def join(self, outs: list[Array]) -> Array:
        return batch_first(np.concatenate([batch_last(out) for out in outs], axis=-2))

    def split(self, dout: Array, channels: list[int]) -> list[Array]:
        return np.split(dout, np.cumsum(channels)[:-1], axis=-1)


def _as_branches(branches: Sequence[Sequence[Layer]]) -> list[list[Layer]]:
    """Return lists of layers whose names differ from each other."""
    for branch in branches:
        if not isinstance(branch, Sequence):
            raise ValueError(f"a branch must be a list of layers, got {branch!r}")
    layers = iter(chain.own([layer for branch in branches for layer in branch]))
    return [list(islice(layers, len(branch))) for branch in branches]
