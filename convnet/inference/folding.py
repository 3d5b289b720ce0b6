"""Fold away what does nothing of its own once a network is trained.

* BatchNorm multiplies each channel by a number and adds another. Both are folded into the
  convolution or dense layer before it: w' = w·scale, b' = b·scale + shift.
* Dropout does nothing and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any, Protocol, TypeVar

import numpy as np

from convnet.arrays import Array, Shape
from convnet.layers import BatchNorm, Concatenate, Conv2D, Dense, Dropout, Layer, Residual


class Network(Protocol):
    """What is served: a `convnet.network.Sequential`, which itself predicts in this form."""

    layers: list[Layer]
    order: list[Layer]
    input_shape: Shape
    output_shape: Shape
    name: str
    metadata: dict[str, Any]

    @property
    def multiply_adds(self) -> int:
        """Of one input."""

    def check(self, x: Array) -> None:
        """Refuse what is no batch of its inputs."""

    def forward(self, x: Array) -> Array:
        """Return the last layer's outputs."""

    def probabilities(self, out: Array) -> Array:
        """Make probabilities of them."""

    def activations(self, x: Array) -> Iterator[tuple[Layer, Array]]:
        """Yield each layer with its output."""


N = TypeVar("N", bound=Network)


def fold(network: N) -> N:
    """Return an equal network without BatchNorm and Dropout, as far as they can be folded."""
    make: Any = type(network)
    layers, rng = fold_layers(network.layers), np.random.default_rng(0)
    folded: N = make(layers, network.input_shape, rng=rng, name=network.name)
    folded.metadata = network.metadata
    return folded


def fold_layers(layers: Sequence[Layer]) -> list[Layer]:
    """Return equal layers, those within others folded too."""
    kept: list[Layer] = []
    for layer in layers:
        if isinstance(layer, BatchNorm) and kept and isinstance(kept[-1], Conv2D | Dense):
            kept[-1] = _folded(kept[-1], layer)
        elif isinstance(layer, Residual | Concatenate):
            kept.append(layer.with_branches([fold_layers(branch) for branch in layer.branches]))
        elif not isinstance(layer, Dropout):
            kept.append(layer)
    return kept


def _folded(layer: Conv2D | Dense, norm: BatchNorm) -> Layer:
    scale, shift = norm.scale_and_shift
    bias = layer.params.get("b", np.zeros_like(scale))
    folded = copy(layer)
    folded.use_bias = True
    # The output channel is the last axis of both kinds of weights.
    folded.params = {"w": layer.params["w"] * scale, "b": bias * scale + shift}
    folded.grads = {}
    return folded
