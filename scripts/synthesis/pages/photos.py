"""Photos: ink on paper under a lamp, through a phone's camera.

A photo is made of two pictures of the same size, the ink's coverage and the paper's brightness;
light falls on both; the camera blurs, adds noise and compresses.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from scripts.synthesis.pages import geometry
from scripts.synthesis.pages.geometry import Size

Field = np.ndarray  # float32 (H, W), 1 is white paper in full light


def photograph(shape: np.ndarray, rng: np.random.Generator, size: Size | None = None) -> np.ndarray:
    """Take a photo of an inked shape.

    Parameters
    ----------
    shape : ndarray of uint8, shape (h, w)
        Coverage, cropped to the ink.
    size : (width, height), optional
        Of the photo; by default drawn, at most 220 pixels long.

    Returns
    -------
    ndarray of uint8, shape (H, W)
    """
    size = size or choose_frame(rng)
    ink = _lay(shape, size, rng) * rng.uniform(0.65, 1.0)
    sheet = paper(size, rng)
    darkness = rng.uniform(0.05, 0.35) * sheet.mean()
    scene = sheet * (1 - ink) + darkness * ink
    return camera(scene * light(size, rng), rng)


def choose_frame(rng: np.random.Generator) -> Size:
    """Draw the photo's size: upright, square or wide, 3:4 or so."""
    long = int(np.exp(rng.uniform(np.log(80), np.log(220))))
    short = int(long * rng.choice((0.75, 0.75, 0.56, 1.0)))
    return (long, short) if rng.random() < 0.5 else (short, long)


def _lay(shape: np.ndarray, size: Size, rng: np.random.Generator) -> Field:
    """Put the ink on the page, small or large in the frame, seen from an angle: 0 to 1."""
    side = min(size)
    extent = side * np.exp(rng.uniform(np.log(max(0.15, min(24 / side, 0.5))), np.log(0.8)))
    left, top = (rng.uniform(0.04 * s, max(0.96 * s - extent, 0.05 * s)) for s in size)
    quad = geometry.tilt(geometry.corners(shape.shape[1], shape.shape[0]), rng, much=1.3)
    quad = geometry.fill(quad, (left, top, extent, extent))
    factor = int(shape.shape[0] / max(np.ptp(quad[:, 1]), 1))
    shape = shape if factor < 2 else np.asarray(Image.fromarray(shape).reduce(factor))
    return geometry.warp(shape, quad, size).astype(np.float32) / 255


def paper(size: Size, rng: np.random.Generator) -> Field:
    """A sheet: its tone, its fibres, its stains, perhaps ruled or squared."""
    sheet = plain_paper(size, rng)
    if rng.random() < 0.25:
        sheet -= rng.uniform(0.03, 0.14) * ruling(size, rng)
    return sheet


def plain_paper(size: Size, rng: np.random.Generator) -> Field:
    """A sheet without rulings."""
    sheet = np.full(size[::-1], rng.uniform(0.72, 1.0), np.float32)
    sheet += rng.uniform(0, 0.03) * rng.standard_normal(sheet.shape, dtype=np.float32)
    sheet += rng.uniform(0, 0.05) * clouds(size, int(rng.integers(4, 24)), rng)
    return sheet


def clouds(size: Size, cells: int, rng: np.random.Generator) -> Field:
    """Smooth noise between -1 and 1 with about `cells` bumps a side."""
    coarse = Image.fromarray(rng.uniform(-1, 1, (cells, cells)).astype(np.float32))
    return np.asarray(coarse.resize(size, Image.Resampling.BICUBIC))


def ruling(size: Size, rng: np.random.Generator, squared: bool | None = None) -> Field:
    """Lines or squares of an exercise book, a little turned: coverage 0 to 1.

    Whether it is squared is drawn, unless it is said.
    """
    pitch = min(size) * rng.uniform(0.08, 0.3)
    turn = rng.normal(0, 0.05)
    x, y = np.arange(size[0]), np.arange(size[1])[:, None]
    down, across = y * np.cos(turn) + x * np.sin(turn), x * np.cos(turn) - y * np.sin(turn)
    lines = _line_at(down, pitch, rng)
    if squared is None:
        squared = rng.random() < 0.5
    return np.maximum(lines, _line_at(across, pitch, rng)) if squared else lines


def _line_at(place: np.ndarray, pitch: float, rng: np.random.Generator) -> Field:
    """Coverage of lines of one to two pixels every `pitch` along `place`."""
    offset = np.abs((place + rng.uniform(0, pitch)) % pitch - pitch / 2)
    return np.clip(rng.uniform(0.8, 1.4) - offset, 0, 1).astype(np.float32)


def light(size: Size, rng: np.random.Generator) -> Field:
    """Uneven light: a slope, a lamp's pool, a vignette, shadows with soft edges."""
    x = np.linspace(-1, 1, size[0], dtype=np.float32)
    y = np.linspace(-1, 1, size[1], dtype=np.float32)[:, None]
    angle = rng.uniform(0, 2 * np.pi)
    level = 1 + rng.uniform(0, 0.28) * (np.cos(angle) * x + np.sin(angle) * y)
    pool_x, pool_y = rng.uniform(-1, 1, 2)
    level -= rng.uniform(0, 0.08) * ((x - pool_x) ** 2 + (y - pool_y) ** 2)
    level -= rng.uniform(0, 0.07) * (x * x + y * y) ** 2
    if rng.random() < 0.5:
        level *= 1 - rng.uniform(0.1, 0.45) * shadow(size, rng)
    return np.maximum(level, 0.3) * (rng.uniform(0.65, 1.0) / max(float(level.max()), 0.2))


def shadow(size: Size, rng: np.random.Generator) -> Field:
    """The shadow of a hand, a phone or an edge: a polygon with a soft rim, 0 to 1."""
    corner = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])[rng.integers(4)] * size
    angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(4, 8))))
    reach = max(size) * rng.uniform(0.4, 1.1, len(angles))
    points = corner + np.stack([np.cos(angles), np.sin(angles)], axis=1) * reach[:, None]
    picture = Image.new("L", size)
    ImageDraw.Draw(picture).polygon(points.ravel().tolist(), fill=255)
    soft = picture.filter(ImageFilter.BoxBlur(min(size) * rng.uniform(0.01, 0.15)))
    return np.asarray(soft, np.float32) / 255


def camera(scene: Field, rng: np.random.Generator) -> np.ndarray:
    """Blur (focus or motion), shot and read-out noise, tone curve, JPEG: uint8 (H, W)."""
    picture = Image.fromarray((np.clip(scene, 0, 1) * 255).astype(np.uint8))
    if rng.random() < 0.5:
        picture = picture.filter(ImageFilter.BoxBlur(rng.uniform(0.2, 0.012 * max(picture.size))))
    elif rng.random() < 0.3:
        picture = _shaken(picture, rng)
    grey = np.asarray(picture, np.float32)
    noise = rng.standard_normal(grey.shape, dtype=np.float32)
    grey = grey + noise * (rng.uniform(0, 5) + rng.uniform(0, 0.3) * np.sqrt(grey))
    curve = 255 * (np.clip(grey, 0, 255) / 255) ** rng.uniform(0.7, 1.3)
    return jpeg(curve.astype(np.uint8), int(rng.integers(30, 95)))


def _shaken(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Average the picture over a short straight movement."""
    reach = int(np.ceil(rng.uniform(1, 0.012 * max(picture.size) + 1.1)))
    angle = rng.uniform(0, np.pi)
    wide = np.pad(np.asarray(picture, np.float32), reach, mode="edge")
    height, width = picture.size[::-1]
    moved = np.zeros((height, width), np.float32)
    for t in np.linspace(0, 2 * reach, 5):
        x, y = round(t * np.cos(angle) ** 2), round(t * np.sin(angle) ** 2)
        moved += wide[y : y + height, x : x + width] / 5
    return Image.fromarray(moved.astype(np.uint8))


def jpeg(grey: np.ndarray, quality: int) -> np.ndarray:
    """Store as JPEG and read back."""
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))
