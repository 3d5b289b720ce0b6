"""A second look at each digit of a text, by the network that reads single digits.

The line reader sees how digits stand beside each other, the other network each of them larger. What
both find likely is most likely right: their probabilities are multiplied, as of two witnesses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from server.images.types import Ink
from server.preprocessing.foreground import INK_THRESHOLD
from server.preprocessing.mnist_form import normalize
from server.segmentation.text import Character, Text

Probabilities = NDArray[np.float64]

Classify = Callable[[list[Ink]], tuple[Probabilities, NDArray[np.bool_]]]
"""Gives the probabilities (N, 10) of N inputs (28, 28), and whether each is taken for a digit."""

_LEAST = 1e-4  # of a digit, for either network


def look_again(text: Text, classify: Classify) -> Text:
    """Return a text whose digits both networks have seen; signs stay as they are."""
    digits = [character for character in text if character.is_digit]
    inputs = [in_mnist_form(digit.ink) for digit in digits]
    if not inputs:
        return text
    seen = zip(*classify(inputs), strict=True)
    lines = [[_weighed(c, *next(seen)) if c.is_digit else c for c in line] for line in text.lines]
    return replace(text, lines=lines)


def _weighed(character: Character, seen: Probabilities, is_digit: np.bool_) -> Character:
    """Weigh what the line reader says of a digit with what the other network has seen."""
    if not is_digit:
        return character
    product = np.maximum(character.digits, _LEAST) * np.maximum(seen, _LEAST)
    product = product / product.sum()
    return replace(character, text=str(int(product.argmax())), digits=product)


def in_mnist_form(ink: Ink) -> Ink:
    """Bring the ink of a character to MNIST's form, as far as there is some."""
    if not (ink > INK_THRESHOLD).any():
        return np.zeros((28, 28), np.float32)
    return normalize(ink)
