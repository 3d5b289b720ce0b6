"""What every layer saw of a picture, and where the network looked."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.explanation import layer_cards, sprites
from server.recognizer import Inputs, Layer, Recognizer

PATCH = 4
STEP = 2


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


def heatmap(recognizer: Recognizer, ink: Inputs, digit: int) -> dict[str, Any]:
    """Show how much each part of the ink speaks for `digit`, by covering it [1]_.

    A patch of paper is laid over the inked parts, one place after another. A pixel's value is how
    much the digit's score falls, averaged over the patches that cover the pixel.

    References
    ----------
    .. [1] Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014,
       section 4.2.
    """
    places = [place for place in patches(ink.shape) if ink[place].any()]
    covered = np.repeat(ink[np.newaxis], len(places) + 1, axis=0)  # (P + 1, 28, 28)
    for copy, place in zip(covered, places, strict=False):  # the last stays as it is
        copy[place] = 0
    scores = recognizer.logits(covered)[:, digit]
    total, times = np.zeros(ink.shape), np.zeros(ink.shape)
    for score, place in zip(scores, places, strict=False):
        total[place] += scores[-1] - score
        times[place] += 1
    falls = total / np.maximum(times, 1)
    low, high = float(min(falls.min(), 0)), float(max(falls.max(), 0))
    about = {"digit": digit, "method": "occlusion", "patch": PATCH, "shape": list(ink.shape)}
    return about | sprites.picture(falls, low, high)


def patches(shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    """Yield every place of the patch, also those partly outside."""
    height, width = shape
    for top in range(STEP - PATCH, height, STEP):
        for left in range(STEP - PATCH, width, STEP):
            yield slice(max(top, 0), top + PATCH), slice(max(left, 0), left + PATCH)
