"""Put scenes together: a kind of paper or device, a digit or none, and what else is in the picture.

A board is a little larger than its frame, so that things are cut by the border, and is seen a
little from the side. Lamp and camera come last; they do not move the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from scripts.synthesis.material import Material
from scripts.synthesis.pages import photos
from scripts.synthesis.pages.geometry import Size, corners
from scripts.synthesis.print import displays
from scripts.synthesis.scenes import marks
from scripts.synthesis.scenes.board import OTHER, WRITING, Board
from scripts.synthesis.scenes.camera import photograph
from scripts.synthesis.scenes.subjects import (
    LEAST_HEIGHT,
    Box,
    Shape,
    any_character,
    any_digit,
    paste,
    printed,
    put_cut_neighbours,
    put_digit,
    put_digits,
    put_drawings,
    scaled,
    segments,
    thin,
    written,
)

SIDE = 128  # pixels of the longer side of a scene
MARGIN = 16  # of the board around its frame

EMPTY = 0.15  # share of the scenes without a digit


class Scene(NamedTuple):
    """One picture with its truth.

    Attributes
    ----------
    grey : ndarray of uint8, shape (H, W)
        The longer side is SIDE.
    truth : ndarray of uint8, shape (H, W)
        GROUND, WRITING or OTHER.
    kind : str
        One of `KINDS`.
    digit : ndarray of uint8, shape (h, w), optional
        Coverage of the one digit that was asked for.
    """

    grey: np.ndarray
    truth: np.ndarray
    kind: str
    digit: np.ndarray | None = None


class Stage(NamedTuple):
    """What a kind of scene is made with."""

    frame: Box
    has_digit: bool
    material: Material
    rng: np.random.Generator
    digit: int | None = None

    @property
    def board(self) -> Size:
        """Width and height of the board."""
        return round(self.frame.width) + 2 * MARGIN, round(self.frame.height) + 2 * MARGIN

    def place(self, least: float = 0.13, most: float = 0.8) -> Box:
        """Draw where the digits stand: any place in the frame, any height."""
        frame, rng = self.frame, self.rng
        low = max(least * frame.height, min(LEAST_HEIGHT, 0.5 * frame.height))
        high = max(most * frame.height, low + 1)
        height = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        width = min(frame.width * 0.9, height * rng.uniform(0.8, 4))
        left = frame.left + rng.uniform(0.05, 0.95) * (frame.width - width)
        top = frame.top + rng.uniform(0.08, 0.92) * (frame.height - height)
        return Box(left, top, width, height)

    def middle(self, least: float = 0.4, most: float = 0.85) -> Box:
        """Draw a box about the middle of the frame."""
        frame, rng = self.frame, self.rng
        height = frame.height * rng.uniform(least, most)
        width = min(frame.width * 0.92, height * rng.uniform(0.7, 1.3))
        left, top = frame.left + (frame.width - width) / 2, frame.top + (frame.height - height) / 2
        return Box(left + rng.normal(0, 2), top + rng.normal(0, 2), width, height)

    def digits(self, board: Board, box: Box, tone: float, shape: Shape) -> None:
        """Put digits into a box, or the one that is asked for, unless this scene is empty."""
        if self.digit is not None:
            put_digit(board, box, tone, shape(self.rng, self.material, self.digit))
        elif self.has_digit:
            put_digits(board, box, tone, shape, self.rng, self.material)

    def neighbours(self, board: Board, tone: float, shape: Shape) -> None:
        """Put digits where the border of the frame cuts them."""
        put_cut_neighbours(board, self.frame, tone, shape, self.rng, self.material)


def _sheet(stage: Stage) -> tuple[Board, float]:
    """Return paper, and the tone of ink on it; one sheet in five is ruled or squared."""
    rng = stage.rng
    board = Board.of(photos.plain_paper(stage.board, rng))
    return board, float(board.light.mean()) * (1 - rng.uniform(0.15, 0.95))


def paper(stage: Stage) -> Board:
    """Digits on plain, ruled or squared paper, among spirals, edges, fingers and letters."""
    rng = stage.rng
    board, tone = _sheet(stage)
    if rng.random() < 0.5:
        marks.rule(board, rng)
    if rng.random() < 0.2:
        marks.edge_of_sheet(board, stage.frame, rng)
    if rng.random() < 0.12:
        marks.spiral(board, stage.frame, rng.uniform(0.02, 0.5), rng)
    if rng.random() < 0.15:
        put_drawings(board, tone * rng.uniform(0.8, 1.3), rng)
    if rng.random() < 0.2:
        stage.neighbours(board, tone, written)
    stage.digits(board, stage.place(), tone, any_digit)
    if rng.random() < 0.12:
        marks.finger(board, stage.frame, rng)
    return board


def large(stage: Stage) -> Board:
    """One digit that fills the frame, or nearly, in thin lines on hardly ruled paper."""
    rng = stage.rng
    board, tone = _sheet(stage)
    if rng.random() < 0.25:
        marks.rule(board, rng)
    if rng.random() < 0.15:
        marks.edge_of_sheet(board, stage.frame, rng)
    if stage.has_digit:
        shape = thin(rng, stage.material, stage.digit)
        room = stage.frame.height, stage.frame.width * shape.shape[0] / shape.shape[1]
        height = rng.uniform(0.35, 1.0) * min(room)
        drawn = scaled(shape, height)
        left, top = (
            start + rng.uniform(0, 1) * (whole - part)
            for start, whole, part in (
                (stage.frame.left, stage.frame.width, drawn.shape[1]),
                (stage.frame.top, stage.frame.height, drawn.shape[0]),
            )
        )
        board.lay(paste(drawn, left, top, board.size), tone, WRITING)
        board.smallest, board.digit = height, drawn
    return board


def lines(stage: Stage) -> Board:
    """Numbers below each other, small in the frame, perhaps underlined or on a plate."""
    rng, frame = stage.rng, stage.frame
    board, tone = _sheet(stage)
    kind = rng.random()
    if kind < 0.4:
        marks.rule(board, rng)
    elif kind < 0.6:
        surface, tone = _two_tones(rng)
        marks.plate(board, frame.grown(-rng.uniform(-4, 12)), surface, rng.random(), rng)
    shape = (any_digit, any_character, written, printed)[rng.integers(4)]
    height = float(np.exp(rng.uniform(np.log(LEAST_HEIGHT), np.log(0.5 * frame.height))))
    pitch, top = height * rng.uniform(1.15, 2.5), frame.top + rng.uniform(0, 0.3) * frame.height
    while top + height < frame.top + frame.height:
        left = frame.left + rng.uniform(0.02, 0.4) * frame.width
        box = Box(left, top, frame.left + 0.98 * frame.width - left, height)
        stage.digits(board, box, tone, shape)
        if rng.random() < 0.15:
            marks.underline(board, box, tone, rng)
        top += pitch
    return board


def ringed(stage: Stage) -> Board:
    """A ring, a square or a line around a digit or below it."""
    rng = stage.rng
    board, tone = _sheet(stage)
    if rng.random() < 0.25:
        marks.rule(board, rng)
    box = stage.place(0.15, 0.5)
    marks.ring(board, box, tone if rng.random() < 0.6 else tone * rng.uniform(0.6, 1.5), rng)
    box = Box(box.left + 0.1 * box.width, box.top, 0.8 * box.width, box.height)
    stage.digits(board, box, tone, any_digit)
    return board


def form(stage: Stage) -> Board:
    """Cells of a form or of a puzzle, some of them filled, others empty."""
    rng = stage.rng
    board, tone = _sheet(stage)
    box = stage.place(0.12, 0.95) if rng.random() < 0.6 else stage.middle(0.75, 1.25)
    cell = Box(box.left, box.top, min(box.width, box.height * rng.uniform(0.7, 1.1)), box.height)
    columns, rows = (9, 9) if rng.random() < 0.5 else (int(rng.integers(1, 9)), 1)
    marks.grid(board, cell, columns, rows, tone * rng.uniform(0.7, 1.4), rng)
    shape = (printed, written, any_character)[rng.choice(3, p=(0.55, 0.35, 0.1))]
    stage.digits(board, cell.grown(-cell.height * rng.uniform(0.08, 0.25)), tone, shape)
    if rng.random() < 0.6 and stage.digit is None:
        _fill_cells(stage, board, cell, tone, shape)
    if rng.random() < 0.1:
        put_drawings(board, tone, rng)
    return board


def _fill_cells(stage: Stage, board: Board, cell: Box, tone: float, shape: Shape) -> None:
    """Put a digit into some of the cells around `cell`; where the frame cuts them, it is ink."""
    rng, frame = stage.rng, stage.frame
    filled, inset = rng.uniform(0.1, 0.9), cell.height * rng.uniform(0.1, 0.25)
    across, down = (
        int(side / step) + 1
        for side, step in ((frame.width, cell.width), (frame.height, cell.height))
    )
    for i in range(-across, across + 1):
        for j in range(-down, down + 1):
            at = Box(
                cell.left + i * cell.width, cell.top + j * cell.height, cell.width, cell.height
            )
            if (i, j) == (0, 0) or rng.random() > filled or not at.touches(frame):
                continue
            drawn = scaled(shape(rng, stage.material), max(cell.height - 2 * inset, 3))
            if drawn.shape[1] <= cell.width:
                left = at.left + (cell.width - drawn.shape[1]) / 2
                what = WRITING if stage.has_digit and at.seen_in(frame) > 0.75 else OTHER
                board.lay(paste(drawn, left, at.top + inset, board.size), tone, what)
                board.smallest = min(board.smallest, len(drawn))


def _two_tones(rng: np.random.Generator) -> tuple[float, float]:
    """Draw the tones of a surface and of the digits on it: mostly light on dark."""
    dark = rng.uniform(0.03, 0.5)
    light = min(dark + rng.uniform(0.15, 0.9), 1.0)
    return (dark, light) if rng.random() < 0.75 else (light, dark)


def sign(stage: Stage) -> Board:
    """Plates, keys, discs and tiles on ground of another brightness."""
    rng = stage.rng
    ground = rng.uniform(0.1, 1.0) + rng.uniform(0, 0.1) * photos.clouds(
        stage.board, int(rng.integers(2, 30)), rng
    )
    board = Board.of(np.clip(ground, 0, 1))
    surface, tone = _two_tones(rng)
    box = stage.middle(0.35, 0.85) if rng.random() < 0.6 else stage.place(0.3, 0.7)
    around = box.grown(box.height * rng.uniform(0.1, 0.3))
    marks.plate(board, around, surface, float(rng.choice((surface, tone, rng.random()))), rng)
    inside = box.grown(-0.06 * box.height)
    stage.digits(board, inside, tone, printed if rng.random() < 0.6 else written)
    return board


def wheel(stage: Stage) -> Board:
    """A counter's wheel: a digit on a dark strip, the next ones above and below cut off."""
    rng = stage.rng
    surface, tone = _two_tones(rng)
    board = Board.of(np.full(stage.board[::-1], rng.uniform(0.05, 0.9), np.float32))
    frame = stage.frame
    strip = frame.grown(-rng.uniform(-0.1, 0.12) * min(frame.width, frame.height))
    marks.plate(board, strip, surface, rng.uniform(0.1, 1.0), rng)
    if rng.random() < 0.5:
        stage.neighbours(board, tone, printed)
    stage.digits(board, stage.middle(0.45, 0.95), tone, printed)
    return board


def display(stage: Stage) -> Board:
    """Segments and dots of a display, glowing or as shadows; those that are off shine through."""
    rng = stage.rng
    surface, tone = _two_tones(rng)
    if rng.random() < 0.6:
        surface, tone = max(surface, tone), min(surface, tone)
    board = Board.of(np.full(stage.board[::-1], surface, np.float32))
    board.light += rng.uniform(0, 0.06) * photos.clouds(board.size, int(rng.integers(2, 20)), rng)
    if rng.random() < 0.3:
        stage.neighbours(board, tone, segments)
    if rng.random() < 0.3:
        marks.plate(board, stage.middle(0.9, 1.1), surface, rng.random(), rng)
    if rng.random() < 0.35:  # segments that are off shine through
        off = float(board.light.mean()) + rng.uniform(0.04, 0.3) * (
            tone - float(board.light.mean())
        )
        box = stage.middle(0.4, 0.9)
        drawn = scaled(displays.seven_segments(8, 96, rng), box.height)
        board.lay(paste(drawn, box.left, box.top, board.size), off, OTHER)
    stage.digits(board, stage.middle(0.4, 0.95), tone, segments)
    return board


KINDS: dict[str, tuple[Callable[[Stage], Board], float]] = {
    "paper": (paper, 0.28),
    "large": (large, 0.16),
    "lines": (lines, 0.1),
    "ringed": (ringed, 0.08),
    "form": (form, 0.2),
    "sign": (sign, 0.14),
    "wheel": (wheel, 0.1),
    "display": (display, 0.1),
}


WITH_ONE = tuple(kind for kind in KINDS if kind != "lines")
"""Kinds that can show a single digit."""


def draw_scene(
    rng: np.random.Generator,
    material: Material | None = None,
    kind: str | None = None,
    digit: int | None = None,
    empty: bool = False,
) -> Scene:
    """Draw one scene.

    Parameters
    ----------
    rng : Generator
    material : Material, optional
        MNIST digits to write with, beside those written from templates.
    kind : str, optional
        One of `KINDS`; drawn by their shares unless given.
    digit : int, optional
        The one digit to show, on one of the kinds `WITH_ONE`; by default any, some or none.
    empty : bool
        Whether there shall be none.
    """
    kinds = list(KINDS if digit is None else WITH_ONE)
    shares = np.array([KINDS[kind][1] for kind in kinds])
    kind = kind or kinds[rng.choice(len(kinds), p=shares / shares.sum())]
    short = round(SIDE * float(rng.choice((1.0, 0.75, 0.75, 0.56))))
    size = (SIDE, short) if rng.random() < 0.4 else (short, SIDE)
    has_digit = (rng.random() >= EMPTY or digit is not None) and not empty
    frame = Box(MARGIN, MARGIN, *size)
    board = KINDS[kind][0](Stage(frame, has_digit, material or Material(), rng, digit))
    if rng.random() < 0.08:
        marks.specks(board, rng.random(), rng)
    seen = board.seen_through(_quad(frame, rng), size)
    return Scene(photograph(seen, rng), seen.truth, kind, board.digit)


def _quad(frame: Box, rng: np.random.Generator) -> np.ndarray:
    """Return the corners of the frame on the board, turned and moved a little."""
    quad = corners(frame.width, frame.height) - [frame.width / 2, frame.height / 2]
    angle = rng.normal(0, 0.04)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = [frame.left + frame.width / 2, frame.top + frame.height / 2]
    return quad @ turn.T + middle + rng.normal(0, 1.5, (4, 2))


def has_digit(scene: Scene) -> bool:
    """Tell whether some pixel is a digit's."""
    return bool((scene.truth == WRITING).any())
