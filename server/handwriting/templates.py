"""Templates of handwriting: strokes of control points, read from small text files.

`digits.txt` holds the ways of writing the ten digits, `signs.txt` letters and signs that are
no digits. The format is explained at the top of `digits.txt`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Stroke:
    """One movement of the pen.

    Attributes
    ----------
    points : ndarray, shape (N, 2)
        Control points (x, y) in units of the digit's height, y downwards.
    corners : ndarray of bool, shape (N,)
        Where the pen turns sharply instead of following a smooth curve.
    """

    points: np.ndarray
    corners: np.ndarray


@dataclass(frozen=True)
class Template:
    """One way of writing one character; `weight` is its share among those of its label."""

    label: str
    name: str
    weight: float
    strokes: tuple[Stroke, ...]


def parse_stroke(text: str) -> Stroke:
    """Read ``"0,2! 52,2! 18,100"``: points in percent of the height, ``!`` marks a corner."""
    words = text.split()
    if len(words) < 2:
        raise ValueError(f"a stroke needs at least two points, got {text!r}")
    points = np.array([[float(v) for v in word.rstrip("!").split(",")] for word in words]) / 100
    return Stroke(points, np.array([word.endswith("!") for word in words]))


def parse_template(line: str) -> Template:
    """Read one line ``label name weight : stroke / stroke``."""
    head, _, body = line.partition(" : ")
    try:
        label, name, weight = head.split()
        return Template(label, name, float(weight), tuple(map(parse_stroke, body.split("/"))))
    except ValueError as error:
        raise ValueError(f"bad template {line!r}: {error}") from error


@cache
def load(name: str) -> tuple[Template, ...]:
    """Return every template of the file `name` in this folder."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return tuple(parse_template(line) for line in lines if line.strip() and line[0] != "#")


@cache
def _of_digit(digit: int) -> tuple[tuple[Template, ...], np.ndarray]:
    found = tuple(t for t in load("digits.txt") if t.label == str(digit))
    weights = np.cumsum([t.weight for t in found])
    return found, weights / weights[-1]


def digit_templates(digit: int) -> tuple[Template, ...]:
    """Return the ways of writing `digit`."""
    return _of_digit(digit)[0]


def choose_template(digit: int, rng: np.random.Generator) -> Template:
    """Draw a way of writing `digit`, common ones more often.

    Half of the draws ignore the weights, so that rare forms are learnt as well.
    """
    found, cumulative = _of_digit(digit)
    if rng.random() < 0.5:
        return found[rng.integers(len(found))]
    return found[int(np.searchsorted(cumulative, rng.random()))]
