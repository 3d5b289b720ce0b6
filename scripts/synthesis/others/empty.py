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
    wall = np.zeros((height, width), np.float32)
    chosen = rng.random(4) < 0.45
    chosen[2 + rng.integers(2)] = True  # level: an upright wall alone could be a one
    for side in np.flatnonzero(chosen):
        breadth = max(1, round(min(size) * rng.uniform(0.01, 0.1)))
        at = int(rng.integers(0, max(2, min(size) // 10)))
        lean = rng.normal(0, 0.03) * np.arange(max(size))
        line = np.zeros((max(size), min(size)), np.float32)
        places = np.clip(at + lean, 0, min(size) - 1).astype(int)
        for row, place in enumerate(places):
            line[row, place : place + breadth] = rng.uniform(0.85, 1)
        if side % 2:
            line = line[:, ::-1]
        if side < 2:
            wall = np.maximum(wall, _fitted(line, height, width))
        else:
            wall = np.maximum(wall, _fitted(line, width, height).T)
    soft = Image.fromarray((wall * 255).astype(np.uint8))
    soft = soft.filter(ImageFilter.BoxBlur(rng.uniform(0, 0.03) * min(size)))
    return np.asarray(soft, np.float32) / 255 * rng.uniform(0.3, 1)


def _fitted(line: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Cut a wall along a side to (rows, columns); its last column stays at the far border."""
    line = line[:rows]
    if line.shape[1] < columns:
        first = bool(line[:, 0].any() or line[:, : line.shape[1] // 2].any())
        pad = (0, columns - line.shape[1]) if first else (columns - line.shape[1], 0)
        return np.pad(line, ((0, 0), pad))
    return line[:, :columns] if line[:, :columns].any() else line[:, -columns:]


def halftone(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return the dots of a printed grey, coverage 0 to 1, (H, W)."""
    pitch = rng.uniform(2.5, 8)
    turn = rng.uniform(0, np.pi / 2)
    x, y = np.arange(size[0]), np.arange(size[1])[:, None]
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    waves = np.cos(2 * np.pi * along / pitch) + np.cos(2 * np.pi * across / pitch)
    return np.clip(waves * rng.uniform(0.2, 0.6), 0, 0.8).astype(np.float32)
