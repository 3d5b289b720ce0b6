"""Places where nobody wrote: what a form, a puzzle or an exercise book shows between its digits."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from scripts.synthesis.pages import photos


def empty_place(rng: np.random.Generator) -> np.ndarray:
    """Take a photo of paper with nothing on it but its edges, rulings and texture: uint8 (H, W)."""
    size = photos.choose_frame(rng)
    sheet = photos.paper(size, rng)
    kind = rng.random()
    if kind < 0.6:
        sheet = sheet * (1 - edges(size, rng))
    elif kind < 0.8:
        sheet = sheet - rng.uniform(0.1, 0.6) * photos.ruling(size, rng)
    elif kind < 0.9:
        sheet = sheet * (1 - halftone(size, rng))
    return photos.camera(np.clip(sheet, 0.02, 1) * photos.light(size, rng), rng)


def edges(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Walls of a cell along some sides of the picture, or cut by them: coverage 0 to 1, (H, W)."""
    width, height = size
    coverage = np.zeros((height, width), np.float32)
    chosen = rng.random(4) < 0.45  # left, right, top, bottom
    chosen[2 + rng.integers(2)] = True  # level: an upright wall alone could be a one
    for side in np.flatnonzero(chosen):
        upright = side < 2
        wall = _wall((height, width) if upright else (width, height), rng)
        if side % 2:
            wall = wall[:, ::-1]
        coverage = np.maximum(coverage, wall if upright else wall.T)
    soft = Image.fromarray((coverage * 255).astype(np.uint8))
    soft = soft.filter(ImageFilter.BoxBlur(rng.uniform(0, 0.03) * min(size)))
    return np.asarray(soft, np.float32) / 255 * rng.uniform(0.3, 1)


def _wall(shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Draw a wall that runs down the left side, leaning a little: coverage 0 to 1."""
    short, long = sorted(shape)
    breadth = max(1, round(short * rng.uniform(0.01, 0.1)))
    at = int(rng.integers(0, max(2, short // 10)))
    lean = rng.normal(0, 0.03) * np.arange(long)
    starts = np.clip(at + lean, 0, short - 1).astype(int)
    strengths = rng.uniform(0.85, 1, long)
    wall = np.zeros(shape, np.float32)
    for row, start, strength in zip(wall, starts, strengths, strict=False):
        row[start : min(start + breadth, short)] = strength
    return wall


def halftone(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return the dots of a printed grey, coverage 0 to 1, (H, W)."""
    pitch = rng.uniform(2.5, 8)
    turn = rng.uniform(0, np.pi / 2)
    x, y = np.arange(size[0]), np.arange(size[1])[:, None]
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    waves = np.cos(2 * np.pi * along / pitch) + np.cos(2 * np.pi * across / pitch)
    return np.clip(waves * rng.uniform(0.2, 0.6), 0, 0.8).astype(np.float32)
