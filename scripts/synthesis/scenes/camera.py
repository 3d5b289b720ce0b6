"""A scene is lit and seen by a camera or a scanner; its truth stays where it is."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from scripts.synthesis.pages import photos
from scripts.synthesis.pages.geometry import Size, corners
from scripts.synthesis.scenes.board import Board


def photograph(seen: Board, rng: np.random.Generator) -> np.ndarray:
    """Light a scene and take its photo; one in five is a clean scan, either way round."""
    size, light = seen.size, seen.light
    if rng.random() < 0.2:
        clean = np.clip(light, 0, 1)
        grey = ((clean if rng.random() < 0.6 else 1 - clean) * 255).astype(np.uint8)
        return _few_pixels(grey, rng) if rng.random() < 0.3 else grey
    light = light * photos.light(size, rng)
    if rng.random() < 0.15:
        light = light * dark_corner(size, rng)
    if rng.random() < 0.35:
        picture = Image.fromarray((np.clip(light, 0, 1) * 255).astype(np.uint8))
        radius = float(np.exp(rng.uniform(np.log(0.5), np.log(6.0))))
        radius = min(radius, _MOST_BLURRED * seen.smallest)
        light = np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)), np.float32) / 255
    grey = photos.camera(light, rng)
    if rng.random() < 0.12:  # as in poor light
        noise = rng.uniform(4, 20) * rng.standard_normal(grey.shape, dtype=np.float32)
        grey = np.clip(grey + noise, 0, 255).astype(np.uint8)
    return _few_pixels(grey, rng) if rng.random() < 0.3 else grey


# A digit that is blurred by more than this part of its height cannot be read.
_MOST_BLURRED = 0.08


def _few_pixels(grey: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Show a picture that has only 24 to 90 pixels on its longer side, enlarged."""
    height, width = grey.shape
    factor = float(np.exp(rng.uniform(np.log(24), np.log(90)))) / max(height, width)
    size = max(8, round(width * factor)), max(8, round(height * factor))
    small = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX))
    if rng.random() < 0.5:
        small = photos.camera(small.astype(np.float32) / 255, rng)
    way = Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(small).resize((width, height), way))


def dark_corner(size: Size, rng: np.random.Generator) -> np.ndarray:
    """Return the light (H, W), 0 to 1, that a hand or phone leaves near one corner."""
    x, y = np.arange(size[0]), np.arange(size[1])[:, None]
    corner = corners(*size)[rng.integers(4)]
    distance = np.hypot(x - corner[0], y - corner[1]) / max(size)
    reach = rng.uniform(0.2, 0.6)
    soft = 1 / (1 + np.exp((distance - reach) / rng.uniform(0.02, 0.12)))
    return (1 - rng.uniform(0.3, 0.9) * soft).astype(np.float32)
