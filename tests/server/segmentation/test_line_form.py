"""Lines in the reader's form, and the boxes of their characters."""

import numpy as np
import pytest

from server.segmentation.line_form import HEIGHT, INK_HEIGHT, frame_width, to_frame
from server.segmentation.line_reader import _between
from tests.support.strokes import bars


def test_a_frame_has_the_ink_at_one_height_and_knows_where_it_was() -> None:
    ink = np.pad(bars((10, 30), (80, 90), width=100, height=64), ((8, 5), (40, 70)))
    frame = to_frame(ink)
    assert frame is not None
    assert frame.pixels.shape[0] == HEIGHT
    rows = np.flatnonzero((frame.pixels > 0.5).any(axis=1))
    assert rows[-1] - rows[0] + 1 == INK_HEIGHT
    columns = np.flatnonzero((frame.pixels > 0.5).any(axis=0))
    assert abs(frame.to_ink(columns[0]) - 50) < 2
    assert abs(frame.to_ink(columns[-1] + 1) - 130) < 2


def test_no_ink_has_no_frame() -> None:
    assert to_frame(np.zeros((20, 50), np.float32)) is None


def test_thin_strokes_are_widened() -> None:
    ink = bars((20, 22), (90, 92), width=120, height=200)
    frame = to_frame(ink)
    assert frame is not None
    assert (frame.pixels > 0.5).sum(axis=1).max() >= 2


def test_the_width_of_a_frame_is_known_beforehand() -> None:
    ink = bars((0, 30), (170, 200), width=200, height=50)
    frame = to_frame(ink)
    assert frame is not None
    assert frame_width(ink) == pytest.approx(frame.pixels.shape[1], abs=2)


def test_characters_are_cut_where_there_is_least_ink() -> None:
    ink = bars((5, 15), (25, 40), (50, 60), width=70, height=64)
    ink[30:34, 15:25] = 1  # two of them are joined
    boxes = _between(ink, [10.0, 32.0, 55.0])
    assert [box[1] for box in boxes] == [0, 0, 0]
    assert boxes[2] == (50, 0, 10, 64)
    lefts = [box[0] for box in boxes]
    rights = [box[0] + box[2] for box in boxes]
    assert lefts[0] == 5
    assert 15 <= rights[0] <= lefts[1] <= 25
    assert rights[1] == 40


def test_a_character_without_ink_has_a_box_all_the_same() -> None:
    (box,) = _between(np.zeros((64, 40), np.float32), [20.0])
    assert box == (0, 0, 40, 64)
