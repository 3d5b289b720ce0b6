"""A hand that writes: templates become polylines that are bent, slanted, shaken, joined, broken.

Coordinates are in units of the character's height throughout, y downwards.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from server.handwriting.templates import Stroke, Template

STEP = 0.04  # length of a polyline's pieces

# Catmull-Rom spline (Catmull & Rom, 1974) in powers of t, on four successive control points.
_SPLINE = 0.5 * np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]])
_PARAMETER = np.linspace(0, 1, 8, endpoint=False)
_BLEND = np.vander(_PARAMETER, 4, increasing=True) @ _SPLINE  # (8, 4)


@dataclass(frozen=True)
class Hand:
    """One person's habits on one occasion; lengths in units of the character's height."""

    slant: float = 0.0  # x shift from foot to head: positive leans to the right
    stretch: float = 1.0  # width relative to the template's
    turn: float = 0.0  # radians, the whole character
    wobble: float = 0.0  # control points miss their place by this much
    misplacement: float = 0.0  # later strokes miss theirs
    bend: float = 0.0  # amplitude of smooth distortion
    squeeze: float = 0.0  # how much the upper half grows at the cost of the lower
    tremor: float = 0.0  # shaking of the pen
    ends: float = 0.0  # strokes end too late or too early
    hook: float = 0.0  # chance of a hook where the pen lands or lifts
    join: float = 0.0  # chance that the pen drags between two strokes
    skip: float = 0.0  # chance that the ink fails for a moment
    spacing: float = 0.0  # between the points that a slow tablet or mouse reports; 0: all are

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Hand:
        """Draw a person: most are tidy in some ways and careless in others."""
        care = rng.beta(2, 3)  # 0 tidy, 1 careless
        return cls(
            slant=float(np.clip(rng.normal(0.07, 0.16), -0.32, 0.45)),
            stretch=float(np.exp(np.clip(rng.normal(0.05, 0.18), -0.35, 0.45))),
            turn=float(np.clip(rng.normal(0, 0.07), -0.2, 0.2)),
            wobble=0.045 * care * rng.random(),
            misplacement=0.05 * care * rng.random(),
            bend=0.06 * care * rng.random(),
            squeeze=float(np.clip(rng.normal(0, 0.05), -0.12, 0.12)),
            tremor=0.02 * rng.random() ** 3,
            ends=0.06 * care * rng.random(),
            hook=0.25 * rng.random() ** 3,
            join=0.25 * rng.random() ** 3,
            skip=0.2 * rng.random() ** 4,
            spacing=rng.uniform(0.12, 0.32) if rng.random() < 0.12 else 0.0,
        )

    def relaxed(self, factor: float) -> Hand:
        """Return the same hand with its carelessness scaled by `factor`."""
        names = ("wobble", "misplacement", "bend", "tremor", "ends")
        return replace(self, **{name: getattr(self, name) * factor for name in names})


def trace(stroke: Stroke) -> np.ndarray:
    """Return the smooth curve through a stroke's points, shape (N, 2), pieces of about `STEP`."""
    inner = np.flatnonzero(stroke.corners[1:-1]) + 1
    borders = [0, *inner.tolist(), len(stroke.points) - 1]
    pieces = [_curve(stroke.points[a : b + 1]) for a, b in pairwise(borders)]
    return even(np.concatenate([*pieces, stroke.points[-1:]]))


def _curve(points: np.ndarray) -> np.ndarray:
    """Catmull-Rom curve through `points`, without its last point."""
    if len(points) == 2:
        return points[:1]
    first, last = 2 * points[0] - points[1], 2 * points[-1] - points[-2]
    padded = np.concatenate([first[None], points, last[None]])
    windows = np.stack([padded[:-3], padded[1:-2], padded[2:-1], padded[3:]], axis=1)  # (S, 4, 2)
    return np.asarray(_BLEND @ windows).reshape(-1, 2)


def even(points: np.ndarray, step: float = STEP) -> np.ndarray:
    """Resample a polyline at equal distances along its length, its ends kept."""
    length = _distance_along(points)
    places = np.linspace(0, length[-1], max(2, int(length[-1] / step) + 2))
    x = np.interp(places, length, points[:, 0])
    return np.stack([x, np.interp(places, length, points[:, 1])], axis=1)


def _distance_along(points: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])


def write(template: Template, hand: Hand, rng: np.random.Generator) -> list[np.ndarray]:
    """Let `hand` write `template` once.

    Returns
    -------
    list of ndarray, shape (N_i, 2)
        One polyline a stroke, in the units of the template.
    """
    lines = [trace(_misplace(stroke, hand, rng)) for stroke in template.strokes]
    lines = [_finish(line, hand, rng) for line in lines]
    lines = _join(lines, hand, rng)
    lines = [part for line in lines for part in _skip(line, hand, rng)]
    lines = deform(lines, hand, rng)
    return [even(line, hand.spacing) for line in lines] if hand.spacing else lines


def _misplace(stroke: Stroke, hand: Hand, rng: np.random.Generator) -> Stroke:
    shift = rng.normal(0, hand.misplacement, 2) + rng.normal(0, hand.wobble, stroke.points.shape)
    return Stroke(stroke.points + shift, stroke.corners)


def _finish(line: np.ndarray, hand: Hand, rng: np.random.Generator) -> np.ndarray:
    """Vary both ends of a stroke: too long, too short, hooked."""
    for _ in range(2):
        line = _hook(lengthen(line, rng.normal(0, hand.ends)), hand, rng)[::-1]
    return line


def lengthen(line: np.ndarray, amount: float) -> np.ndarray:
    """Extend the end of a stroke along its direction, or cut it off where `amount` is negative."""
    if amount >= 0:
        direction = line[-1] - line[-min(3, len(line))]
        return np.concatenate([line, [line[-1] + direction * amount / (2 * STEP)]])
    pieces, part = divmod(-amount / STEP, 1)
    kept = line[: max(len(line) - int(pieces), len(line) // 2 + 1, 2)].copy()
    kept[-1] += (kept[-2] - kept[-1]) * part
    return kept


def _hook(line: np.ndarray, hand: Hand, rng: np.random.Generator) -> np.ndarray:
    if rng.random() >= hand.hook or len(line) < 6:
        return line
    along = line[-1] - line[-2]
    angle = rng.choice((-1, 1)) * rng.uniform(1.4, 2.6)
    cos, sin = np.cos(angle), np.sin(angle)
    back = np.array([cos * along[0] - sin * along[1], sin * along[0] + cos * along[1]])
    back /= np.hypot(*back) + 1e-9
    return np.concatenate([line, [line[-1] + back * rng.uniform(0.03, 0.09)]])


def _join(lines: list[np.ndarray], hand: Hand, rng: np.random.Generator) -> list[np.ndarray]:
    """Drag the pen from the end of one stroke to a near start of the next."""
    joined = [lines[0]]
    for line in lines[1:]:
        gap = np.hypot(*(line[0] - joined[-1][-1]))
        if rng.random() < hand.join and 0.1 < gap < 0.6:
            joined[-1] = np.concatenate([joined[-1], line])
        else:
            joined.append(line)
    return joined


def _skip(line: np.ndarray, hand: Hand, rng: np.random.Generator) -> list[np.ndarray]:
    """Leave out a short piece, as a failing pen does."""
    if rng.random() >= hand.skip or len(line) < 12:
        return [line]
    at = rng.integers(4, len(line) - 5)
    return [line[:at], line[at + 1 + rng.integers(0, 2) :]]


def deform(lines: list[np.ndarray], hand: Hand, rng: np.random.Generator) -> list[np.ndarray]:
    """Bend, squeeze, shake, stretch, slant and turn a whole character."""
    points = np.concatenate(lines)
    points = points + _waves(points, hand.bend, rng)
    points[:, 1] += hand.squeeze * np.sin(np.pi * np.clip(points[:, 1], 0, 1))
    points += _tremor(len(points), hand.tremor, rng)
    cos, sin = np.cos(hand.turn), np.sin(hand.turn)
    affine = np.array([[cos, -sin], [sin, cos]]) @ np.array([[hand.stretch, -hand.slant], [0, 1]])
    points = points @ affine.T
    return np.split(points, np.cumsum([len(line) for line in lines])[:-1])


def _waves(points: np.ndarray, amplitude: float, rng: np.random.Generator) -> np.ndarray:
    """A smooth displacement field: three long waves of random direction."""
    frequency = rng.uniform(-0.9, 0.9, (3, 2))
    push = rng.normal(0, amplitude, (3, 2))
    return np.sin(2 * np.pi * (points @ frequency.T + rng.random(3))) @ push


def _tremor(count: int, amplitude: float, rng: np.random.Generator) -> np.ndarray:
    shaking = rng.normal(0, amplitude, (count + 2, 2))
    return np.asarray((shaking[:-2] + shaking[1:-1] + shaking[2:]) / np.sqrt(3))
