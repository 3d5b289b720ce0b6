"""Ink and things that are no digit: rings, boxes, lines, spirals, edges, fingers."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from scripts.synthesis.pages import photos
from scripts.synthesis.pages.geometry import Size
from scripts.synthesis.scenes.board import GROUND, OTHER, Board
from scripts.synthesis.scenes.subjects import Box
from server.handwriting.ink import draw
from server.handwriting.pens import Pen

LEAST_PLATE = 16
"""Pixels of a plate's shorter side: a smaller one would be nothing but rim."""


def ring(board: Board, box: Box, tone: float, rng: np.random.Generator) -> None:
    """Draw a ring, a square or a line below around a box, by hand or with a compass."""
    around = box.grown(max(box.width, box.height) * rng.uniform(0.08, 0.35))
    shaky = rng.uniform(0, 0.02) * box.height
    kind = rng.random()
    if kind < 0.45:
        line = _ellipse(around, rng)
    elif kind < 0.8:
        line = _rectangle(around)
    else:
        line = _underline(around, rng)
    line = line + rng.normal(0, shaky / 2, line.shape)
    width = max(1.0, box.height * rng.uniform(0.015, 0.12))
    board.lay(draw([line], Pen(0.1), width, board.size, rng), tone, OTHER)


def _ellipse(box: Box, rng: np.random.Generator) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi * rng.uniform(0.94, 1.08), 48) + rng.uniform(0, 6)
    radius = np.array([box.width, box.height]) / 2 * rng.uniform(1.1, 1.35)
    if rng.random() < 0.5:
        radius = np.full(2, radius.max())
    middle = np.array([box.left + box.width / 2, box.top + box.height / 2])
    return middle + np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius


def _rectangle(box: Box) -> np.ndarray:
    right, bottom = box.left + box.width, box.top + box.height
    ends = [(box.left, box.top), (right, box.top), (right, bottom), (box.left, bottom)]
    return np.array([*ends, ends[0]], float)


def underline(board: Board, box: Box, tone: float, rng: np.random.Generator) -> None:
    """Draw one line or two below a number."""
    gap = box.height * rng.uniform(0.05, 0.2)
    for i in range(1 if rng.random() < 0.6 else 2):
        line = _underline(box.grown(gap * (i + 0.5)), rng)
        width = max(1.0, box.height * rng.uniform(0.03, 0.1))
        board.lay(draw([line], Pen(0.1), width, board.size, rng), tone, OTHER)


def _underline(box: Box, rng: np.random.Generator) -> np.ndarray:
    y = box.top + (box.height if rng.random() < 0.8 else 0)
    return np.array([[box.left, y], [box.left + box.width, y + rng.normal(0, 0.05) * box.height]])


def specks(board: Board, tone: float, rng: np.random.Generator) -> None:
    """Strew dust and dirt over the board."""
    picture = Image.new("L", board.size)
    canvas = ImageDraw.Draw(picture)
    largest = rng.uniform(0.5, 2.0)
    for x, y in rng.random((int(rng.integers(5, 80)), 2)) * board.size:
        radius = largest * rng.random()
        canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    board.lay(np.asarray(picture), tone, OTHER)


def rule(board: Board, rng: np.random.Generator, squared: bool | None = None) -> None:
    """Rule the paper, or square it, in a lighter tone than it has."""
    lines = (photos.ruling(board.size, rng, squared) * 255).astype(np.uint8)
    board.lay(lines, float(board.light.mean()) * (1 - rng.uniform(0.06, 0.6)), OTHER)


def grid(
    board: Board, cell: Box, columns: int, rows: int, tone: float, rng: np.random.Generator
) -> None:
    """Draw walls between equal cells, of which `cell` is one; every third may be bolder."""
    left = cell.left - int(rng.integers(columns)) * cell.width
    top = cell.top - int(rng.integers(rows)) * cell.height
    walls(board, Box(left, top, cell.width, cell.height), columns, rows, tone, rng)


def walls(
    board: Board, first: Box, columns: int, rows: int, tone: float, rng: np.random.Generator
) -> None:
    """Draw walls between equal cells, from the first one on; every third may be bolder."""
    picture = Image.new("L", board.size)
    canvas = ImageDraw.Draw(picture)
    left, top = first.left, first.top
    width = int(rng.integers(1, 3))
    bold = width + int(rng.integers(0, 3))
    for i in range(columns + 1):
        x = left + i * first.width
        ends = (x, top, x, top + rows * first.height)
        canvas.line(ends, fill=255, width=bold if i % 3 == 0 else width)
    for i in range(rows + 1):
        y = top + i * first.height
        ends = (left, y, left + columns * first.width, y)
        canvas.line(ends, fill=255, width=bold if i % 3 == 0 else width)
    board.lay(np.asarray(picture), tone, OTHER)


def spiral(board: Board, frame: Box, tone: float, rng: np.random.Generator) -> None:
    """Bind the sheet along one side of the frame: holes, and wire through them."""
    upright = rng.random() < 0.6
    length = board.size[1] if upright else board.size[0]
    pitch, radius = frame.height * rng.uniform(0.07, 0.2), frame.height * rng.uniform(0.015, 0.05)
    depth = frame.height * rng.uniform(0.03, 0.14)
    far = rng.random() < 0.5
    border = frame.left if upright else frame.top
    border += (frame.width if upright else frame.height) * far
    inwards = -1 if far else 1
    picture = Image.new("L", board.size)
    canvas = ImageDraw.Draw(picture)
    for along in np.arange(rng.uniform(0, pitch), length, pitch):
        at = border + inwards * depth
        hole = (at - radius, along - radius, at + radius, along + radius)
        wire = (border - inwards * 20, along + radius, at, along)
        if not upright:
            hole, wire = _turned(hole), _turned(wire)
        canvas.ellipse(hole, fill=255)
        canvas.line(wire, fill=255, width=max(1, round(radius)))
    board.lay(np.asarray(picture), tone, OTHER)


def _turned(points: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    return points[1], points[0], points[3], points[2]


def edge_of_sheet(board: Board, frame: Box, rng: np.random.Generator) -> None:
    """Let the sheet end inside of the frame: beyond its edge, straight or torn, is a table."""
    beyond = _half_plane(board.size, frame, rng)
    tone = rng.uniform(0.05, 0.9)
    grain = rng.uniform(0, 0.08) * photos.clouds(board.size, int(rng.integers(3, 30)), rng)
    board.lay(beyond, tone, GROUND)
    board.light += grain * (beyond > 0)
    inner = np.asarray(Image.fromarray(beyond).resize(board.size))
    rim = (inner > 0) & ~_eroded(inner > 0)
    board.lay((rim * 255).astype(np.uint8), max(0.02, tone * rng.uniform(0.4, 1)), OTHER)


def _eroded(mask: np.ndarray) -> np.ndarray:
    padded = np.pad(mask, 1, mode="edge")
    return padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]


def _half_plane(size: Size, frame: Box, rng: np.random.Generator) -> np.ndarray:
    """Return coverage of what lies beyond a nearly straight line near one side of the frame."""
    length = max(size)
    steps = np.linspace(-0.2 * length, 1.2 * length, 60)
    torn = rng.choice((0.0, 0.0, 0.012)) * length
    depth = rng.uniform(0.02, 0.2)
    rim = steps * rng.normal(0, 0.08) + torn * rng.standard_normal(60)
    side = rng.integers(4)
    across = frame.height if side % 2 else frame.width
    start = frame.top if side % 2 else frame.left
    if side < 2:
        line, outside = start + depth * across + rim, -length
    else:
        line, outside = start + (1 - depth) * across + rim, 2 * length
    points = np.stack([line, steps], axis=1)
    points = np.concatenate([points, [[outside, steps[-1]], [outside, steps[0]]]])
    if side % 2:
        points = points[:, ::-1]
    picture = Image.new("L", size)
    ImageDraw.Draw(picture).polygon(points.ravel().tolist(), fill=255)
    return np.asarray(picture)


def finger(board: Board, frame: Box, rng: np.random.Generator) -> None:
    """Let a finger, or a pen, reach into the frame from its border."""
    angle = rng.uniform(0, 2 * np.pi)
    middle = np.array([frame.left + frame.width / 2, frame.top + frame.height / 2])
    way = np.array([np.cos(angle), np.sin(angle)])
    reach = np.array([frame.width, frame.height]) / 2
    tip = middle + way * reach * rng.uniform(0.8, 1.1)
    line = np.stack([tip, tip + way * max(board.size)])
    is_pen = rng.random() < 0.5
    width = frame.height * (rng.uniform(0.03, 0.1) if is_pen else rng.uniform(0.12, 0.3))
    board.lay(draw([line], Pen(0.1), width, board.size, rng), rng.uniform(0.05, 0.75), OTHER)


def plate(board: Board, box: Box, tone: float, rim: float, rng: np.random.Generator) -> None:
    """Lay a plate, a key, a disc or a tile with a rim; what is inside is ground."""
    if min(box.width, box.height) < LEAST_PLATE:
        return
    # Pillow draws rounded corners from whole pixels only.
    radius = int(rng.choice((0.0, 0.1, 0.25, 0.5)) * min(box.width, box.height)) // 2 * 2
    ends = (box.left, box.top, box.left + box.width, box.top + box.height)
    corners = tuple(round(end) for end in ends)
    picture = Image.new("L", board.size)
    ImageDraw.Draw(picture).rounded_rectangle(corners, radius, fill=255)
    board.lay(np.asarray(picture), tone, GROUND)
    picture = Image.new("L", board.size)
    width = int(rng.integers(1, 5))
    ImageDraw.Draw(picture).rounded_rectangle(corners, radius, outline=255, width=width)
    board.lay(np.asarray(picture), rim, OTHER)
