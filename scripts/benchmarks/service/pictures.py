"""Pictures as the page sends them: digits in black pen strokes on a white sheet."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from server.handwriting import ink, pens, strokes, templates

SIDE = 280
MARGIN = 50
PEN = pens.Pen(0.08)


def canvas_pictures(count: int, seed: int = 0) -> list[bytes]:
    """Return PNG files, 8-bit grey, each of another digit by another hand."""
    rng = np.random.default_rng(seed)
    digits = [t for t in templates.load("digits.txt") if t.label.isdigit()]
    chosen = rng.choice(len(digits), count, replace=count > len(digits))
    return [_draw(digits[index], rng) for index in chosen]


def _draw(template: templates.Template, rng: np.random.Generator) -> bytes:
    lines = strokes.write(template, strokes.Hand(), rng)
    side = SIDE - 2 * MARGIN
    pixels, width = ink.fit(lines, (MARGIN, MARGIN, side, side), PEN)
    grey = 255 - ink.draw(pixels, PEN, width, (SIDE, SIDE), rng)
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    return file.getvalue()
