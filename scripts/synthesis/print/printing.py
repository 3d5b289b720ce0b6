"""Printing: a character's clean shape, from a font or a display, as ink on a page.

Few designs of type are at hand, so each is varied: heavier or lighter, hollow, rounded, rough at
its edges, stretched, slanted and seen from the side.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from scripts.synthesis.pages import geometry
from scripts.synthesis.pages.canvas import choose_box, choose_size
from scripts.synthesis.print import displays
from scripts.synthesis.print.fonts import choose_face
from server.handwriting import pens, strokes, templates
from server.handwriting.ink import draw, fit

SIZES = (20, 32, 48, 72, 110, 160)  # few, so that fonts are opened once each


def printed_digit(digit: int, part: str, rng: np.random.Generator) -> np.ndarray:
    """Return the shape of a printed digit from a font, a display or a ruled pen, uint8 (H, W)."""
    size = SIZES[rng.integers(len(SIZES))]
    kind = rng.random()
    if kind < 0.7:
        return choose_face(part, rng).digit(digit, size)
    if kind < 0.78:
        return displays.seven_segments(digit, max(size, 40), rng)
    if kind < 0.84:
        return displays.dot_matrix(digit, max(size, 40), rng)
    return drawn_type(digit, max(size, 48), rng)


def drawn_type(digit: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """Return a digit drawn by a steady hand with one pen, as the drawer of a typeface would."""
    hand = strokes.Hand(stretch=rng.uniform(0.8, 1.35), slant=rng.choice((0, 0, 0.15, 0.25)))
    flat = rng.uniform(0.4, 0.85) if rng.random() < 0.5 else 0.0
    angle = float(rng.choice((0.0, -0.5, -0.7)))
    pen = pens.Pen(rng.uniform(0.05, 0.22), flat, angle, square=rng.random() < 0.6)
    lines = strokes.write(templates.choose_template(digit, rng), hand, rng)
    pixels, pen_px = fit(lines, (2, 2, height, height), pen)
    return geometry.crop(draw(pixels, pen, pen_px, (height + 4, height + 4), rng))


def set_on_page(shape: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Print `shape` on a page of random size at a random place: coverage (H, W)."""
    if rng.random() < 0.5:
        shape = vary_ink(shape, rng)
    size = choose_size(rng)
    quad = geometry.corners(shape.shape[1], shape.shape[0])
    if rng.random() < 0.7:
        quad = geometry.tilt(quad, rng)
    quad = geometry.fill(quad, choose_box(size, rng))
    return geometry.warp(_reduced(shape, quad), quad, size)


def _reduced(shape: np.ndarray, quad: np.ndarray) -> np.ndarray:
    """Average a shape down where the page shows it at less than half its size."""
    factor = int(shape.shape[0] / max(np.ptp(quad[:, 1]), 1))
    return shape if factor < 2 else np.asarray(Image.fromarray(shape).reduce(factor))


def vary_ink(shape: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Make a shape heavier, lighter, hollow or rough, and give it a margin to spread into."""
    margin = max(2, max(shape.shape) // 12)
    padded = np.pad(shape, margin)
    kind = rng.random()
    if kind < 0.15:
        return hollow(padded, margin)
    noise = rng.uniform(0, 0.5) if kind < 0.4 else 0.0
    return spread(padded, margin * rng.uniform(0.1, 0.6), rng.uniform(0.25, 0.62), noise, rng)


def spread(
    shape: np.ndarray, radius: float, level: float, noise: float, rng: np.random.Generator
) -> np.ndarray:
    """Blur a shape and keep what is above `level`: heavier below 0.5, lighter above."""
    soft = np.asarray(Image.fromarray(shape).filter(ImageFilter.BoxBlur(radius)), np.float32) / 255
    if noise:
        soft = soft + noise * (rng.random(shape.shape, dtype=np.float32) - 0.5)
    inked = np.clip((soft - level) * 4 + 0.5, 0, 1) * 255
    kept = inked.astype(np.uint8)
    return kept if kept.max() > 200 and kept.sum() > 0.4 * shape.sum() else shape


def hollow(shape: np.ndarray, margin: int) -> np.ndarray:
    """Leave only the outline, for shapes large enough to have one."""
    if margin < 4:
        return shape
    wide = Image.fromarray(shape).filter(ImageFilter.MaxFilter(2 * (margin // 3) + 1))
    return np.asarray(wide) - np.minimum(shape, np.asarray(wide))
