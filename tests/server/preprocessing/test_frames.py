"""Which drawings may be all writing, and which have something drawn around or below it."""

import tracemalloc

import numpy as np
import pytest

from server.preprocessing.frames import is_plain
from tests.support.strokes import DIGITS, draw


def page(*marks: tuple[int, int, int, int]) -> np.ndarray:
    """Ink of a five with further marks (top, left, height, width) beside it."""
    ink = draw(DIGITS[5], 200, size=0.5, at=(0.25, 0.25))
    for top, left, height, width in marks:
        ink[top : top + height, left : left + width] = 1
    return ink


def ring(inner: int) -> np.ndarray:
    y, x = np.mgrid[0:200, 0:200] - 100
    distance = np.hypot(y, x)
    return ((distance < inner + 4) & (distance > inner)).astype(np.float32)


@pytest.mark.parametrize("digit", DIGITS)
def test_digits_are_plain(digit: int) -> None:
    for width in (0.04, 0.1, 0.2):
        assert is_plain(draw(DIGITS[digit], 200, width=width))


@pytest.mark.parametrize(
    "marks", [[(100, 10, 6, 30)], [(140, 10, 8, 8)], [(40, 170, 110, 10)]], ids=["-", ".", "1"]
)
def test_signs_and_other_digits_are_plain(marks: list[tuple[int, int, int, int]]) -> None:
    assert is_plain(page(*marks))


@pytest.mark.parametrize("digit", DIGITS)
def test_what_is_around_a_digit_is_not(digit: int) -> None:
    small = draw(DIGITS[digit], 200, size=0.4, at=(0.3, 0.3))
    assert not is_plain(np.maximum(small, ring(90)))


def test_nor_is_a_line_below_it_or_faint_ink_beside_it() -> None:
    assert not is_plain(page((170, 20, 4, 160)))
    faint = page()
    faint[60:140, 10:16] = 0.4
    assert not is_plain(faint)


def test_a_plate_with_a_digit_left_out_is_not() -> None:
    plate = 1 - draw(DIGITS[2], 200, size=0.5, at=(0.25, 0.25))
    plate[:20] = plate[-20:] = plate[:, :20] = plate[:, -20:] = 0
    assert not is_plain(plate)


@pytest.mark.parametrize("width", [0.1, 0.25])
def test_a_bare_bar_may_be_a_one(width: float) -> None:
    bar = np.zeros((200, 200), np.float32)
    bar[40:160, 80 : 80 + round(120 * width)] = 1
    assert is_plain(bar)


def test_texture_is_not_and_its_marks_are_not_compared() -> None:
    dots = np.zeros((800, 800), np.float32)
    dots[10:790:8, 10:790:8] = 1
    tracemalloc.start()
    try:
        assert not is_plain(dots)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20e6  # and not the square of 9,604 marks
