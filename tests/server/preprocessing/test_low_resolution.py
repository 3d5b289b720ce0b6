"""Pictures of few pixels, enlarged ones, and digits that are cut out."""

import contextlib

import numpy as np
import pytest
from PIL import Image

from server.finding.prepare import preprocess
from server.images.errors import BlankImage
from server.preprocessing.background import border_level
from server.preprocessing.low_resolution import refine
from server.recognizer import Recognizer
from tests.support.strokes import DIGITS, draw, every_digit, on_paper, unlikeness, wanted

NEAREST, BILINEAR, BICUBIC = (
    Image.Resampling.NEAREST,
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
)


def cut_out(digit: int, side: int, width: float = 0.14) -> np.ndarray:
    """Return a digit that fills a square of so many pixels from top to bottom."""
    drawn = draw(DIGITS[digit], width=width)
    rows, columns = np.flatnonzero(drawn.max(1) > 0.5), np.flatnonzero(drawn.max(0) > 0.5)
    tight = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    wide = round(side * tight.shape[1] / tight.shape[0])
    small = Image.fromarray(tight).resize((wide, side), Image.Resampling.BOX)
    page = np.zeros((side, max(side, wide)), np.float32)
    page[:, (page.shape[1] - wide) // 2 :][:, :wide] = small
    return on_paper(page)


def enlarged(grey: np.ndarray, side: int, way: Image.Resampling) -> np.ndarray:
    return np.asarray(Image.fromarray(grey).resize((side, side), way))


# As the picture is, and enlarged.
SENT = [None, (28, NEAREST), (100, NEAREST), (64, BILINEAR), (280, BICUBIC)]


# Whole digits ------------------------------------------------------------------------------------


@every_digit
@pytest.mark.parametrize("side", [8, 12, 16])
@pytest.mark.parametrize("sent", SENT)
def test_a_digit_of_few_pixels_without_a_margin(digit: int, side: int, sent: tuple | None) -> None:
    small = cut_out(digit, side)
    grey = small if sent is None else enlarged(small, *sent)
    for picture in (grey, 255 - grey):
        assert unlikeness(preprocess(picture), wanted(digit, 0.14)) < 0.75


def test_a_round_zero_that_meets_the_border_on_all_sides() -> None:
    """Half of the border is ink, and the paper left in its corners and its middle is not clean."""
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    distance = np.hypot(x, y)
    ring = np.clip(6 * (distance - 0.5), 0, 1) * np.clip(6 * (1.15 - distance), 0, 1)
    for picture in (on_paper(ring), 255 - on_paper(ring)):
        (reading,) = Recognizer.load("digits").recognize(preprocess(picture)[np.newaxis])
        assert reading.likeliest == 0


def test_a_filled_square_is_no_digit() -> None:
    """Its outline alone would look like a zero."""
    grey = np.full((280, 280), 255, np.uint8)
    grey[90:190, 90:190] = 0
    for picture in (grey, 255 - grey):
        with contextlib.suppress(BlankImage):
            (reading,) = Recognizer.load("digits").recognize(preprocess(picture)[np.newaxis])
            assert not reading.is_digit


# Each step ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [24, 28, 45, 100, 101, 280])
@pytest.mark.parametrize("count", [(8, 8), (6, 8)])
def test_squares_are_undone(side: int, count: tuple[int, int], rng: np.random.Generator) -> None:
    small = rng.integers(0, 256, count).astype(np.uint8)
    size = side, round(side * count[0] / count[1])
    large = np.asarray(Image.fromarray(small).resize(size, NEAREST))
    np.testing.assert_array_equal(refine(large)[0], refine(small)[0])


def test_squares_that_equal_their_neighbours_are_undone() -> None:
    small = np.full((12, 12), 255, np.uint8)
    small[2:4, 4:8] = small[4:6, 6:8] = small[6:8, 4:6] = small[8:10, 4:10] = 0
    large = small.repeat(10, axis=0).repeat(10, axis=1)
    # All squares are pairs here, so they are taken for larger ones.
    np.testing.assert_array_equal(refine(large)[0], refine(small[::2, ::2])[0])


def test_bars_keep_their_shape() -> None:
    grey = np.full((280, 280), 255, np.uint8)
    grey[60:220, 120:160] = 0
    assert refine(grey)[0] is grey
    seven = grey.copy()
    seven[60:100, 80:160] = seven[180:190, 100:110] = 0
    assert unlikeness(preprocess(seven), preprocess(np.roll(seven, (3, 1), (0, 1)))) < 0.4


@pytest.mark.parametrize("change", [(0, 1), (5, 77)])
def test_what_is_not_made_of_squares_is_left_alone(change: tuple[int, int]) -> None:
    grey = on_paper(draw(DIGITS[2]))
    assert refine(grey)[0] is grey
    squares = np.random.default_rng(0).integers(0, 256, (8, 8)).astype(np.uint8)
    large = squares.repeat(12, axis=0).repeat(12, axis=1)
    large[change] ^= 64
    assert refine(large)[0].shape != refine(squares)[0].shape


def test_a_pixel_of_few_is_seen_as_the_blur_that_it_was() -> None:
    small = np.full((8, 8), 255, np.uint8)
    small[3, 4] = 0
    large = refine(small)[0].astype(int)
    assert min(large.shape) >= 64
    row = large[np.unravel_index(large.argmin(), large.shape)[0]]
    assert np.count_nonzero((row > 25) & (row < 230)) > 3
    assert np.abs(np.diff(row)).max() < 80


def test_squares_of_one_pixel_are_pixels(rng: np.random.Generator) -> None:
    noise = rng.integers(0, 256, (30, 30)).astype(np.uint8)
    assert refine(noise)[0] is noise


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (2, 3), (23, 23), (280, 280)])
def test_empty_pictures_of_any_size_are_blank(shape: tuple[int, int]) -> None:
    with pytest.raises(BlankImage):
        preprocess(np.full(shape, 255, np.uint8))


def test_paper_is_put_around_ink_that_meets_the_border() -> None:
    tight = enlarged(cut_out(2, 64), 64, NEAREST)
    framed = refine(tight)[0]
    assert framed.shape == (96, 96)
    np.testing.assert_array_equal(framed[16:80, 16:80], tight)
    assert (framed[:16] == 255).all()


def test_no_paper_is_put_around_lines_grain_or_fading_light(rng: np.random.Generator) -> None:
    ruled = on_paper(draw(DIGITS[2], 100))
    ruled[8] = 0
    grain = np.clip(200 + rng.normal(0, 50, (100, 100)), 0, 255).astype(np.uint8)
    fading = np.linspace(80, 250, 100).astype(np.uint8).repeat(100).reshape(100, 100).T
    table = on_paper(draw(DIGITS[2], 100))
    table[:, :20] = 60
    for grey in (ruled, grain, fading, table):
        assert refine(grey)[0] is grey


@pytest.mark.parametrize("inverted", [False, True])
def test_corners_tell_the_paper_where_ink_has_half_of_the_border(inverted: bool) -> None:
    grey = np.full((20, 20), 250, np.uint8)
    grey[4:-4] = grey[:, 4:-4] = 20
    grey[5:-5, 5:-5] = 250
    assert border_level(255 - grey if inverted else grey) == (5 if inverted else 250)
