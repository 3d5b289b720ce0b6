"""The lines of digits in a picture, from above."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from server.images.errors import TooManyMarks
from server.images.types import Ink, Mask
from server.preprocessing.connected_components import Components, Indices, find_components
from server.preprocessing.foreground import INK_THRESHOLD

Box = tuple[int, int, int, int]

# Lines are brought to this height in pixels, unless they would be longer than that.
_LINE_HEIGHT = 64
_LONGEST_LINE = 4096

# What is lower than this part of the highest mark is a piece of a digit, or a dot, ...
_LOW = 0.6

# ... and of two neighbours on a line, the smaller one is to this part beside the other.
_BESIDE = 0.4


# A frame has something inside of it that is as high as this part of it, ...
_INSIDE = 0.35

# ... and fewer runs of pixels in a row than this, on the average: a row of digits has more.
_SIDES = 2.5


@dataclass(frozen=True)
class Line:
    """One line of digits, cropped to its ink, at a handy size.

    Attributes
    ----------
    ink : ndarray of float32, shape (H, W)
    corner : (x, y)
        Where it is in the picture.
    scale : (x, y)
        How many pixels of the picture make one of `ink`, in either direction.
    """

    ink: Ink
    corner: tuple[int, int]
    scale: tuple[float, float]

    @classmethod
    def shrink(cls, ink: Ink, corner: tuple[int, int]) -> "Line":
        """Bring the ink (H, W) of a line to a handy size."""
        height, width = ink.shape
        scale = max(height / _LINE_HEIGHT, width / _LONGEST_LINE)
        size = max(1, round(width / scale)), max(1, round(height / scale))
        method = Image.Resampling.BOX if scale > 1 else Image.Resampling.BICUBIC
        resized = np.asarray(Image.fromarray(ink).resize(size, method))
        scales = width / size[0], height / size[1]  # not quite `scale`: pixels are whole
        return cls(np.clip(resized, np.float32(0), np.float32(1)), corner, scales)

    @property
    def height(self) -> int:
        """In pixels of `ink`."""
        return len(self.ink)

    def in_picture(self, box: Box) -> Box:
        """Give a box (x, y, width, height) of `ink` in pixels of the picture."""
        x, y, width, height = box
        left, right = (round(edge * self.scale[0]) for edge in (x, x + width))
        top, bottom = (round(edge * self.scale[1]) for edge in (y, y + height))
        return self.corner[0] + left, self.corner[1] + top, right - left, bottom - top


def find_lines(ink: Ink, max_marks: int) -> list[Line]:
    """Tell the lines of a picture apart.

    Parameters
    ----------
    ink : ndarray of float32, shape (H, W)
        As from `server.preprocessing.foreground.locate_ink`.
    max_marks : int
        How many marks, digits or pieces of one, there may be.

    Raises
    ------
    TooManyMarks
    """
    marks = find_components(ink > INK_THRESHOLD)
    if len(marks) > max_marks:
        raise TooManyMarks(
            f"there are {len(marks)} marks in the picture; a number has at most {max_marks}"
        )
    boxes = marks.boxes
    frames = _are_frames(marks, boxes)
    numbers = np.full(len(boxes), -1)
    numbers[~frames] = _number_lines(boxes[~frames])
    painted = _paint(marks, numbers)
    lines = []
    for number in range(1, numbers.max() + 1):
        (top, left), (bottom, right) = _hull(boxes[numbers == number])
        inside = slice(top, bottom), slice(left, right)
        # Soft edges, which belong to no mark, are kept.
        own = (painted[inside] == number) | (painted[inside] == 0)
        lines.append(Line.shrink(np.where(own, ink[inside], np.float32(0)), (left, top)))
    return lines


def _are_frames(marks: Components, boxes: Indices) -> Mask:
    """Tell which marks are drawn around others: they have two sides, and a digit inside."""
    around = (boxes[:, np.newaxis, :2] < boxes[:, :2]).all(axis=2)
    around &= (boxes[:, np.newaxis, 2:] > boxes[:, 2:]).all(axis=2)
    heights = boxes[:, 2] - boxes[:, 0]
    around &= heights > _INSIDE * heights[:, np.newaxis]
    return np.asarray(around.any(axis=1) & (np.bincount(marks.labels) < _SIDES * heights))


def _number_lines(boxes: Indices) -> Indices:
    """Give each mark (top, left, bottom, right) the number of its line, from 1, from above."""
    heights = boxes[:, 2] - boxes[:, 0]
    low = heights < _LOW * heights.max()
    lines: list[list[int]] = []
    whole = np.flatnonzero(~low)
    for mark in whole[np.argsort(boxes[whole, 1], kind="stable")].tolist():
        for line in lines:
            if _beside(boxes[mark], boxes[line[-1]]):
                line.append(mark)
                break
        else:
            lines.append([mark])
    lines.sort(key=lambda line: float(boxes[line][:, [0, 2]].mean()))
    numbers = np.zeros(len(boxes), np.intp)
    for number, line in enumerate(lines, start=1):
        numbers[line] = number
    for mark in np.flatnonzero(low):
        numbers[mark] = numbers[whole[_distances(boxes[mark], boxes[whole]).argmin()]]
    return numbers


def _beside(one: Indices, other: Indices) -> bool:
    """Whether two boxes are at about the same height."""
    common = min(one[2], other[2]) - max(one[0], other[0])
    return bool(common >= _BESIDE * min(one[2] - one[0], other[2] - other[0]))


def _distances(box: Indices, others: Indices) -> Indices:
    """Gaps between a box and others (N, 4), down and across; down counts double."""
    gaps = np.maximum(np.maximum(others[:, :2] - box[2:], box[:2] - others[:, 2:]), 0)
    return np.asarray(2 * gaps[:, 0] + gaps[:, 1])


def _hull(boxes: Indices) -> tuple[tuple[int, int], tuple[int, int]]:
    """Smallest box around boxes (N, 4): (top, left), (bottom, right)."""
    top, left = boxes[:, :2].min(axis=0)
    bottom, right = boxes[:, 2:].max(axis=0)
    return (int(top), int(left)), (int(bottom), int(right))


def _paint(marks: Components, numbers: Indices) -> Indices:
    """Draw each mark in its number; shape (H, W), 0 where there is none."""
    height, width = marks.shape
    steps = np.zeros(height * (width + 1) + 1, np.int16)
    painted = numbers[marks.labels].astype(np.int16)
    steps[marks.starts] = painted
    steps[marks.stops] -= painted
    painted = np.cumsum(steps[:-1], dtype=np.int16).reshape(height, width + 1)[:, :width]
    return np.asarray(painted)
