"""The stand-in writers: recorded points, smoothed and drawn by Pillow as a drawing program does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

Lines = list[np.ndarray]  # each (N, 2), x and y in units of the canvas' side
DrawLines = Callable[[np.random.Generator], Lines]


@cache
def recordings() -> dict[tuple[str, int], tuple[np.ndarray, ...]]:
    """Return every writer's strokes by (writer, digit), points in percent of a square sheet."""
    text = (Path(__file__).parent / "writers.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(_parse(line) for line in lines)


def _parse(line: str) -> tuple[tuple[str, int], tuple[np.ndarray, ...]]:
    head, body = line.split(":")
    writer, digit = head.split()
    strokes = [stroke.split() for stroke in body.split(";")]
    points = tuple(np.array([[float(v) for v in p.split(",")] for p in s]) for s in strokes)
    return (writer, int(digit)), points


def write(digit: int, rng: np.random.Generator) -> Lines:
    """Let one of the writers write `digit`, a little differently every time, around (0, 0)."""
    writers = sorted({writer for writer, _ in recordings()})
    strokes = recordings()[writers[rng.integers(len(writers))], digit]
    matrix = np.eye(2) + rng.normal(0, 0.07, (2, 2))
    haste = rng.uniform(0.003, 0.02)
    unsteady = [(s - 50) / 100 + rng.normal(0, haste, s.shape) for s in strokes]
    return [cut_corners(s) @ matrix.T for s in unsteady]


def scrawl(digit: int, rng: np.random.Generator) -> Lines:
    """Let one of the writers write in haste: uneven, slanted, strokes astray or cut short."""
    slanted = np.array([[rng.uniform(0.75, 1.3), rng.uniform(-0.35, 0.15)], [0, 1]])
    lines = [_cut_short(line, rng) + rng.normal(0, 0.02, 2) for line in write(digit, rng)]
    waves = rng.normal(0, 0.03, (2, 2))
    bent = [line + np.sin(line @ rng.uniform(4, 9, (2, 2)).round(1)) @ waves for line in lines]
    return [line @ slanted.T for line in bent]


def _cut_short(line: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Lose up to a tenth of a line's points at its start and at its end."""
    lost = rng.integers(0, len(line) // 10 + 1, 2)
    return line[lost[0] : len(line) - lost[1]]


def cut_corners(points: np.ndarray, times: int = 2) -> np.ndarray:
    """Smooth a line by cutting its corners again and again (Chaikin, 1974)."""
    for _ in range(times):
        a, b = points[:-1], points[1:]
        inner = np.stack([0.8 * a + 0.2 * b, 0.2 * a + 0.8 * b], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], inner, points[-1:]])
    return points


@dataclass(frozen=True)
class Look:
    """How a drawing is shown.

    Attributes
    ----------
    side : int
        Of the square canvas, pixels.
    share : float
        Of the canvas' side that the drawing's larger side fills, ink included.
    width : float
        Of the strokes, as a share of the drawing's larger side.
    ink, paper : (R, G, B, A)
    """

    side: int
    share: float
    width: float
    ink: tuple[int, int, int, int] = (0, 0, 0, 255)
    paper: tuple[int, int, int, int] = (255, 255, 255, 255)


INKS = ((0, 0, 0), (20, 40, 160), (170, 10, 30), (0, 90, 40), (60, 60, 60), (120, 0, 120))
CHALKS = ((255, 255, 255), (255, 230, 60), (120, 230, 255), (150, 255, 150))


def draw_look(
    rng: np.random.Generator,
    widths: tuple[float, float],
    shares: tuple[float, float] = (0.15, 0.95),
) -> Look:
    """Draw a canvas: ink on white, light on dark, coloured, or on transparent ground."""
    side = int(rng.integers(280, 801))
    share, width = rng.uniform(*shares), rng.uniform(*widths)
    kind = rng.integers(4)
    dark, light = INKS[rng.integers(len(INKS))], CHALKS[rng.integers(len(CHALKS))]
    if kind == 0:
        return Look(side, share, width)
    if kind == 1:
        black = (*rng.integers(0, 30, 3).tolist(), 255)
        return Look(side, share, width, (*light, 255), black)
    if kind == 2:
        white = (*rng.integers(225, 256, 3).tolist(), 255)
        return Look(side, share, width, (*dark, 255), white)
    return Look(side, share, width, (*dark, 255), (0, 0, 0, 0))


def show(lines: Lines, look: Look, rng: np.random.Generator) -> Image.Image:
    """Draw lines somewhere on a canvas, with round ends and joints, edges smoothed or not."""
    finer = int(rng.integers(1, 3))
    side = look.side * finer
    points = np.concatenate(lines)
    low, extent = points.min(axis=0), max(np.ptp(points, axis=0).max(), 1e-3)
    whole = look.share * side
    width = max(2 * finer, round(look.width * whole))
    scale = max(whole - width, 4) / extent
    room = side - np.ptp(points, axis=0) * scale - width
    offset = rng.random(2) * room + width / 2
    canvas = Image.new("RGBA", (side, side), look.paper)
    pen = ImageDraw.Draw(canvas)
    for line in lines:
        _stroke(pen, (line - low) * scale + offset, width, look.ink)
    return canvas.resize((look.side, look.side), Image.Resampling.BOX) if finer > 1 else canvas


def _stroke(
    pen: ImageDraw.ImageDraw, points: np.ndarray, width: int, ink: tuple[int, int, int, int]
) -> None:
    pen.line([(x, y) for x, y in points.tolist()], fill=ink, width=width, joint="curve")
    for x, y in (points[0], points[-1]):
        pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=ink)
