"""Pages: the place of the ink, its tones, and the faults of a poor scan.

Everything up to here is coverage (255 where ink is). A page turns it into the grey picture that
the service would get: paper and ink of some brightness, dark on light or light on dark, with the
noise, blur and low resolution of screens and scanners.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFilter

from server.handwriting.ink import draw, fit
from server.handwriting.pens import Pen

SMALLEST = 18  # pixels of a character's larger side: below that people cannot read it either


def choose_size(rng: np.random.Generator) -> tuple[int, int]:
    """Draw a picture's (width, height): 40 to 280 pixels, mostly small."""
    side = float(np.exp(rng.uniform(np.log(40), np.log(260)))) if rng.random() < 0.88 else 280.0
    ratio = np.exp(rng.normal(0, 0.15)) if rng.random() < 0.5 else 1.0
    width, height = np.clip((side * ratio, side / ratio), 32, 320).astype(int)
    return int(width), int(height)


def choose_box(
    size: tuple[int, int], rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """Draw the (left, top, width, height) that a character's ink fills: any place, any size."""
    side = min(size)
    smallest = min(max(SMALLEST / side, 0.15), 0.6)
    extent = side * rng.uniform(smallest, 0.95)
    left, top = (rng.uniform(1, max(s - extent - 1, 1.5)) for s in size)
    return left, top, extent, extent


def place(lines: list[np.ndarray], pen: Pen, rng: np.random.Generator) -> np.ndarray:
    """Write strokes on a page of random size at a random place; return the coverage (H, W)."""
    size = choose_size(rng)
    pixels, pen_px = fit(lines, choose_box(size, rng), pen)
    return draw(pixels, pen, pen_px, size, rng)


def place_mask(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Put a ready coverage picture (H, W) on a page of random size at a random place."""
    size = choose_size(rng)
    left, top, extent, _ = choose_box(size, rng)
    scale = extent / max(mask.shape)
    height, width = (max(2, round(side * scale)) for side in mask.shape)
    page = Image.new("L", size)
    small = Image.fromarray(mask).resize((width, height), Image.Resampling.BICUBIC)
    page.paste(small, (int(left + (extent - width) / 2), int(top + (extent - height) / 2)))
    return np.asarray(page)


def colour(coverage: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turn coverage into grey: mostly dark on light, a third light on dark, some of it faint."""
    if rng.random() < 0.35:
        paper, ink = 255.0, 0.0
    else:
        paper = rng.uniform(170, 255)
        ink = paper - rng.uniform(70, paper)
    if rng.random() < 0.33:
        paper, ink = 255 - paper, 255 - ink
    return (paper + (ink - paper) * (coverage.astype(np.float32) / 255)).astype(np.uint8)


def degrade(grey: np.ndarray, extent: int, rng: np.random.Generator) -> np.ndarray:
    """Add the faults of a screen or scanner to ink of `extent` pixels, in one picture of three."""
    if rng.random() < 0.66:
        return grey
    faults = (coarsen, coarsen, threshold, blur, speckle, compress)
    return faults[rng.integers(len(faults))](grey, extent, rng)


def coarsen(grey: np.ndarray, extent: int, rng: np.random.Generator) -> np.ndarray:
    """Scan at low resolution, 12 pixels of ink at least, and enlarge again."""
    picture = Image.fromarray(grey)
    factor = rng.uniform(1.1, max(extent / 12, 1.2))
    small = picture.resize([max(8, int(s / factor)) for s in picture.size], Image.Resampling.BOX)
    back = (Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)
    return np.asarray(small.resize(picture.size, back[rng.integers(3)]))


def threshold(grey: np.ndarray, extent: int, rng: np.random.Generator) -> np.ndarray:
    """Keep two tones, as a fax or a postal scanner does."""
    low, high = int(grey.min()), int(grey.max())
    limit = low + (high - low) * rng.uniform(0.3, 0.7)
    return np.where(grey > limit, high, low).astype(np.uint8)


def blur(grey: np.ndarray, extent: int, rng: np.random.Generator) -> np.ndarray:
    """Lose focus a little."""
    radius = extent * rng.uniform(0.005, 0.05)
    return np.asarray(Image.fromarray(grey).filter(ImageFilter.BoxBlur(radius)))


def speckle(grey: np.ndarray, extent: int, rng: np.random.Generator) -> np.ndarray:
    """Add the grain of a sensor."""
    noise = rng.standard_normal(grey.shape, dtype=np.float32) * rng.uniform(2, 14)
    return np.clip(grey + noise, 0, 255).astype(np.uint8)


def compress(grey: np.ndarray, extent: int, rng: np.random.Generator) -> np.ndarray:
    """Store as a poor JPEG and read it back."""
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "JPEG", quality=int(rng.integers(15, 70)))
    return np.asarray(Image.open(buffer))


def ink_extent(coverage: np.ndarray) -> int:
    """Return the larger side, in pixels, of the box around the ink."""
    sides = [np.flatnonzero(coverage.max(axis=axis) > 64) for axis in (0, 1)]
    return max((int(side[-1] - side[0]) + 1 for side in sides if len(side)), default=1)


def page(coverage: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Coverage to the grey picture of a page, tones and faults included."""
    return degrade(colour(coverage, rng), ink_extent(coverage), rng)
