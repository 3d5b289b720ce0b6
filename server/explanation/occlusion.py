"""Where the network looked: how its score falls when a part of the input is covered."""

import math
from collections.abc import Iterator

import numpy as np

from server.explanation import sprites
from server.explanation.sprites import Sprite
from server.recognizer import BLOCK, Inputs, Recognizer, Scores

PATCHES_A_SIDE = 7
"""How many patches beside each other cover the longer side of an input."""

Place = tuple[slice, slice]


def heatmap(recognizer: Recognizer, ink: Inputs, target: int) -> Sprite:
    """Show how much each part of an input speaks for the class `target`, by covering it [1]_.

    A patch that hides what is there (`InputForm.cover`: paper, or the mean colour) is laid over one
    place after another, but not where there is nothing to hide. A pixel's value is how much the
    class's score falls, averaged over the patches that cover the pixel.

    References
    ----------
    .. [1] Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014,
       section 4.2.
    """
    height, width = shape = ink.shape[:2]
    cover, patch = recognizer.form.cover(ink), patch_side(height, width)
    places = [place for place in patches(height, width, patch) if (ink[place] != cover).any()]
    whole = recognizer.logits(ink[np.newaxis])[0, target]
    total, times = np.zeros(shape), np.zeros(shape)
    for start in range(0, len(places), BLOCK):
        some = places[start : start + BLOCK]
        scores = covered_scores(recognizer, ink, some, cover)[:, target]
        for score, place in zip(scores, some, strict=True):
            total[place] += whole - score
            times[place] += 1
    falls = total / np.maximum(times, 1)
    low, high = float(min(falls.min(), 0)), float(max(falls.max(), 0))
    classes = recognizer.classes
    about: Sprite = {"digit": classes.digit(target), "label": classes.labels[target]}
    about |= {"method": "occlusion", "patch": patch, "shape": list(shape)}
    return about | sprites.picture(falls, low, high)


def covered_scores(
    recognizer: Recognizer, ink: Inputs, places: list[Place], cover: Inputs
) -> Scores:
    """Return the scores (P, K) of copies of an input, each with one of P places covered."""
    copies = np.repeat(ink[np.newaxis], len(places), axis=0)
    for copy, place in zip(copies, places, strict=True):
        copy[place] = cover
    return recognizer.logits(copies)


def patch_side(height: int, width: int) -> int:
    """Return the side of the patch in pixels: 4 of 28."""
    return max(2, math.ceil(max(height, width) / PATCHES_A_SIDE))


def patches(height: int, width: int, patch: int) -> Iterator[Place]:
    """Yield every place of the patch, half of it apart, also those partly outside."""
    step = patch // 2
    for top in range(step - patch, height, step):
        for left in range(step - patch, width, step):
            yield slice(max(top, 0), top + patch), slice(max(left, 0), left + patch)
