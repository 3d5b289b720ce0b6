"""What a scene shows: digits of every kind, one or several in a row, and their neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from PIL import Image

from scripts.synthesis.material import Material
from scripts.synthesis.others.nondigits import draw_nondigit
from scripts.synthesis.pages.geometry import crop
from scripts.synthesis.print import displays
from scripts.synthesis.print.printing import hollow, printed_digit, vary_ink
from scripts.synthesis.recorded.rewriting import choose_scan, ink_anew, rewrite
from scripts.synthesis.scenes.board import OTHER, WRITING, Board, paste
from server.handwriting.ink import draw, fit
from server.handwriting.pens import Pen, draw_pen
from server.handwriting.strokes import Hand, write
from server.handwriting.templates import choose_template


class Shape(Protocol):
    """Draws coverage, uint8 (h, w), cropped: of some digit, or of the one that is asked for."""

    def __call__(
        self, rng: np.random.Generator, material: Material, digit: int | None = None
    ) -> np.ndarray:
        """Draw it once."""


LEAST_HEIGHT = 9  # pixels of a digit in a scene


@dataclass(frozen=True)
class Box:
    """Where something stands on a board, in pixels."""

    left: float
    top: float
    width: float
    height: float

    def grown(self, margin: float) -> Box:
        """Return the box with so much more on each side."""
        width, height = self.width + 2 * margin, self.height + 2 * margin
        return Box(self.left - margin, self.top - margin, width, height)

    def seen_in(self, frame: Box) -> float:
        """Return the part of this box that lies within `frame`."""
        width = min(self.left + self.width, frame.left + frame.width) - max(self.left, frame.left)
        height = min(self.top + self.height, frame.top + frame.height) - max(self.top, frame.top)
        return max(width, 0) * max(height, 0) / (self.width * self.height)

    def touches(self, frame: Box) -> bool:
        """Tell whether some of this box lies within `frame`."""
        return self.seen_in(frame) > 0


def _some(digit: int | None, rng: np.random.Generator) -> int:
    return int(rng.integers(10)) if digit is None else digit


def written(rng: np.random.Generator, material: Material, digit: int | None = None) -> np.ndarray:
    """A digit written by hand: by real writers where they are at hand, else from a template."""
    kind, digit = rng.random(), _some(digit, rng)
    recorded = material.recorded
    if kind < 0.4 and recorded is not None:
        writers = recorded.digits[digit]
        return _inked(rewrite(writers[rng.integers(len(writers))], rng), rng)
    if kind < 0.5 and recorded is not None:
        scan, label = choose_scan(recorded.scans, rng)
        while label != digit:
            scan, label = choose_scan(recorded.scans, rng)
        return ink_anew(scan, rng)
    if kind < 0.7 and material.images is not None and material.labels is not None:
        index = rng.integers(len(material.labels))
        while material.labels[index] != digit:
            index = rng.integers(len(material.labels))
        return crop(material.images[index])
    return _inked(write(choose_template(digit, rng), Hand.draw(rng), rng), rng)


def _inked(lines: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Ink strokes with some pen, 48 or 96 pixels high."""
    height = int(rng.choice((48, 96)))
    size = (2 * height, height + 4)
    pen = draw_pen(rng)
    pixels, width = fit(lines, (2, 2, 2 * height - 4, height), pen)
    return crop(draw(pixels, pen, width, size, rng))


def thin(rng: np.random.Generator, material: Material, digit: int | None = None) -> np.ndarray:
    """A digit written large, by hand, with a ballpoint, a pencil or a felt tip."""
    digit = _some(digit, rng)
    if material.recorded is not None and rng.random() < 0.6:
        writers = material.recorded.digits[digit]
        lines = rewrite(writers[rng.integers(len(writers))], rng)
    else:
        lines = write(choose_template(digit, rng), Hand.draw(rng), rng)
    pen = Pen(float(np.exp(rng.uniform(np.log(0.012), np.log(0.08)))), pressure=0.3 * rng.random())
    pixels, width = fit(lines, (3, 3, 394, 194), pen)
    return crop(draw(pixels, pen, width, (400, 200), rng))


def printed(rng: np.random.Generator, material: Material, digit: int | None = None) -> np.ndarray:
    """A digit of a font; sometimes only its outline."""
    shape = crop(printed_digit(_some(digit, rng), "train", rng))
    return crop(vary_ink(shape, rng)) if rng.random() < 0.3 else shape


def segments(rng: np.random.Generator, material: Material, digit: int | None = None) -> np.ndarray:
    """A digit of a display; sometimes only its outline."""
    if rng.random() < 0.25:
        return displays.dot_matrix(_some(digit, rng), 96, rng)
    shape = displays.seven_segments(_some(digit, rng), 96, rng)
    return crop(hollow(np.pad(shape, 4), 8)) if rng.random() < 0.2 else shape


def any_digit(rng: np.random.Generator, material: Material, digit: int | None = None) -> np.ndarray:
    """A digit, mostly written."""
    return (written if rng.random() < 0.7 else printed)(rng, material, digit)


def any_character(
    rng: np.random.Generator, material: Material, digit: int | None = None
) -> np.ndarray:
    """A digit; one time in six a letter, a sign or a drawing instead, unless one is asked for."""
    if digit is None and rng.random() < 0.17:
        if material.recorded is not None and rng.random() < 0.6:
            others = material.recorded.others
            return _inked(rewrite(others[rng.integers(len(others))], rng), rng)
        shape = crop(draw_nondigit(rng))
        if shape.any():
            return shape
    return any_digit(rng, material, digit)


def scaled(shape: np.ndarray, height: float) -> np.ndarray:
    """Scale coverage to a height in pixels, and to full strength where it has become faint."""
    ratio = height / shape.shape[0]
    size = max(2, round(shape.shape[1] * ratio)), max(2, round(height))
    small = np.asarray(Image.fromarray(shape).resize(size, Image.Resampling.BICUBIC))
    strongest = max(int(small.max()), 1)
    return (small * min(255 / strongest, 5)).clip(0, 255).astype(np.uint8)


def put_digit(board: Board, box: Box, tone: float, shape: np.ndarray) -> None:
    """Put one digit into the middle of a box, as large as there is room for."""
    drawn = scaled(shape, max(box.height, LEAST_HEIGHT))
    if drawn.shape[1] > box.width:
        drawn = scaled(drawn, drawn.shape[0] * box.width / drawn.shape[1])
    left = box.left + (box.width - drawn.shape[1]) / 2
    top = box.top + (box.height - drawn.shape[0]) / 2
    board.lay(paste(drawn, left, top, board.size), tone, WRITING)
    board.smallest = min(board.smallest, len(drawn))
    board.digit = drawn


def put_digits(
    board: Board, box: Box, tone: float, shape: Shape, rng: np.random.Generator, material: Material
) -> None:
    """Fill the height of a box with a digit, or with as many as one draw gives room for."""
    count = 1 if rng.random() < 0.6 else int(rng.integers(2, 12))
    height, whole = max(box.height, LEAST_HEIGHT), np.zeros(board.light.shape, np.uint8)
    gap = rng.uniform(-0.05, 0.4) if rng.random() < 0.8 else rng.uniform(0.4, 1.2)
    left = box.left
    for _ in range(count):
        drawn = scaled(shape(rng, material), height * rng.uniform(0.85, 1.0))
        if drawn.shape[1] > box.width:
            drawn = scaled(drawn, drawn.shape[0] * box.width / drawn.shape[1])
        if left + drawn.shape[1] > box.left + box.width + 1:
            break
        top = box.top + (box.height - drawn.shape[0]) * rng.random()
        whole = np.maximum(whole, paste(drawn, left, top, board.size))
        left += drawn.shape[1] + height * gap * rng.uniform(0.7, 1.3)
    board.lay(whole, tone, WRITING)
    board.smallest = min(board.smallest, height)


def put_cut_neighbours(
    board: Board,
    frame: Box,
    tone: float,
    shape: Shape,
    rng: np.random.Generator,
    material: Material,
) -> None:
    """Put digits where the frame will cut them: they are not what the picture shows."""
    for _ in range(int(rng.integers(1, 4))):
        drawn = scaled(shape(rng, material), rng.uniform(0.2, 0.6) * frame.height)
        height, width = drawn.shape
        hidden, along = rng.uniform(0.35, 0.75), rng.random()
        left = frame.left + along * (frame.width - width)
        top = frame.top + along * (frame.height - height)
        side = rng.integers(4)
        if side == 0:
            left = frame.left - hidden * width
        elif side == 1:
            left = frame.left + frame.width - (1 - hidden) * width
        elif side == 2:
            top = frame.top - hidden * height
        else:
            top = frame.top + frame.height - (1 - hidden) * height
        board.lay(paste(drawn, left, top, board.size), tone, OTHER)


def put_drawings(board: Board, tone: float, rng: np.random.Generator) -> None:
    """Put one to three letters, signs or scribbles anywhere: writing, but no digits."""
    for _ in range(int(rng.integers(1, 4))):
        shape = crop(draw_nondigit(rng))
        if not shape.any():
            continue
        height = rng.uniform(0.08, 0.4) * board.size[1]
        height = min(height, board.size[0] * 0.9 * shape.shape[0] / shape.shape[1])
        drawn = scaled(shape, max(height, 3))
        left, top = (rng.uniform(-0.1, 0.9) * side for side in board.size)
        board.lay(paste(drawn, left, top, board.size), tone, WRITING)
