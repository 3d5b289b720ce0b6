"""What else gets onto a page: stray lines, specks, smears, and strips where ink is missing.

The label stays the same; the network learns to ignore the rest.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from server.preprocessing.filters import bounding_box


def clutter(coverage: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add one disturbance to a page's coverage, uint8 (H, W), around its ink."""
    box = _ink_box(coverage)
    if box is None:
        return coverage
    slim = box[2] - box[0] < 0.5 * (box[3] - box[1])  # a crossed one would be a plus
    kinds = (specks, smear, missing_strip) if slim else (stray_line, specks, smear, missing_strip)
    return kinds[rng.integers(len(kinds))](coverage, box, rng)


Box = tuple[int, int, int, int]  # left, top, right, bottom


def _ink_box(coverage: np.ndarray) -> Box | None:
    if not coverage.any():
        return None
    rows, columns = bounding_box(coverage)
    return columns.start, rows.start, columns.stop, rows.stop


def stray_line(coverage: np.ndarray, box: Box, rng: np.random.Generator) -> np.ndarray:
    """A thin line across the digit, straight or waved, whole or broken."""
    left, top, right, bottom = box
    extent = max(right - left, bottom - top)
    x = np.linspace(left - 0.15 * extent, right + 0.15 * extent, 40)
    ends = rng.uniform(top, bottom, 2)
    wave = rng.choice((0.0, rng.uniform(0.02, 0.08))) * extent
    y = np.linspace(*ends, 40) + wave * np.sin(np.linspace(0, rng.uniform(10, 50), 40))
    picture = Image.fromarray(coverage)
    canvas, width = ImageDraw.Draw(picture), max(1, round(extent * rng.uniform(0.02, 0.05)))
    points = np.stack([x, y], axis=1)
    pieces = [points] if rng.random() < 0.6 else np.split(points, 10)
    for piece in pieces:
        shown = piece if len(pieces) == 1 else piece[:2]
        canvas.line(shown.ravel().tolist(), fill=int(rng.integers(140, 256)), width=width)
    return np.asarray(picture)


def specks(coverage: np.ndarray, box: Box, rng: np.random.Generator) -> np.ndarray:
    """Grains of dirt, and holes in the ink."""
    extent = max(box[2] - box[0], box[3] - box[1])
    grain = max(1, round(extent * rng.uniform(0.02, 0.05)))
    shape = tuple(-(-side // grain) for side in coverage.shape)
    share = rng.uniform(0.005, 0.06)
    draw = rng.random(shape).repeat(grain, axis=0).repeat(grain, axis=1)
    draw = draw[: coverage.shape[0], : coverage.shape[1]]
    return np.where(draw < share, 255, np.where(draw > 1 - share, 0, coverage)).astype(np.uint8)


def smear(coverage: np.ndarray, box: Box, rng: np.random.Generator) -> np.ndarray:
    """Soft shades of dirt, fainter than the ink."""
    cells = int(rng.integers(3, 9))
    coarse = Image.fromarray(rng.random((cells, cells), dtype=np.float32))
    cloud = np.asarray(coarse.resize(coverage.shape[::-1], Image.Resampling.BICUBIC))
    shade = 255 * rng.uniform(0.15, 0.5) * np.clip(cloud, 0, 1)
    return np.maximum(coverage, shade.astype(np.uint8))


def missing_strip(coverage: np.ndarray, box: Box, rng: np.random.Generator) -> np.ndarray:
    """A narrow strip without ink, level or upright."""
    left, top, right, bottom = box
    extent = max(right - left, bottom - top)
    width = max(1, round(extent * rng.uniform(0.03, 0.08)))
    start = round(extent * rng.uniform(0.2, 0.75))
    out = coverage.copy()
    if rng.random() < 0.5:
        out[top + start : top + start + width] = 0
    else:
        out[:, left + start : left + start + width] = 0
    return out
