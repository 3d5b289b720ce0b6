"""The network that looks at every pixel, and pictures of any size before it."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from convnet.inference.served_network import InferenceNetwork
from convnet.weights import load
from server.budget import check
from server.finding.planes import Floats, planes
from server.images.types import Grey

WEIGHTS = Path(__file__).with_name("finder.npz")
PAGE_WEIGHTS = Path(__file__).with_name("page_finder.npz")

SIDE = 128
"""Pixels of a side of the squares that the network takes."""

OVERLAP = 32
"""Pixels that neighbouring squares of a larger picture share."""

GROUND, WRITING, OTHER = 0, 1, 2
"""What a pixel is: the last axis of what the network gives."""

CLASSES = 3

_STEP = 4  # pixels, down and across, that one place of its output answers for


class Finder:
    """Tells for every pixel of a picture whether it is ground, writing or other ink.

    Parameters
    ----------
    file : path
        Of its weights; by default those for pictures of one digit.
    """

    def __init__(self, file: str | os.PathLike[str] = WEIGHTS) -> None:
        self._network = InferenceNetwork(load(file))

    def look(self, squares: NDArray[np.uint8]) -> Floats:
        """Look at squares, each for itself.

        Parameters
        ----------
        squares : ndarray of uint8, shape (N, SIDE, SIDE)

        Returns
        -------
        ndarray of float32, shape (N, SIDE, SIDE, 3)
            Probabilities of GROUND, WRITING and OTHER.
        """
        found = np.empty((*squares.shape, CLASSES), np.float32)
        for square, probabilities in zip(squares, found, strict=True):  # one needs little memory
            check()
            seen = planes(square[np.newaxis].astype(np.float32) * np.float32(1 / 255))
            probabilities[...] = _unblocked(_softmax(self._network.logits(seen)))[0]
        return found

    def look_at(self, grey: Grey) -> Floats:
        """Look at a picture (H, W) of any size, square by square: probabilities (H, W, 3)."""
        height, width = grey.shape
        tops, lefts = _starts(height), _starts(width)
        whole = np.pad(grey, ((0, max(0, SIDE - height)), (0, max(0, SIDE - width))), mode="edge")
        found = np.zeros((*whole.shape, 3), np.float32)
        weights = np.zeros((*whole.shape, 1), np.float32)
        ramp = _ramp()
        for y in tops:
            squares = np.stack([whole[y : y + SIDE, x : x + SIDE] for x in lefts])
            for x, probabilities in zip(lefts, self.look(squares), strict=True):
                found[y : y + SIDE, x : x + SIDE] += probabilities * ramp
                weights[y : y + SIDE, x : x + SIDE] += ramp
        found /= weights
        return found[:height, :width]


@cache
def shared_finder() -> Finder:
    """Return the finder for pictures of one digit, read when it is first asked for."""
    return Finder()


@cache
def shared_page_finder() -> Finder:
    """Return the finder for pages of numbers, read when it is first asked for."""
    return Finder(PAGE_WEIGHTS)


def resized(grey: Grey, width: int, height: int) -> Grey:
    """Bring a picture to a size: averaged where it shrinks, interpolated where it grows."""
    if grey.shape == (height, width):
        return grey
    return np.asarray(Image.fromarray(grey).resize((width, height), Image.Resampling.BILINEAR))


def _starts(side: int) -> list[int]:
    """Where squares begin along a side, evenly, `OVERLAP` shared at least."""
    if side <= SIDE:
        return [0]
    count = 1 + -(-(side - SIDE) // (SIDE - OVERLAP))
    return [round(i * (side - SIDE) / (count - 1)) for i in range(count)]


@cache
def _ramp() -> Floats:
    """How much each pixel of a square counts, shape (SIDE, SIDE, 1): less towards its border."""
    away = np.minimum(np.arange(SIDE), np.arange(SIDE)[::-1]).astype(np.float32)
    weight = np.clip((away + 1) / np.float32(OVERLAP), np.float32(0.01), np.float32(1))
    return np.asarray(np.minimum.outer(weight, weight)[..., np.newaxis], np.float32)


def _softmax(scores: Floats) -> Floats:
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def _unblocked(places: Floats) -> Floats:
    """Bring (N, H/4, W/4, 16, 3) into (N, H, W, 3)."""
    count, rows, columns, _, classes = places.shape
    split = places.reshape(count, rows, columns, _STEP, _STEP, classes)
    return split.transpose(0, 1, 3, 2, 4, 5).reshape(count, rows * _STEP, columns * _STEP, classes)
