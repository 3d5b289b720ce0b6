"""The lines of digits in a picture, from above."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from server.images.errors import TooManyMarks
from server.images.types import Ink, Mask
from server.preprocessing.connected_components import Components, Indices, find_components
from server.preprocessing.foreground import INK_THRESHOLD
from server.preprocessing.frames import are_frames
from server.preprocessing.weighted_median import weighted_median

Box = tuple[int, int, int, int]

# Lines are brought to this height in pixels, unless they would be longer than that.
_LINE_HEIGHT = 64
_LONGEST_LINE = 4096

# What is higher than this many usual marks is no writing: what is left of an edge or a frame.
_HIGH = 3.0

# What is lower than this part of the usual mark is a piece of a digit, or a dot.
_LOW = 0.6

# What is at least this part of the usual mark, and by the other part above or below all whole ones,
# is smaller writing in a line of its own.
_SMALLER = 0.25
_APART = 0.15

# Pieces this near above each other, of the larger one's longer side, belong to one digit.
_SEGMENT_GAP = 0.16

# A line that falls or rises by this part of its height is made level.
_FALLEN = 0.4

# A gap parts words if it is wider than so many usual gaps of the line, but at least, and at most,
# these parts of the line's height.
_UNUSUAL = 3.0
_WORD_GAPS = 0.45, 0.9

# Of two neighbours on a line, the smaller one is to this part beside the other.
_BESIDE = 0.4


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
    slope : float
        By how much the line falls in the picture, down over across; in `ink` it is level.
    """

    ink: Ink
    corner: tuple[int, int]
    scale: tuple[float, float]
    slope: float = 0.0

    @classmethod
    def shrink(cls, ink: Ink, corner: tuple[int, int], slope: float = 0.0) -> "Line":
        """Bring the ink (H, W) of a line to a handy size, and the line level."""
        if slope:
            ink = _levelled(ink, slope)
            rows = np.flatnonzero((ink > INK_THRESHOLD).any(axis=1))
            ink = ink[rows[0] : rows[-1] + 1]
            corner = corner[0], corner[1] + int(rows[0])
        height, width = ink.shape
        scale = max(height / _LINE_HEIGHT, width / _LONGEST_LINE)
        size = max(1, round(width / scale)), max(1, round(height / scale))
        method = Image.Resampling.BOX if scale > 1 else Image.Resampling.BICUBIC
        resized = np.asarray(Image.fromarray(ink).resize(size, method))
        scales = width / size[0], height / size[1]  # not quite `scale`: pixels are whole
        return cls(np.clip(resized, np.float32(0), np.float32(1)), corner, scales, slope)

    @property
    def height(self) -> int:
        """In pixels of `ink`."""
        return len(self.ink)

    def words(self) -> list[tuple[int, Ink]]:
        """Part the line at wide gaps: where each word begins, and its ink.

        What is low, such as a minus or a point, stays with what stands before it: alone, it would
        be taken for something larger.
        """
        inked = self.ink > INK_THRESHOLD
        columns = np.flatnonzero(inked.any(axis=0))
        starts = [0]
        gaps = np.diff(columns) - 1
        for i in np.flatnonzero(gaps > self._least_word_gap(gaps[gaps > 0])).tolist():
            before, after = inked[:, starts[-1] : columns[i] + 1], inked[:, columns[i + 1] :]
            after = after[:, : self.height]
            if min(_rows(before), _rows(after)) > _LOW * self.height:
                starts.append(int(columns[i + 1]))
        stops = [*starts[1:], self.ink.shape[1]]
        return [(a, self.ink[:, a:b]) for a, b in zip(starts, stops, strict=True)]

    def _least_word_gap(self, gaps: Indices) -> float:
        """Return how wide a gap, among those of a line, parts words."""
        usual = float(np.median(gaps)) if len(gaps) else 0.0
        least, most = (part * self.height for part in _WORD_GAPS)
        return min(max(least, _UNUSUAL * usual), most)

    def in_picture(self, box: Box) -> Box:
        """Give a box (x, y, width, height) of `ink` in pixels of the picture."""
        x, y, width, height = box
        left, right = (round(edge * self.scale[0]) for edge in (x, x + width))
        top, bottom = (round(edge * self.scale[1]) for edge in (y, y + height))
        fallen = round(self.slope * (left + right) / 2)
        x, y = self.corner[0] + left, self.corner[1] + top + fallen
        return x, y, max(1, right - left), max(1, bottom - top)


def _rows(inked: Mask) -> int:
    """Return how many rows have ink."""
    return int(np.count_nonzero(inked.any(axis=1)))


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
    require_few(len(marks), max_marks)
    boxes = marks.boxes
    frames = are_frames(marks)
    numbers = np.full(len(boxes), -1)
    digits = _joined(boxes[~frames])
    hulls = _hulls(boxes[~frames], digits)
    of_lines = np.full(len(hulls), -1)
    usual = _usual_height(hulls)
    writing = hulls[:, 2] - hulls[:, 0] <= _HIGH * usual
    of_lines[writing] = _number_lines(hulls[writing], usual)
    numbers[~frames] = of_lines[digits]
    painted = paint(marks, numbers)
    lines = []
    for number in range(1, numbers.max() + 1):
        own = boxes[numbers == number]
        lines.append(cut_out(ink, painted, number, own, _slope(own)))
    return lines


def require_few(marks: int, most: int) -> None:
    """Raise `TooManyMarks` unless there are at most so many marks."""
    if marks > most:
        raise TooManyMarks(f"there are {marks} marks in the picture; a number has at most {most}")


def cut_out(ink: Ink, painted: Indices, number: int, boxes: Indices, slope: float = 0.0) -> Line:
    """Cut the marks (N, 4) that are `painted` in a number out of the ink (H, W) of a picture."""
    (top, left), (bottom, right) = _hull(boxes)
    inside = slice(top, bottom), slice(left, right)
    # Soft edges, which belong to no mark, are kept.
    own = (painted[inside] == number) | (painted[inside] == 0)
    return Line.shrink(np.where(own, ink[inside], np.float32(0)), (left, top), slope)


def _joined(boxes: Indices) -> Indices:
    """Give each mark (N, 4) the number of a group: segments above each other make one digit."""
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    larger = np.maximum(sides[:, np.newaxis], sides)
    gaps = np.maximum(
        boxes[:, np.newaxis, :2] - boxes[:, 2:], boxes[:, :2] - boxes[:, np.newaxis, 2:]
    )
    joined = (gaps[..., 0] < _SEGMENT_GAP * larger) & (gaps[..., 1] < 0)
    groups = np.arange(len(boxes))
    for _ in range(len(boxes)):
        least = np.where(joined, groups, len(boxes)).min(axis=1, initial=len(boxes))
        if (least == groups).all():
            break
        groups = least
    return np.unique(groups, return_inverse=True)[1].astype(np.intp)


def _hulls(boxes: Indices, groups: Indices) -> Indices:
    """Return the box around each group of boxes (N, 4)."""
    hulls = np.empty((groups.max(initial=-1) + 1, 4), np.intp)
    hulls[:, :2], hulls[:, 2:] = np.iinfo(np.intp).max, 0
    np.minimum.at(hulls[:, :2], groups, boxes[:, :2])
    np.maximum.at(hulls[:, 2:], groups, boxes[:, 2:])
    return hulls


def _slope(boxes: Indices) -> float:
    """Return by how much marks (N, 4) of a line fall, down over across; 0 if it is hardly any."""
    heights = boxes[:, 2] - boxes[:, 0]
    whole = boxes[heights >= _LOW * heights.max()]
    if len(whole) < 3:
        return 0.0
    level, across = (whole[:, :2] + whole[:, 2:]).T / 2
    slope = float(np.polyfit(across, level, 1)[0])
    return slope if abs(slope) * np.ptp(across) > _FALLEN * np.median(heights) else 0.0


def _levelled(ink: Ink, slope: float) -> Ink:
    """Move each column up by as much as the line has fallen there."""
    height, width = ink.shape
    fallen = np.rint(slope * np.arange(width)).astype(np.intp)
    rows = np.arange(height)[:, np.newaxis] + fallen
    inside = (rows >= 0) & (rows < height)
    moved = np.take_along_axis(ink, np.clip(rows, 0, height - 1), axis=0)
    return np.where(inside, moved, np.float32(0))


def _usual_height(boxes: Indices) -> float:
    """Return the height of most marks (N, 4), each counted by its height: specks hardly count."""
    heights = boxes[:, 2] - boxes[:, 0]
    return weighted_median(heights, heights)


def _number_lines(boxes: Indices, usual: float) -> Indices:
    """Give each mark (top, left, bottom, right) the number of its line, from 1, from above."""
    heights = boxes[:, 2] - boxes[:, 0]
    low = heights < _LOW * usual
    lines: list[list[int]] = []
    whole = np.flatnonzero(~low)
    for mark in whole[np.argsort(boxes[whole, 1], kind="stable")].tolist():
        for line in lines:
            if _beside(boxes[mark], boxes[line[-1]]):
                line.append(mark)
                break
        else:
            lines.append([mark])
    apart = low & _stand_apart(boxes, whole, usual)
    if apart.any():
        smaller = _number_lines(boxes[apart], _usual_height(boxes[apart]))
        marks = np.flatnonzero(apart)
        lines += [marks[smaller == number].tolist() for number in range(1, smaller.max() + 1)]
    lines.sort(key=lambda line: float(boxes[line][:, [0, 2]].mean()))
    numbers = np.zeros(len(boxes), np.intp)
    for number, line in enumerate(lines, start=1):
        numbers[line] = number
    for mark in np.flatnonzero(low & ~apart):
        numbers[mark] = numbers[whole[_distances(boxes[mark], boxes[whole]).argmin()]]
    return numbers


def _stand_apart(boxes: Indices, whole: Indices, usual: float) -> Mask:
    """Tell which marks (N, 4) are above or below all whole ones, and higher than a point."""
    gaps = np.maximum(
        boxes[:, np.newaxis, 0] - boxes[whole, 2], boxes[whole, 0] - boxes[:, np.newaxis, 2]
    )
    high = boxes[:, 2] - boxes[:, 0] > _SMALLER * usual
    return np.asarray(high & (gaps.min(axis=1) > _APART * usual))


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


def paint(marks: Components, numbers: Indices) -> Indices:
    """Draw each mark in its number; shape (H, W), 0 where there is none."""
    height, width = marks.shape
    steps = np.zeros(height * (width + 1) + 1, np.int16)
    painted = numbers[marks.labels].astype(np.int16)
    steps[marks.starts] = painted
    steps[marks.stops] -= painted
    painted = np.cumsum(steps[:-1], dtype=np.int16).reshape(height, width + 1)[:, :width]
    return np.asarray(painted)
