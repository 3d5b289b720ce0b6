"""A line written by one hand with one pen: characters side by side, touching or connected.

The hand is a writer's whose strokes were recorded, or an invented one that writes from templates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from scripts.synthesis.lines.texts import UNKNOWN
from scripts.synthesis.recorded.collection import Recorded, to_template_units
from scripts.synthesis.recorded.unipen import Character
from server.handwriting import strokes, templates
from server.handwriting.ink import draw
from server.handwriting.pens import draw_pen
from server.handwriting.strokes import Hand, deform, even

Lines = list[np.ndarray]

Scribe = Callable[[str, np.random.Generator], Lines]
"""Writes a character, its size and place as on a line of digits from y = 0 to 1."""

HEIGHTS = (24, 64)
"""Pixels of a digit's height."""

WIDEST_PEN = 0.18

SIGNS = Path(__file__).parent / "signs.txt"


def write_line(text: str, rng: np.random.Generator, recorded: Recorded | None = None) -> np.ndarray:
    """Write `text` once, in some hand, with some pen.

    Parameters
    ----------
    text : str
        Of characters of `texts.ALPHABET`.
    rng : Generator
    recorded : Recorded, optional
        Real writers; by default the hand is an invented one.

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Coverage, with a margin around the ink.
    """
    scribe = invented(rng) if recorded is None else real(recorded, rng)
    pen = draw_pen(rng)
    width = min(pen.width, WIDEST_PEN)
    pieces = _place(text, scribe, width, rng)
    height = float(np.exp(rng.uniform(*np.log(HEIGHTS))))
    points = np.concatenate(pieces)
    margin = width * height / 2 + 2
    shift = points.min(axis=0) * height - margin
    size = np.ceil(np.ptp(points, axis=0) * height + 2 * margin).astype(int)
    pixels = [piece * height - shift for piece in pieces]
    return draw(pixels, pen, width * height, (int(size[0]), int(size[1])), rng)


def invented(rng: np.random.Generator) -> Scribe:
    """Return an invented person, who writes from templates."""
    hand = Hand.draw(rng)

    def write(character: str, rng: np.random.Generator) -> Lines:
        if character.isdigit():
            template = templates.choose_template(int(character), rng)
        elif character == UNKNOWN:
            letters = templates.load("signs.txt")
            template = letters[rng.integers(len(letters))]
        else:
            template = _sign(character, rng)
        return _resized(strokes.write(template, hand, rng), rng)

    return write


def real(recorded: Recorded, rng: np.random.Generator) -> Scribe:
    """Return a writer who was recorded, leaning and spreading the hand a little otherwise."""
    writers = recorded.writers
    own = writers[rng.integers(len(writers))]
    hand = Hand(
        slant=float(rng.normal(0, 0.12)),
        stretch=float(np.exp(rng.normal(0, 0.12))),
        turn=float(rng.normal(0, 0.03)),
        bend=0.03 * rng.random(),
        tremor=0.012 * rng.random() ** 3,
        spacing=rng.uniform(0.08, 0.3) if rng.random() < 0.15 else 0.0,
    )

    def write(character: str, rng: np.random.Generator) -> Lines:
        if not (character.isdigit() or character == UNKNOWN):
            return strokes.write(_sign(character, rng), replace(hand, spacing=0.0), rng)
        choice: tuple[Character, ...] = recorded.others
        if character.isdigit():
            choice = own[int(character)] or recorded.digits[int(character)]
        lines = to_template_units(choice[rng.integers(len(choice))])
        lines = deform([even(line) for line in lines], hand, rng)
        if hand.spacing:
            lines = [even(line, hand.spacing) for line in lines]
        return _resized(lines, rng)

    return write


@cache
def _signs() -> dict[str, tuple[templates.Template, ...]]:
    found: dict[str, tuple[templates.Template, ...]] = {}
    for sign in templates.load(str(SIGNS)):
        found[sign.label] = (*found.get(sign.label, ()), sign)
    return found


def _sign(character: str, rng: np.random.Generator) -> templates.Template:
    choice = _signs()[character]
    weights = np.array([template.weight for template in choice])
    return choice[rng.choice(len(choice), p=weights / weights.sum())]


def _resized(lines: Lines, rng: np.random.Generator) -> Lines:
    """Make a character a little larger or smaller, its foot where it was."""
    scale = 1 + rng.normal(0, 0.07)
    return [line * scale + np.array([0, 1 - scale]) for line in lines]


def _place(text: str, scribe: Scribe, width: float, rng: np.random.Generator) -> Lines:
    """Return the strokes of a line, in units of a digit's height."""
    spacing = rng.normal(0.2, 0.14) + width
    uneven, rise = rng.uniform(0, 0.08), rng.normal(0, 0.015)
    connected = 0.4 * rng.random() ** 4
    placed: Lines = []
    right = 0.0
    for character in text:
        if character == " ":
            right += rng.uniform(0.45, 1.2)
            continue
        piece = scribe(character, rng)
        points = np.concatenate(piece)
        gap = max(spacing + rng.normal(0, uneven), -0.12)
        if character in ".,:":
            gap = max(gap * 0.6, width * 1.1)
        across = right + gap - points[:, 0].min()
        shift = np.array([across, rng.normal(0, uneven / 2) + rise * right])
        piece = [line + shift for line in piece]
        if placed and rng.random() < connected:
            piece[0] = np.concatenate([placed[-1][-1:], piece[0]])
        right = float(np.concatenate(piece)[:, 0].max())
        placed += piece
    return placed
