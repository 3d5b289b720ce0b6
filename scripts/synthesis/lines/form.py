"""From the coverage of a line to what the line reader gets: ink of one height, in a frame."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from server.segmentation.line_form import HEIGHT, INK_HEIGHT, crop, thicken

WIDTH = 192
"""Pixels of the frames that the line reader is trained on; it reads lines of any length."""


def to_frame(coverage: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """Crop a line to its ink, and bring it to about `INK_HEIGHT` in a frame (HEIGHT, WIDTH).

    Returns
    -------
    ndarray of uint8, shape (HEIGHT, WIDTH), or None
        None if it is too long for the frame.
    """
    ink = thicken(crop(_as_found(coverage, rng)))
    scale = INK_HEIGHT / ink.shape[0]
    if rng.random() < 0.6:  # as where a bracket or a slash is higher than the digits
        scale *= rng.uniform(0.7, 1.06)
    stretch = np.exp(rng.normal(0, 0.08))
    width, height = max(2, round(ink.shape[1] * scale * stretch)), round(ink.shape[0] * scale)
    if width > WIDTH - 4 or height > HEIGHT:
        return None
    way = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    small = np.asarray(Image.fromarray(ink).resize((width, height), way))
    frame = np.zeros((HEIGHT, WIDTH), np.uint8)
    left = int(rng.integers(2, WIDTH - width - 1))
    room = HEIGHT - height
    top = (
        int(np.clip(room // 2 + rng.integers(-1, 2), 0, room))
        if room < 6
        else int(rng.integers(room))
    )
    frame[top : top + height, left : left + width] = small
    return frame


def _as_found(coverage: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Show ink as the finder finds it: too soft, too sharp, too thick, too thin."""
    kind, side = rng.random(), coverage.shape[0]
    picture = Image.fromarray(np.pad(coverage, 3))
    if kind < 0.5:
        picture = picture.filter(ImageFilter.BoxBlur(float(rng.uniform(0.01, 0.045) * side)))
    grey = np.asarray(picture, np.float32) / 255
    if 0.2 < kind < 0.7:  # what is above a level, with edges of some sharpness
        level, sharpness = rng.uniform(0.25, 0.6), rng.uniform(2, 10)
        grey = 1 / (1 + np.exp(-sharpness * (grey / max(float(grey.max()), 1e-3) - level) * 2))
        grey = grey - grey.min()
    elif kind > 0.9:
        grey = grey + rng.normal(0, rng.uniform(0.02, 0.12), grey.shape) * (grey > 0.05)
    grey = np.clip(grey / max(float(grey.max()), 1e-3), 0, 1)
    return (grey * 255).astype(np.uint8)
