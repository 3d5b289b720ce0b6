"""Fold away what does nothing of its own once a network is trained.

* BatchNorm multiplies each channel by a number and adds another. Both are folded into the
  convolution or dense layer before it: w' = w·scale, b' = b·scale + shift.
* Dropout does nothing and is left out.
"""

from __future__ import annotations

import numpy as np

from convnet.arrays import Array
from convnet.layers import BatchNorm, Conv2D, Dense, Dropout, Layer
from convnet.network import Sequential


def fold(network: Sequential) -> Sequential:
    """Return an equal network without BatchNorm and Dropout, as far as they can be folded."""
    kept: list[Layer] = []
    weights: list[dict[str, Array]] = []
    for layer in network.layers:
        if isinstance(layer, Dropout):
            continue
        if isinstance(layer, BatchNorm) and kept and isinstance(kept[-1], Conv2D | Dense):
            kept[-1] = _with_bias(kept[-1])
            weights[-1] = _folded(weights[-1], layer)
            continue
        kept.append(_fresh(layer))
        weights.append({**layer.params, **layer.state})
    folded = Sequential(kept, network.input_shape, rng=np.random.default_rng(0), name=network.name)
    folded.set_arrays(
        {
            f"{layer.name}.{key}": value
            for layer, arrays in zip(folded.layers, weights, strict=True)
            for key, value in arrays.items()
        }
    )
    folded.metadata = network.metadata
    return folded


def _fresh(layer: Layer) -> Layer:
    return type(layer)(**layer.config())


def _with_bias(layer: Layer) -> Layer:
    return type(layer)(**layer.config() | {"use_bias": True})


def _folded(weights: dict[str, Array], norm: BatchNorm) -> dict[str, Array]:
    scale, shift = norm.scale_and_shift
    bias = weights.get("b", np.zeros_like(scale))
    # The output channel is the last axis of both kinds of weights.
    return {"w": weights["w"] * scale, "b": bias * scale + shift}
