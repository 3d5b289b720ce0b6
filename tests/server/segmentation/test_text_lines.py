"""Telling the lines of a picture apart: marks are blocks here, nothing is read."""

import numpy as np
import pytest

from server.images.errors import TooManyMarks
from server.segmentation.text_lines import find_lines

Block = tuple[int, int, int, int]


def page(*blocks: Block, shape: tuple[int, int] = (400, 600)) -> np.ndarray:
    """Ink with blocks (x, y, width, height)."""
    ink = np.zeros(shape, np.float32)
    for x, y, width, height in blocks:
        ink[y : y + height, x : x + width] = 1
    return ink


def corners(ink: np.ndarray) -> list[tuple[int, int]]:
    return [line.corner for line in find_lines(ink, 256)]


def test_lines_come_from_above_whatever_is_left_of_what():
    assert corners(page((300, 10, 30, 60), (10, 100, 30, 60), (100, 200, 30, 60))) == [
        (300, 10),
        (10, 100),
        (100, 200),
    ]


def test_marks_at_about_the_same_height_are_one_line():
    assert corners(page((10, 50, 30, 60), (100, 70, 30, 60), (500, 40, 30, 60))) == [(10, 40)]


def test_lines_that_reach_into_one_another_are_cut_by_marks():
    """A tail hangs into the next line; no empty row parts the two."""
    ink = page((10, 10, 30, 60), (60, 10, 30, 80), (10, 85, 30, 60), (120, 85, 30, 60))
    upper, lower = find_lines(ink, 256)
    assert (upper.corner, lower.corner) == ((10, 10), (10, 85))
    assert upper.ink.shape == (64, 64)  # 80 x 80
    assert upper.ink.sum() * np.prod(upper.scale) == pytest.approx(30 * 60 + 30 * 80, rel=0.02)
    assert lower.ink.sum() * np.prod(lower.scale) == pytest.approx(2 * 30 * 60, rel=0.02)


def test_low_marks_belong_to_the_line_next_to_them():
    ink = page((10, 10, 30, 60), (50, 60, 8, 8), (10, 100, 30, 60), (50, 95, 20, 8))
    assert [round(line.ink.sum() * np.prod(line.scale)) for line in find_lines(ink, 256)] == (
        pytest.approx([1800 + 64, 1800 + 160], rel=0.02)
    )


def test_a_frame_is_left_out():
    ink = page((10, 10, 500, 4), (10, 200, 500, 4), (10, 10, 4, 194), (506, 10, 4, 194))
    ink += page((60, 50, 40, 100), (200, 60, 40, 100))
    (line,) = find_lines(ink, 256)
    assert line.corner == (60, 50)


def test_boxes_go_back_to_the_picture():
    (line,) = find_lines(page((30, 40, 200, 128)), 256)
    assert line.height == 64
    assert line.in_picture((10, 0, 20, 64)) == (50, 40, 40, 128)


def test_too_many_marks_are_refused_with_both_numbers():
    with pytest.raises(TooManyMarks, match=r"3 marks.* 2"):
        find_lines(page((10, 10, 9, 9), (50, 10, 9, 9), (90, 10, 9, 9)), 2)


def words(*blocks: Block) -> list[int]:
    (line,) = find_lines(page(*blocks), 256)
    return [round(start * line.scale[0]) for start, _ in line.words()]


def test_a_gap_as_wide_as_the_line_is_high_parts_words():
    assert words((10, 10, 30, 60), (60, 10, 30, 60), (180, 10, 30, 60)) == [0, 170]


def test_digits_side_by_side_are_one_word():
    assert words((10, 10, 30, 60), (70, 10, 30, 60), (130, 10, 30, 60)) == [0]


def test_a_minus_stays_with_its_number():
    assert words((10, 36, 40, 8), (130, 10, 30, 60)) == [0]


def test_the_ink_of_a_line_is_in_its_words():
    (line,) = find_lines(page((10, 10, 30, 60), (180, 10, 30, 60), (400, 20, 30, 50)), 256)
    parted = line.words()
    assert len(parted) == 3
    np.testing.assert_array_equal(np.concatenate([ink for _, ink in parted], axis=1), line.ink)
