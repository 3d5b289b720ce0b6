"""Pictures of what is no digit, from which the network learns to be unsure.

Outlier exposure (Hendrycks, Mazeika and Dietterich, 2019): letters and signs, printed and
written, scribbles, parts of digits, two digits at once, lines, dots, blobs and textures. What a
person would call a digit is left out: the letters O o I l | S s Z z B q g, a bare stroke, a ring.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from scripts.synthesis.pages import canvas, geometry
from scripts.synthesis.print import fonts, printing
from server.handwriting import ink, pens, strokes, templates

LETTERS = "ACDEFGHJKLMNPQRTUVWXYabcdefhijkmnprtuvwxy"
SIGNS = '!"#$%&()*+-:;<=>?@[]{}~§€£¥©®¶†‡±×÷√∞≠≈'
GREEK = "ΓΔΞΠΣΦΨΩαβγεηκλμνπτυχψω"
CYRILLIC = "ДЖИЙКЛПУФЦШЩЪЫЮЯавджийклмнптуфцшщыюя"
CHARACTERS = LETTERS * 4 + SIGNS * 2 + GREEK + CYRILLIC
Coverage = Callable[[np.random.Generator], np.ndarray]


def printed_character(rng: np.random.Generator, part: str = "train") -> np.ndarray:
    """A letter or sign of a font."""
    while True:
        face = fonts.choose_face(part, rng)
        character = CHARACTERS[rng.integers(len(CHARACTERS))]
        if face.has(character):
            shape = face.glyph(character, int(rng.choice(printing.SIZES)))
            return printing.set_on_page(shape, rng)


def written_sign(rng: np.random.Generator) -> np.ndarray:
    """A letter, sign or small drawing, written by hand."""
    signs = templates.load("signs.txt")
    weights = np.array([sign.weight for sign in signs]) ** 0.5
    sign = signs[rng.choice(len(signs), p=weights / weights.sum())]
    lines = strokes.write(sign, strokes.Hand.draw(rng), rng)
    return canvas.place(lines, pens.draw_pen(rng), rng)


def scribble(rng: np.random.Generator) -> np.ndarray:
    """A line that wanders without aim: rounded, cornered or shaded to and fro."""
    count = int(rng.integers(7, 26))
    kind = rng.integers(3)
    if kind == 0:
        points = rng.random((count, 2))
    elif kind == 1:
        points = np.cumsum(rng.normal(0, 0.35, (count, 2)), axis=0)
    else:
        sides = np.where(np.arange(count) % 2, 0.9, 0.1) + rng.normal(0, 0.06, count)
        points = np.stack([np.linspace(0, 1, count) * rng.uniform(0.4, 1.2), sides], axis=1)
    sharp = rng.random(count) < rng.choice((0.0, 0.0, 1.0))
    line = strokes.trace(templates.Stroke(points, sharp))
    turn = strokes.Hand(turn=rng.uniform(0, 2 * np.pi))
    return canvas.place(strokes.deform([line], turn, rng), _narrow(rng), rng)


def _narrow(rng: np.random.Generator) -> pens.Pen:
    """A pen thin enough for busy drawings to stay open."""
    return pens.Pen(float(np.exp(rng.uniform(np.log(0.02), np.log(0.12)))))


def several_strokes(rng: np.random.Generator) -> np.ndarray:
    """A few straight or bent strokes that meet by chance."""
    lines = []
    for _ in range(rng.integers(3, 8)):
        points = rng.random((int(rng.integers(2, 5)), 2))
        lines.append(strokes.trace(templates.Stroke(points, np.zeros(len(points), bool))))
    return canvas.place(lines, _narrow(rng), rng)


def odd_line(rng: np.random.Generator) -> np.ndarray:
    """One line that is no one: level, or nearly so, or a wave."""
    x = np.linspace(0, 1, 25)
    waves, height = rng.uniform(1.2, 4), rng.choice((0.0, rng.uniform(0.05, 0.35)))
    line = np.stack([x, height * np.sin(2 * np.pi * (waves * x + rng.random()))], axis=1)
    lean = strokes.Hand(turn=rng.uniform(-0.45, 0.45), tremor=0.01 * rng.random())
    return canvas.place(strokes.deform([line], lean, rng), _narrow(rng), rng)


def two_digits(rng: np.random.Generator) -> np.ndarray:
    """Two or three digits side by side, touching or overlapping, seldom one above the other."""
    hand, pen = strokes.Hand.draw(rng), pens.draw_pen(rng)
    lines, right = [], 0.0
    for _ in range(2 if rng.random() < 0.8 else 3):
        one = strokes.write(templates.choose_template(int(rng.integers(10)), rng), hand, rng)
        low = min(line[:, 0].min() for line in one)
        shift = np.array([right - low, rng.normal(0, 0.06)])
        lines += [line + shift for line in one]
        right = max(line[:, 0].max() for line in lines) + rng.uniform(-0.05, 0.35)
    if rng.random() < 0.1:
        lines = [line[:, ::-1] for line in lines]
    thin = pens.Pen(min(pen.width, 0.14), pen.flatness, pen.angle, pen.pressure, pen.taper)
    return canvas.place(lines, thin, rng)


def two_printed_digits(rng: np.random.Generator) -> np.ndarray:
    """A printed number of two or three digits."""
    face = fonts.choose_face("train", rng)
    count = 2 if rng.random() < 0.8 else 3
    number = "".join(chr(face.zero + int(rng.integers(10))) for _ in range(count))
    return printing.set_on_page(face.glyph(number, int(rng.choice(printing.SIZES))), rng)


def overlapping_digits(rng: np.random.Generator) -> np.ndarray:
    """Two digits written half on top of each other."""
    hand, lines = strokes.Hand.draw(rng), []
    for place in (0.0, rng.uniform(0.25, 0.5)):
        template = templates.choose_template(int(rng.integers(10)), rng)
        shift = np.array([place, rng.normal(0, 0.08)])
        lines += [line + shift for line in strokes.write(template, hand, rng)]
    return canvas.place(lines, _narrow(rng), rng)


def blot(rng: np.random.Generator) -> np.ndarray:
    """Blobs, dots, splashes: smooth noise cut at a level."""
    height, width = (int(rng.integers(40, 120)) for _ in range(2))
    cells = int(rng.integers(3, 12))
    field = Image.fromarray(rng.random((cells, cells), dtype=np.float32))
    smooth = np.array(field.resize((width, height), Image.Resampling.BICUBIC))
    if rng.random() < 0.6:  # one blot in the middle
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        smooth -= (0.6 * (x * x + y * y)).astype(np.float32)
    level = np.quantile(smooth, rng.uniform(0.6, 0.95))
    mask = np.clip((smooth - level) * 12, 0, 1) * 255
    return canvas.place_mask(mask.astype(np.uint8), rng)


def dots(rng: np.random.Generator) -> np.ndarray:
    """A few dots: one is a full stop, more are a colon, a domino, rain."""
    points = rng.random((int(rng.integers(1, 8)), 2))
    width = rng.uniform(0.04, 0.3)
    lines = [np.array([[x, y], [x + 0.01, y]]) for x, y in points]
    size = canvas.choose_size(rng)
    box = canvas.choose_box(size, rng)
    pixels = [line * box[2] * 0.8 + [box[0], box[1]] + box[2] * 0.1 for line in lines]
    return ink.draw(pixels, pens.Pen(width), max(width * box[2], 3), size, rng)


def texture(rng: np.random.Generator) -> np.ndarray:
    """Noise, stripes or checks over a patch of the page."""
    side = int(rng.integers(16, 80))
    y, x = np.mgrid[:side, :side] / side
    kind = rng.integers(4)
    angle, frequency = rng.uniform(0, np.pi), rng.uniform(2, 9)
    across = x * np.cos(angle) + y * np.sin(angle)
    along = y * np.cos(angle) - x * np.sin(angle)
    if kind == 0:
        patch = rng.random((side, side)) ** rng.uniform(0.5, 4)
    elif kind == 1:
        patch = np.sin(2 * np.pi * frequency * across) > rng.uniform(-0.5, 0.5)
    elif kind == 2:
        patch = np.sin(2 * np.pi * frequency * across) * np.sin(2 * np.pi * frequency * along) > 0
    else:
        patch = np.full((side, side), 1.0) * (rng.random() < 0.5) + np.clip(x + y - 1, 0, 1)
    return canvas.place_mask((np.clip(patch, 0, 1) * 255).astype(np.uint8), rng)


def part_of_digit(rng: np.random.Generator) -> np.ndarray:
    """Half a digit, where the half is no digit itself."""
    digit = int(rng.choice(list(_HALVES)))
    hand = strokes.Hand.draw(rng)
    lines = strokes.write(templates.choose_template(digit, rng), hand, rng)
    whole = ink.draw(*_on_square(lines, 120), rng)
    keep = _HALVES[digit][rng.integers(len(_HALVES[digit]))]
    return canvas.place_mask(geometry.crop(whole[keep]), rng)


def _on_square(
    lines: list[np.ndarray], side: int
) -> tuple[list[np.ndarray], pens.Pen, float, tuple[int, int]]:
    pen = pens.Pen(0.08)
    pixels, pen_px = ink.fit(lines, (0, 0, side, side), pen)
    return pixels, pen, pen_px, (side, side)


_TOP, _BOTTOM, _LEFT = np.s_[:56], np.s_[64:], np.s_[:, :56]
_HALVES = {
    0: (_TOP, _BOTTOM), 2: (_BOTTOM, _LEFT), 3: (_BOTTOM, _LEFT),
    5: (_TOP, _BOTTOM), 8: (_LEFT,),
}  # fmt: skip

# What is drawn how often.
_MAKERS: tuple[tuple[Coverage, float], ...] = (
    (printed_character, 26), (written_sign, 24), (scribble, 8), (several_strokes, 5),
    (odd_line, 3), (two_digits, 13), (two_printed_digits, 6), (overlapping_digits, 3),
    (blot, 3), (dots, 2), (texture, 3), (part_of_digit, 3),
)  # fmt: skip
_SHARES = np.array([share for _, share in _MAKERS], float)


def draw_nondigit(rng: np.random.Generator) -> np.ndarray:
    """Draw something that is no digit, on a page of random size: coverage (H, W)."""
    make = _MAKERS[rng.choice(len(_MAKERS), p=_SHARES / _SHARES.sum())][0]
    return make(rng)
