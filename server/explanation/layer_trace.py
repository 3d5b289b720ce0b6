"""What every layer saw of a picture."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.explanation import layer_cards, sprites
from server.recognizer import Inputs, Layer, Recognizer


@dataclass(frozen=True)
class Trace:
    """One layer at work.

    Attributes
    ----------
    layer : Layer
    input, output : ndarray
        Without the batch axis.
    """

    layer: Layer
    input: NDArray[np.float32]
    output: NDArray[np.float32]


def trace(recognizer: Recognizer, ink: Inputs) -> list[Trace]:
    """Follow an input (28, 28) through every layer."""
    steps, before = [], ink[..., np.newaxis]
    for layer, after in recognizer.activations(ink):
        steps.append(Trace(layer, before, after))
        before = after
    return steps


def layers(steps: list[Trace], wanted: frozenset[int]) -> list[dict[str, Any]]:
    """Describe all layers, with the feature maps of those that are wanted."""
    return [
        layer_cards.describe(step.layer, index)
        | {"maps": sprites.maps(step.output) if index in wanted else None}
        for index, step in enumerate(steps)
    ]


def scores(recognizer: Recognizer, ink: Inputs) -> dict[str, Any]:
    """Give the ten numbers that the softmax makes probabilities of."""
    logits = recognizer.logits([ink])[0].tolist()
    known = [sprites.rounded(score) if math.isfinite(score) else None for score in logits]
    return {"logits": known, "temperature": recognizer.calibration.temperature}
