"""Fold away what does nothing of its own once a network is trained.

* BatchNorm multiplies each channel by a number and adds another. Both are folded into the
  convolution or dense layer before it: w' = w·scale, b' = b·scale + shift.
* Dropout does nothing and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import numpy as np

from convnet.layers import BatchNorm, Concatenate, Conv2D, Dense, Dropout, Layer, Residual
from convnet.network import Sequential


def fold(network: Sequential) -> Sequential:
    """Return an equal network without BatchNorm and Dropout, as far as they can be folded."""
    layers, rng = fold_layers(network.layers), np.random.default_rng(0)
    folded = Sequential(layers, network.input_shape, rng=rng, name=network.name)
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
