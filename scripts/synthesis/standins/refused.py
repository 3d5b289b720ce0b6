"""Stand-ins for what must be refused: letters, signs, scribbles, drawings, two digits at once."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from scripts.synthesis.print import fonts
from scripts.synthesis.standins.writers import DrawLines, Lines, cut_corners, write

LETTERS = "ACDEFGHJKLMNPQRTUVWXYabcdefhijkmnprtuvwxy"
SIGNS = "#$%&*+=?@<>{}[]~"


def type_text(text: str, face: fonts.Face, rng: np.random.Generator) -> Image.Image:
    """Set text on a canvas as a word processor does: black on white, or the reverse."""
    size = int(rng.integers(24, 160))
    font = ImageFont.truetype(face.path, size)
    left, top, right, bottom = (int(v) for v in font.getbbox(text))
    margin = rng.integers(size // 4, size + 2, 4)
    page = Image.new("L", (right - left + margin[0] + margin[1], bottom - top + margin[2:].sum()))
    ImageDraw.Draw(page).text((margin[0] - left, margin[2] - top), text, fill=255, font=font)
    if rng.random() < 0.3:
        page = page.rotate(rng.uniform(-12, 12), Image.Resampling.BICUBIC, expand=True)
    return page if rng.random() < 0.25 else Image.eval(page, lambda v: 255 - v)


def letter(rng: np.random.Generator) -> Image.Image:
    """A letter or sign of a face kept for testing."""
    while True:
        face = fonts.choose_face("test", rng)
        character = rng.choice(list(LETTERS * 2 + SIGNS))
        if face.has(character):
            return type_text(character, face, rng)


def number(rng: np.random.Generator) -> Lines:
    """Two digits of the writers, side by side."""
    first, second = (write(int(rng.integers(10)), rng) for _ in range(2))
    right = max(line[:, 0].max() for line in first)
    left = min(line[:, 0].min() for line in second)
    gap = right - left + rng.uniform(0.02, 0.3)
    return [*first, *(line + np.array([gap, rng.normal(0, 0.05)]) for line in second)]


def tangle(rng: np.random.Generator) -> Lines:
    """A scribble: two oscillations of different speed, as of a hand going round and round."""
    t = np.linspace(0, rng.uniform(2.5, 6) * 2 * np.pi, 220)
    ratio, drift = rng.uniform(1.3, 2.7), rng.uniform(-0.06, 0.06, 2)
    x = np.sin(t) * rng.uniform(0.6, 1) + drift[0] * t
    y = np.sin(ratio * t + rng.uniform(0, 6)) * rng.uniform(0.3, 1) + drift[1] * t
    return [np.stack([x, y], axis=1) + rng.normal(0, 0.01, (220, 2))]


def hatching(rng: np.random.Generator) -> Lines:
    """A patch shaded with a pen that goes to and fro."""
    count = int(rng.integers(8, 20))
    ends = np.where(np.arange(count) % 2, 1.0, 0.0) + rng.normal(0, 0.08, count)
    points = np.stack([np.linspace(0, rng.uniform(0.5, 1.2), count), ends], axis=1)
    angle = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return [points @ turn.T]


# Drawings put down point by point, as the writers' digits are.
_DRAWINGS = {
    "heart": "50,30 38,14 22,16 16,34 30,60 50,88 70,60 84,34 78,16 62,14 50,30",
    "star": "30,90 50,10 70,90 16,40 84,40 30,90",
    "house": "20,90 20,45 50,12 80,45 80,90 20,90",
    "tick": "16,56 38,86 86,14",
    "cross": "18,18 82,82 ; 82,18 18,82",
    "plus": "50,14 50,86 ; 14,50 86,50",
    "arrow": "12,50 88,50 ; 64,26 88,50 64,74",
    "question": "30,28 34,12 52,8 68,20 64,38 50,50 50,68 ; 50,86 51,88",
    "A": "20,92 50,8 80,92 ; 32,60 68,60",
    "H": "24,8 24,92 ; 76,8 76,92 ; 24,50 76,50",
    "K": "28,8 28,92 ; 74,10 30,52 76,92",
    "M": "14,92 20,8 50,60 80,8 86,92",
    "W": "12,10 32,90 50,30 68,90 88,10",
    "E": "72,10 28,10 28,90 74,90 ; 28,50 62,50",
    "R": "28,92 28,8 58,10 68,28 56,46 30,50 72,92",
    "e": "22,54 76,48 70,26 48,18 26,30 20,56 32,82 56,88 78,76",
    "n": "24,20 26,90 28,50 44,26 64,28 72,50 72,90",
    "m": "12,24 14,90 18,44 34,26 46,40 46,90 50,44 66,26 80,40 80,90",
    "k": "30,6 30,92 ; 68,40 32,64 70,92",
    "x": "22,20 78,90 ; 78,20 22,90",
    "fish": "14,50 36,26 64,36 88,66 ; 14,50 36,74 64,64 88,34",
    "man": "50,10 42,18 50,28 58,18 50,10 ; 50,28 50,62 ; 28,42 72,42 ; 30,92 50,62 70,92",
    "triangle": "50,12 12,86 88,86 50,12",
    "equals": "16,36 84,34 ; 16,64 84,66",
    "wave": "8,50 22,30 36,50 50,70 64,50 78,30 92,50",
    "spiral": "50,52 56,46 60,56 48,64 38,52 46,36 66,36 76,56 60,78 34,76 22,52 36,22 68,18",
    "ladder": "34,8 34,92 ; 66,8 66,92 ; 34,28 66,28 ; 34,50 66,50 ; 34,72 66,72",
}  # fmt: skip


def doodle(rng: np.random.Generator) -> Lines:
    """One of the drawings, by an unsteady hand."""
    text = _DRAWINGS[rng.choice(sorted(_DRAWINGS))]
    strokes = [np.array([p.split(",") for p in s.split()], float) for s in text.split(";")]
    matrix = np.eye(2) + rng.normal(0, 0.07, (2, 2))
    unsteady = [(s - 50) / 100 + rng.normal(0, 0.01, s.shape) for s in strokes]
    return [cut_corners(s, 1) @ matrix.T for s in unsteady]


DRAWN: tuple[DrawLines, ...] = (number, number, tangle, hatching, doodle, doodle, doodle)
