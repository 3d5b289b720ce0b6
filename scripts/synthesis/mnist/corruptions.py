"""Corrupted digits in the manner of MNIST-C, by this project's own code.

The fifteen kinds are those of Mu and Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision"
(2019). Every function takes a digit, uint8 (28, 28) with ink 255, a generator and a strength
(1 is the benchmark's), and returns a picture of the same form.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Corruption = Callable[[np.ndarray, np.random.Generator, float], np.ndarray]


def shot_noise(digit: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Photons counted one by one: noise that grows with brightness."""
    photons = 60 / (1 + 4 * strength)
    return _bytes(rng.poisson(digit / 255 * photons) / photons)


def impulse_noise(digit: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Salt and pepper."""
    hit = rng.random(digit.shape)
    share = 0.09 * strength
    return np.where(hit < share / 2, 0, np.where(hit > 1 - share / 2, 255, digit)).astype(np.uint8)


def glass_blur(digit: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Pixels change places with near ones, between two blurs."""
    soft = _blur(digit, 0.5)
    reach = max(1, round(strength))
    rows, columns = np.mgrid[:28, :28]
    rows = np.clip(rows + rng.integers(-reach, reach + 1, rows.shape), 0, 27)
    columns = np.clip(columns + rng.integers(-reach, reach + 1, columns.shape), 0, 27)
    return _blur(soft[rows, columns], 0.5)


def motion_blur(digit: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """The camera moves in a straight line."""
    angle, reach = rng.uniform(0, np.pi), 2.5 * strength
    steps = np.linspace(-reach, reach, 9)
    moved = [_move(digit, t * np.cos(angle), t * np.sin(angle)).astype(float) for t in steps]
    return _bytes(np.mean(moved, axis=0) / 160)


def shear(digit: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Slanted to either side."""
    amount = rng.choice((-1, 1)) * rng.uniform(0.3, 0.55) * strength
    return _affine(digit, np.array([[1, amount], [0, 1]]))


def scale(digit: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Smaller, by a different factor in each direction."""
    factors = 1 + rng.uniform(0.2, 0.7, 2) * strength
    return _affine(digit, np.diag(factors))


def rotate(digit: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Turned by up to thirty degrees."""
    angle = np.radians(rng.choice((-1, 1)) * rng.uniform(15, 30) * strength)
    cos, sin = np.cos(angle), np.sin(angle)
    return _affine(digit, np.array([[cos, -sin], [sin, cos]]))


def translate(digit: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Moved by three to five pixels each way."""
    x, y = rng.choice((-1, 1), 2) * rng.uniform(3, 5, 2) * strength
    return _move(digit, x, y)


def brightness(digit: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """The black page turns grey."""
    level = rng.uniform(0.3, 0.6) * strength
    return _bytes(np.clip(digit / 255 * (1 - level) + level, 0, 1))


def stripe(digit: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """A band across the middle is inverted."""
    height = int(rng.integers(2, 4 + round(2 * strength)))
    top = int(rng.integers(9, 19 - height))
    striped = digit.copy()
    striped[top : top + height] = 255 - striped[top : top + height]
    return striped


def fog(digit: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Clouds of light, by adding noise of ever finer grain."""
    cloud = np.zeros((28, 28), np.float32)
    for cells, weight in ((2, 0.5), (4, 0.3), (8, 0.2)):
        coarse = Image.fromarray(rng.random((cells, cells), dtype=np.float32))
        cloud += weight * np.asarray(coarse.resize((28, 28), Image.Resampling.BICUBIC))
    thick = 0.75 * strength
    return _bytes((digit / 255 + thick * cloud) / (1 + thick))


def spatter(digit: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Drops on the lens."""
    drops = rng.integers(0, 256, (28, 28)).astype(np.uint8)
    soft = _blur(drops, 1.2)
    wet = soft > np.quantile(soft, 1 - 0.08 * strength)
    return np.where(wet, np.maximum(digit, rng.integers(100, 255)), digit).astype(np.uint8)


def dotted_line(digit: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """A line of dots from side to side."""
    ends = np.array([[0, rng.uniform(2, 26)], [27, rng.uniform(2, 26)]])
    points = ends[0] + np.linspace(0, 1, 14)[:, None] * (ends[1] - ends[0])
    picture = Image.fromarray(digit)
    canvas = ImageDraw.Draw(picture)
    for x, y in points.tolist():
        canvas.ellipse((x - 0.5, y - 0.5, x + 0.5 * strength, y + 0.5 * strength), fill=255)
    return np.asarray(picture)


def zigzag(digit: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """A line that goes up and down from side to side."""
    x = np.linspace(0, 27, 9)
    y = np.linspace(rng.uniform(4, 24), rng.uniform(4, 24), 9)
    y = y + np.where(np.arange(9) % 2, 2.0, -2.0) * strength
    picture = Image.fromarray(digit)
    ImageDraw.Draw(picture).line(np.stack([x, y], axis=1).ravel().tolist(), fill=255, width=1)
    return np.asarray(picture)


def canny_edges(digit: np.ndarray, rng: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """Only the outline: where the slope is steepest, as Canny's detector finds it."""
    soft = _blur(digit, 0.8).astype(float)
    dy, dx = np.gradient(soft)
    slope = np.hypot(dx, dy)
    row, column = np.mgrid[:28, :28]
    step_y, step_x = (np.rint(d / np.maximum(slope, 1e-9)).astype(int) for d in (dy, dx))
    padded = np.pad(slope, 1)
    ahead = padded[row + 1 + step_y, column + 1 + step_x]
    behind = padded[row + 1 - step_y, column + 1 - step_x]
    edge = (slope >= ahead) & (slope > behind) & (slope > 0.35 * slope.max())
    return (edge * 255).astype(np.uint8)


CORRUPTIONS: dict[str, Corruption] = {
    f.__name__: f
    for f in (
        shot_noise, impulse_noise, glass_blur, motion_blur, shear, scale, rotate, brightness,
        translate, stripe, fog, spatter, dotted_line, zigzag, canny_edges,
    )
}  # fmt: skip


def corrupt(digits: np.ndarray, name: str, rng: np.random.Generator) -> np.ndarray:
    """Corrupt digits, uint8 (N, 28, 28), in the way called `name`, at the benchmark's strength."""
    if name not in CORRUPTIONS:
        raise ValueError(f"`name` must be one of {', '.join(CORRUPTIONS)}, got {name!r}")
    return np.stack([CORRUPTIONS[name](digit, rng, 1.0) for digit in digits])


def _bytes(values: np.ndarray) -> np.ndarray:
    return (np.clip(values, 0, 1) * 255).astype(np.uint8)


def _blur(digit: np.ndarray, radius: float) -> np.ndarray:
    return np.asarray(Image.fromarray(digit).filter(ImageFilter.GaussianBlur(radius)))


def _affine(digit: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Look up each pixel at ``matrix @ (x, y)`` from the middle: (x, y) order."""
    centre = np.array([13.5, 13.5])
    (a, b), (d, e) = matrix
    c, f = centre + 0.5 - matrix @ (centre + 0.5)
    picture = Image.fromarray(digit)
    coefficients = (a, b, c, d, e, f)
    way = Image.Resampling.BILINEAR
    return np.asarray(picture.transform((28, 28), Image.Transform.AFFINE, coefficients, way))


def _move(digit: np.ndarray, x: float, y: float) -> np.ndarray:
    picture = Image.fromarray(digit)
    coefficients = (1, 0, -x, 0, 1, -y)
    way = Image.Resampling.BILINEAR
    return np.asarray(picture.transform((28, 28), Image.Transform.AFFINE, coefficients, way))
