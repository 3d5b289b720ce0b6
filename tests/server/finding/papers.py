"""Digits on papers: the picture, the digit's ink, and other ink, for 128 pixels a side."""

import numpy as np
from PIL import Image, ImageDraw

from tests.support.strokes import DIGITS, draw

SIDE = 128
Paper = tuple[np.ndarray, np.ndarray, np.ndarray]


def _on(digit: int, other: np.ndarray, tone: int, size: float = 0.5) -> Paper:
    at = (1 - size) / 2
    ink = draw(DIGITS[digit], SIDE, size=size, at=(at, at), width=0.1)
    paper = 235 + (tone - 235) * (other / 255.0)
    grey = paper + (40 - paper) * ink
    return grey.round().astype(np.uint8), ink > 0.6, other > 128


def _drawing() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("L", (SIDE, SIDE))
    return picture, ImageDraw.Draw(picture)


def ruled(digit: int) -> Paper:
    """A digit on ruled paper."""
    picture, pen = _drawing()
    for y in range(6, SIDE, 18):
        pen.line((0, y, SIDE, y), fill=255, width=1)
    return _on(digit, np.asarray(picture), 150)


def squared(digit: int) -> Paper:
    """A digit on squared paper."""
    picture, pen = _drawing()
    for at in range(6, SIDE, 15):
        pen.line((0, at, SIDE, at), fill=255, width=1)
        pen.line((at, 0, at, SIDE), fill=255, width=1)
    return _on(digit, np.asarray(picture), 170)


def boxed(digit: int) -> Paper:
    """A digit in a box."""
    picture, pen = _drawing()
    pen.rectangle((18, 18, 110, 110), outline=255, width=2)
    return _on(digit, np.asarray(picture), 60)


def ringed(digit: int) -> Paper:
    """A digit with a ring around it."""
    picture, pen = _drawing()
    pen.ellipse((12, 12, 116, 116), outline=255, width=3)
    return _on(digit, np.asarray(picture), 50)
