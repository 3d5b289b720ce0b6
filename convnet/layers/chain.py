"""Layers one after the other: how a network, and each branch within one, is put together and run.

What a layer is, is told in `convnet/layers/base.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy

import numpy as np
from numpy.typing import DTypeLike

from convnet.arrays import Array, Shape
from convnet.layers.activations import Rectifier
from convnet.layers.base import Layer
from convnet.layers.pooling import MaxPool2D


def inputs(layers: Sequence[Layer], shape: Shape) -> Iterator[tuple[Layer, Shape]]:
    """Yield each layer with the shape that the one before it gives.

    Raises
    ------
    ValueError
        If a layer cannot take that; it says which.
    """
    for index, layer in enumerate(layers):
        yield layer, shape
        shape = _infer(index, layer, shape)


def infer_shape(layers: Sequence[Layer], shape: Shape) -> Shape:
    """Return the last layer's output shape for an input shape of the first."""
    for index, layer in enumerate(layers):
        shape = _infer(index, layer, shape)
    return shape


def _infer(index: int, layer: Layer, shape: Shape) -> Shape:
    try:
        return layer.infer_shape(shape)
    except ValueError as error:
        raise _at(index, layer, error) from error


def build(
    layers: Sequence[Layer], shape: Shape, rng: np.random.Generator, dtype: DTypeLike
) -> Shape:
    """Build each layer for what the one before it gives; return the last output shape."""
    for index, layer in enumerate(layers):
        try:
            shape = layer.build(shape, rng, dtype)
        except ValueError as error:
            raise _at(index, layer, error) from error
    return shape


def _at(index: int, layer: Layer, error: ValueError) -> ValueError:
    return ValueError(f"layer {index} ({layer.name}, {layer!r}): {error}")


def forward(layers: Sequence[Layer], x: Array, *, training: bool) -> Array:
    """Run `x` through the layers."""
    for layer in layers:
        x = layer.forward(x, training=training)
    return x


def backward(layers: Sequence[Layer], dout: Array) -> Array:
    """Run the gradient by the output back to the gradient by the input: the chain rule."""
    for layer in reversed(layers):
        dout = layer.backward(dout)
        layer.cache = None  # its memory is free for the layers before it
    return dout


def first_that_learns(layers: Sequence[Layer]) -> int:
    """Return the index of the first layer with parameters to train; the last one's if none has."""
    learning = (i for i, layer in enumerate(layers) if layer.trainable and layer.params)
    return next(learning, len(layers) - 1)


def own(layers: Sequence[Layer]) -> list[Layer]:
    """Return layers that no other network uses, named conv1, relu1, conv2, … by their kinds.

    Those that were built before are copied, with their weights.

    Raises
    ------
    ValueError
        If a layer that was not built is in two places.
    """
    new = [id(layer) for layer in layers if not layer.built]
    if len(set(new)) < len(new):
        raise ValueError("`layers` holds the same layer twice; make one for each place")
    copies = [deepcopy(layer) if layer.built else layer for layer in layers]
    counts: dict[str, int] = {}
    for layer in copies:
        counts[layer.kind] = counts.get(layer.kind, 0) + 1
        layer.name = f"{layer.kind}{counts[layer.kind]}"
    return copies


def walk(layers: Sequence[Layer], within: str = "") -> Iterator[tuple[str, Layer]]:
    """Yield every layer by its full name, then those within it (``residual1.conv2``)."""
    for layer in layers:
        name = within + layer.name
        yield name, layer
        for branch in layer.branches:
            yield from walk(branch, f"{name}.")


def execution_order(layers: Sequence[Layer]) -> list[Layer]:
    """Return the order of execution: a max-pooling changes places with the rectifier before it.

    The largest of the rectified numbers is the largest number, rectified. So outputs and gradients
    stay the same, while the rectifier has pool_size² times fewer numbers to do.
    """
    order = list(layers)
    for i in range(len(order) - 1):
        if isinstance(order[i], Rectifier) and isinstance(order[i + 1], MaxPool2D):
            order[i], order[i + 1] = order[i + 1], order[i]
    return order
