"""Where the network looked: how its score falls when a part of the ink is covered."""

from collections.abc import Iterator

import numpy as np

from server.explanation import sprites
from server.explanation.sprites import Sprite
from server.recognizer import Inputs, Recognizer

PATCH = 4
STEP = 2


def heatmap(recognizer: Recognizer, ink: Inputs, digit: int) -> Sprite:
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
