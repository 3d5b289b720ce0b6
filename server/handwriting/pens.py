"""Pens: how wide a stroke is at each of its points, and what shape its tip has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

THINNEST, THICKEST = 0.02, 0.28  # of the digit's height, ink included


@dataclass(frozen=True)
class Pen:
    """One pen in one hand.

    Attributes
    ----------
    width : float
        Greatest breadth of the line, as a share of the character's height, ink included.
    flatness : float
        0 for a round tip; towards 1 the tip is a blade, as of a broad-nib pen.
    angle : float
        Direction of a flat tip's blade, radians.
    pressure : float
        How much the width swells and shrinks along a stroke, 0 to 1.
    taper : float
        How thin strokes start and end, 0 (blunt) to 1 (pointed).
    grain : float
        How much of the paper shows through the ink, 0 to 1.
    square : bool
        Strokes end straight instead of round.
    """

    width: float
    flatness: float = 0.0
    angle: float = 0.0
    pressure: float = 0.0
    taper: float = 0.0
    grain: float = 0.0
    square: bool = False


def draw_pen(rng: np.random.Generator) -> Pen:
    """Draw a pen: ballpoint, pencil, felt tip, marker, finger on glass, broad nib or brush."""
    kind = rng.choice(len(_KINDS), p=_SHARES)
    return _KINDS[kind](rng)


def _width(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def ballpoint(rng: np.random.Generator) -> Pen:
    """A thin line that fades with speed."""
    return Pen(_width(rng, THINNEST, 0.07), pressure=rng.uniform(0, 0.5), grain=rng.random() * 0.3)


def pencil(rng: np.random.Generator) -> Pen:
    """A thin grainy line."""
    return Pen(_width(rng, 0.025, 0.1), pressure=rng.uniform(0, 0.4), grain=rng.uniform(0.2, 0.7))


def felt_tip(rng: np.random.Generator) -> Pen:
    """An even line of middle width."""
    return Pen(_width(rng, 0.04, 0.14), pressure=rng.uniform(0, 0.2), square=rng.random() < 0.2)


def marker(rng: np.random.Generator) -> Pen:
    """A wide line, its tip sometimes a blade."""
    flatness = rng.uniform(0.3, 0.7) if rng.random() < 0.4 else 0.0
    return Pen(_width(rng, 0.1, 0.24), flatness, rng.uniform(0, np.pi), square=rng.random() < 0.2)


def finger(rng: np.random.Generator) -> Pen:
    """A drawing program's wide, even, round line."""
    return Pen(_width(rng, 0.06, THICKEST), taper=rng.random() * 0.2)


def broad_nib(rng: np.random.Generator) -> Pen:
    """A fountain pen: thick and thin by direction."""
    return Pen(_width(rng, 0.05, 0.18), rng.uniform(0.4, 0.85), rng.normal(-0.7, 0.4))


def brush(rng: np.random.Generator) -> Pen:
    """A line that swells and ends in points."""
    taper = rng.uniform(0.4, 0.95)
    return Pen(_width(rng, 0.06, 0.2), pressure=rng.uniform(0.2, 0.6), taper=taper)


_KINDS = (ballpoint, pencil, felt_tip, marker, finger, broad_nib, brush)
_SHARES = (0.19, 0.12, 0.22, 0.11, 0.23, 0.07, 0.06)


def widths_along(line: np.ndarray, pen: Pen, rng: np.random.Generator) -> np.ndarray:
    """Return the line's width at every point, as a share of the pen's, shape (N,)."""
    place = np.linspace(0, 1, len(line))
    wave = np.sin(2 * np.pi * (place * rng.uniform(0.5, 2.5) + rng.random()))
    width = 1 - pen.pressure * (0.5 + 0.5 * wave)
    end = np.minimum(place, 1 - place) * len(line) / 8  # tapers reach some eight points inwards
    return width * (1 - pen.taper * np.clip(1 - end, 0, 1))
