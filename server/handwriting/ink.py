"""Ink: polylines and a pen become a grey picture of coverage.

Every piece of a stroke is a quadrilateral and every point a disc, drawn by Pillow on a larger
picture and averaged down; that is several times faster here than a distance field in NumPy.
Pillow counts pixels from their centres and includes a shape's rim: both are half a pixel.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from server.handwriting.pens import Pen, widths_along


def fit(
    lines: list[np.ndarray], box: tuple[float, float, float, float], pen: Pen
) -> tuple[list[np.ndarray], float]:
    """Scale and move strokes so that their ink fills a box.

    Parameters
    ----------
    lines : list of ndarray, shape (N, 2)
    box : (left, top, width, height)
        Pixels. The strokes keep their proportions: one of the sides is filled, they are centred
        along the other.

    Returns
    -------
    (list of ndarray, float)
        Strokes in pixels, and the pen's width in pixels.
    """
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    left, top, width, height = box
    extent = np.maximum(high - low, 1e-3)
    pen_px = min(pen.width, widest_pen(lines)) * min(height, width * max(extent[1] / extent[0], 1))
    # Ink of breadth b around a body of height h fills b + h.
    scale = max(min((width - pen_px) / extent[0], (height - pen_px) / extent[1]), 1e-6)
    centre = np.array([left + width / 2, top + height / 2])
    middle = (low + high) / 2
    return [(line - middle) * scale + centre for line in lines], pen_px


def widest_pen(lines: list[np.ndarray]) -> float:
    """Return the width, as a share of the inked height, beyond which a character is a blot.

    Of the lines across it that meet the most strokes, ink may cover three quarters.
    """
    points = np.concatenate(lines)
    extent = np.maximum(np.ptp(points, axis=0), 1e-3)
    limits = []
    for axis in (0, 1):  # scan along x, then along y
        count = _crossings(lines, 1 - axis)
        if count >= 2 and extent[axis] > 0.15 * extent[1]:
            limits.append(0.75 * extent[axis] / (count - 0.75))
    widest = min(limits, default=extent[1])
    return float(widest / (extent[1] + widest))


def _crossings(lines: list[np.ndarray], axis: int) -> int:
    """How often straight lines at constant coordinate `axis` meet the strokes: a high count."""
    values = np.concatenate([line[:, axis] for line in lines])
    levels = np.linspace(values.min(), values.max(), 18)[1:-1, None]
    above = [line[:, axis] > levels for line in lines]
    counts = sum((side[:, 1:] != side[:, :-1]).sum(axis=1) for side in above)
    return int(np.sort(counts)[-4])


def draw(
    lines: list[np.ndarray],
    pen: Pen,
    pen_px: float,
    size: tuple[int, int],
    rng: np.random.Generator,
) -> np.ndarray:
    """Ink strokes on an empty page.

    Parameters
    ----------
    lines : list of ndarray, shape (N, 2)
        Strokes in pixels.
    pen_px : float
        The pen's width in pixels.
    size : (width, height)

    Returns
    -------
    ndarray of uint8, shape (H, W)
        Coverage: 255 where the ink is full.
    """
    finer = 4 if max(size) <= 100 else 3 if max(size) <= 200 else 2
    picture = Image.new("L", (size[0] * finer, size[1] * finer))
    canvas = ImageDraw.Draw(picture)
    for line in lines:
        half = widths_along(line, pen, rng) * max(pen_px, 0.7) * finer / 2
        _draw_line(canvas, line * finer - 0.5, np.maximum(half - 0.5, 0.5), pen)
    coverage = np.asarray(picture.reduce(finer))
    return texture(coverage, pen.grain, rng) if pen.grain > 0 else coverage


def _draw_line(canvas: ImageDraw.ImageDraw, line: np.ndarray, half: np.ndarray, pen: Pen) -> None:
    sides = _offsets(line, half, pen)
    left, right = line + sides, line - sides
    quads = np.concatenate([left[:-1], left[1:], right[1:], right[:-1]], axis=1)
    for quad in quads.tolist():
        canvas.polygon(quad, fill=255)
    if pen.square:  # no disc reaches beyond an end
        inside = np.minimum(*(np.hypot(*(line - line[end]).T) for end in (0, -1))) >= half
        line, half = line[inside], half[inside]
    radius = (half * (1 - pen.flatness))[:, None]
    for disc in np.concatenate([line - radius, line + radius], axis=1).tolist():
        canvas.ellipse(disc, fill=255)


def _offsets(line: np.ndarray, half: np.ndarray, pen: Pen) -> np.ndarray:
    """From the middle of the line to its edge, at every point: across it, or along the blade."""
    along = np.gradient(line, axis=0) if len(line) > 1 else np.ones_like(line)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    across /= np.maximum(np.hypot(*across.T), 1e-9)[:, None]
    if pen.flatness == 0:
        return np.asarray(across * half[:, None])
    blade = np.array([np.cos(pen.angle), np.sin(pen.angle)])
    sign = np.where(across @ blade < 0, -1.0, 1.0)[:, None]
    thin = across * (half * (1 - pen.flatness))[:, None]
    return np.asarray(thin + sign * blade * (half * pen.flatness)[:, None])


def texture(coverage: np.ndarray, grain: float, rng: np.random.Generator) -> np.ndarray:
    """Let the tooth of the paper show through: noise of one to three pixels, more of it or less."""
    height, width = coverage.shape
    coarse = int(rng.integers(1, 4))
    noise = rng.random((-(-height // coarse), -(-width // coarse)), dtype=np.float32)
    noise = noise.repeat(coarse, axis=0).repeat(coarse, axis=1)[:height, :width]
    return np.asarray(coverage * (1 - grain * noise)).astype(np.uint8)
