"""Digits that the project writes itself, stroke by stroke, where there is no data set."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from convnet.datasets.dataset import Dataset, Split
from server.handwriting.ink import draw, fit
from server.handwriting.pens import draw_pen
from server.handwriting.strokes import Hand, write
from server.handwriting.templates import choose_template

SIDE, BOX = 28, (4.0, 4.0, 20.0, 20.0)
MOST_TRAIN, TEST = 6000, 1000


def write_digits(digits: tuple[int, ...], pictures: int) -> Dataset:
    """Return written digits in MNIST's form, always the same ones.

    At most `MOST_TRAIN` are trained on: a hand needs its time.
    """
    train = _write(np.random.default_rng(1), digits, min(pictures, MOST_TRAIN))
    return Dataset(train, _write(np.random.default_rng(2), digits, TEST))


def _write(rng: np.random.Generator, digits: tuple[int, ...], count: int) -> Split:
    labels = rng.permutation(np.resize(digits, count)).astype(np.uint8)
    images = np.stack(list(map(partial(write_one, rng=rng), labels.tolist())))
    return Split(images, labels)


def write_one(digit: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Write a digit once: 20 × 20, its centre of mass in the middle of 28 × 28."""
    pen = draw_pen(rng)
    lines, width = fit(write(choose_template(digit, rng), Hand.draw(rng), rng), BOX, pen)
    ink = draw(lines, pen, max(width, 1.5), (SIDE, SIDE), rng)
    total = max(float(ink.sum()), 1.0)
    middle = [float(ink.sum(axis=1 - axis) @ np.arange(SIDE)) / total for axis in (0, 1)]
    shift = [round(SIDE / 2 - 0.5 - place) for place in middle]
    return np.roll(ink, shift, axis=(0, 1))
