"""Whatever is done to a picture of a digit, the network's input stays nearly the same.

Digits here are lines drawn by Pillow. Each step of the preprocessing has pictures that come out
wrong without it, which is shown by leaving it out.
"""

import contextlib
import functools
import io
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from convnet import datasets
from server.finding.prepare import preprocess
from server.images.decode import decode
from server.images.errors import BlankImage
from server.preprocessing import mnist_form
from server.preprocessing.connected_components import find_components
from server.preprocessing.foreground import locate_ink
from server.preprocessing.mnist_form import center_of_mass
from server.recognizer import Recognizer
from tests.support.strokes import DIGITS, Point, draw, every_digit, on_paper, unlikeness, wanted

# The form of the result ------------------------------------------------------------------------


@given(
    strokes=st.lists(
        st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=5),
        min_size=1,
        max_size=3,
    ),
    side=st.integers(40, 300),
    width=st.floats(0.04, 0.25),
)
def test_the_result_has_the_form_of_mnist(
    strokes: list[list[Point]], side: int, width: float
) -> None:
    # A dot of a pixel is a speck.
    assume(max(np.ptp(np.concatenate(strokes), axis=0)) > 0.1)
    digit = preprocess(on_paper(draw(strokes, side, width=width)))
    assert digit.shape == (28, 28)
    assert digit.dtype == np.float32
    assert digit.min() == 0
    assert digit.max() == 1
    rows, columns = (np.flatnonzero(digit.any(axis=axis)) for axis in (1, 0))
    assert max(np.ptp(rows), np.ptp(columns)) < 20
    for center, span in zip(center_of_mass(digit), (rows, columns), strict=True):
        at_border = span[0] == 0 or span[-1] == 27
        assert at_border or 13.49 <= center <= 14.51


@every_digit
def test_edges_stay_soft(digit: int) -> None:
    result = wanted(digit)
    assert ((result > 0.1) & (result < 0.9)).sum() > 0.2 * (result > 0.1).sum()


def test_a_picture_is_neither_changed_nor_read_differently_twice() -> None:
    grey = on_paper(draw(DIGITS[5]))
    before = grey.copy()
    first, second = preprocess(grey), preprocess(grey)
    np.testing.assert_array_equal(grey, before)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    "grey",
    [np.zeros((28, 28)), np.zeros((28, 28, 3), np.uint8), np.zeros((0, 9), np.uint8)],
)
def test_what_is_no_picture_is_refused(grey: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"`grey` must be uint8 of shape \(H, W\), got"):
        preprocess(grey)


# Anywhere, in any size, colour and pen ----------------------------------------------------------


@every_digit
@pytest.mark.parametrize("size", [0.15, 0.3, 0.9])
@pytest.mark.parametrize("corner", [0, 1])
def test_place_and_size_do_not_matter(digit: int, size: float, corner: int) -> None:
    start = 0.05 * size + 0.01
    at = (start, start) if corner == 0 else (1 - 1.05 * size - 0.01, 1 - 1.05 * size - 0.01)
    got = preprocess(on_paper(draw(DIGITS[digit], 400, size, at)))
    assert unlikeness(got, wanted(digit)) < 0.2


@every_digit
@pytest.mark.parametrize("shape", [(300, 900), (900, 200)])
def test_the_shape_of_the_picture_does_not_matter(digit: int, shape: tuple[int, int]) -> None:
    got = preprocess(on_paper(draw(DIGITS[digit], 200, 0.8, (0.1, 0.1), shape=shape)))
    assert unlikeness(got, wanted(digit)) < 0.12


@every_digit
@pytest.mark.parametrize(
    ("paper", "colour"), [(0, 255), (255, 200), (255, 235), (60, 20), (128, 180), (20, 35)]
)
def test_colours_do_not_matter(digit: int, paper: int, colour: int) -> None:
    got = preprocess(on_paper(draw(DIGITS[digit]), paper, colour))
    assert unlikeness(got, wanted(digit)) < 0.1


@every_digit
def test_thin_strokes_do_not_vanish(digit: int) -> None:
    thin, pen = wanted(digit, width=0.004), wanted(digit, width=0.07)  # a pixel in 280
    assert thin.max() == 1
    assert thin.sum() > 0.6 * pen.sum()
    assert len(find_components(thin > 0.4)) == 1


@every_digit
def test_thick_strokes_stay_thick(digit: int) -> None:
    assert wanted(digit, width=0.25).sum() > 1.7 * wanted(digit, width=0.1).sum()


@every_digit
@pytest.mark.parametrize("side", [16, 20, 32])
@pytest.mark.parametrize("way", [Image.Resampling.NEAREST, Image.Resampling.BICUBIC])
def test_small_scans_enlarged(digit: int, side: int, way: Image.Resampling) -> None:
    small = Image.fromarray(on_paper(draw(DIGITS[digit], side, 0.86, (0.07, 0.07), 0.12)))
    for factor in (1, 3, 10):
        large = small.resize((side * factor, side * factor), way)
        for grey in (np.asarray(large), 255 - np.asarray(large)):
            assert unlikeness(preprocess(grey), wanted(digit, 0.12)) < 0.5


@every_digit
def test_a_digit_that_reaches_the_border(digit: int) -> None:
    grey = on_paper(draw(DIGITS[digit]))
    rows, columns = np.flatnonzero((grey < 128).any(1)), np.flatnonzero((grey < 128).any(0))
    tight = grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    for picture in (tight, 255 - tight):
        assert unlikeness(preprocess(picture), wanted(digit)) < (0.35 if digit == 1 else 0.1)


# Parts of the digit, and what is none ------------------------------------------------------------


def test_parts_of_the_digit_are_kept() -> None:
    apart = [DIGITS[5][0], [(0.5, -0.05), (0.95, -0.03)]]  # a five whose bar does not meet it
    got = preprocess(on_paper(draw(apart, size=0.6, at=(0.2, 0.2), width=0.07)))
    rows = np.flatnonzero(got.any(axis=1))
    joined = preprocess(on_paper(draw([apart[0]], size=0.6, at=(0.2, 0.2), width=0.07)))
    assert unlikeness(got, joined) > 0.2
    assert got[rows[0] : rows[0] + 3, 14:].sum() > 4  # the bar, at the top right


@pytest.mark.parametrize("mark", [[(0.5, 0.45), (0.5, 0.55)], [(0.3, 0.75), (0.7, 0.25)]])
def test_the_dot_and_the_slash_of_a_zero_are_kept(mark: list[Point]) -> None:
    ring = [(0.5 + 0.3 * np.cos(t), 0.5 + 0.5 * np.sin(t)) for t in np.linspace(0, 6.29, 40)]
    plain = preprocess(on_paper(draw([ring], width=0.07)))
    marked = preprocess(on_paper(draw([ring, mark], width=0.07)))
    assert marked[10:18, 10:18].sum() - plain[10:18, 10:18].sum() > 2


@every_digit
def test_faint_parts_of_a_stroke_are_kept(digit: int) -> None:
    drawn = draw(DIGITS[digit])
    fading = drawn * np.linspace(1, 0.45, 280, dtype=np.float32)[:, None]
    there, full = (image > 0.2 for image in (preprocess(on_paper(fading)), wanted(digit)))
    assert unlikeness(there.astype(np.float32), full.astype(np.float32)) < 0.15


@every_digit
def test_specks_are_dropped(digit: int, rng: np.random.Generator) -> None:
    grey = on_paper(draw(DIGITS[digit], size=0.5, at=(0.25, 0.25)), 230, 90)
    for y, x in rng.integers(2, 276, (40, 2)):
        if grey[y - 2 : y + 5, x - 2 : x + 5].min() == 230:
            grey[y : y + 2, x : x + 3] = 0  # darker than the ink
    assert read(grey) == digit


@every_digit
@pytest.mark.parametrize("upright", [False, True])
def test_ruled_lines_are_dropped(digit: int, upright: bool) -> None:
    grey = on_paper(draw(DIGITS[digit], size=0.4, at=(0.3, 0.3)))
    for at in (30, 65, 240):
        (grey.T if upright else grey)[at : at + 3] = 60
    assert read(grey) == digit


@functools.cache
def network() -> Recognizer:
    return Recognizer.load("digits")


def read(grey: np.ndarray) -> int | None:
    """Return the likeliest digit of a picture; None if it is taken for a blank one."""
    try:
        return network().recognize(preprocess(grey)[np.newaxis])[0].likeliest
    except BlankImage:
        return None


# Photos -----------------------------------------------------------------------------------------


def lamp(kind: str, shape: tuple[int, int]) -> np.ndarray:
    """Light that falls on the paper, 0 to 1."""
    y, x = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    if kind == "from the side":
        return 1 - 0.5 * x * (0.7 + 0.3 * y)
    if kind == "vignette":
        return 1 - 0.9 * ((x - 0.5) ** 2 + (y - 0.5) ** 2)
    if kind == "soft shadow":
        return 1 - 0.4 / (1 + np.exp(-30 * (x + 0.4 * y - 0.75)))
    if kind == "sharp shadow":
        return np.where(x + 0.4 * y < 0.8, 1.0, 0.6)
    if kind == "shadow of the phone":
        return np.where((abs(x - 0.7) < 0.25) & (abs(y - 0.6) < 0.3), 0.6, 1.0)
    return np.ones(shape)


LAMPS = ("even", "from the side", "vignette", "soft shadow", "sharp shadow", "shadow of the phone")


def photo(
    drawn: np.ndarray, kind: str, rng: np.random.Generator, paper: float = 215, grain: float = 4
) -> np.ndarray:
    """Take a photo of ink on paper, with grain and blur, as a JPEG."""
    reflected = paper * (1 - 0.75 * drawn) * lamp(kind, drawn.shape)
    noisy = reflected + rng.normal(0, grain, drawn.shape)
    image = Image.fromarray(np.rint(noisy).clip(0, 255).astype(np.uint8))
    file = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(0.7)).save(file, "JPEG", quality=85)
    return decode(file.getvalue())


@pytest.mark.parametrize("kind", LAMPS)
@pytest.mark.parametrize(("size", "width"), [(0.12, 0.12), (0.35, 0.06), (0.7, 0.15)])
def test_light_and_grain_hardly_matter(
    kind: str, size: float, width: float, rng: np.random.Generator
) -> None:
    at = (0.55, 0.5) if size < 0.4 else (0.15, 0.15)
    photos = {d: photo(draw(DIGITS[d], 500, size, at, width), kind, rng) for d in DIGITS}
    assert sum(read(grey) == digit for digit, grey in photos.items()) >= len(DIGITS) - 1


@every_digit
def test_chalk_on_an_unevenly_lit_board(digit: int, rng: np.random.Generator) -> None:
    drawn = draw(DIGITS[digit], 400, 0.4, (0.3, 0.3))
    light = lamp("from the side", drawn.shape)
    board = light * (70 + 150 * drawn) + rng.normal(0, 4, drawn.shape)
    assert read(board.clip(0, 255).astype(np.uint8)) == digit


@every_digit
@pytest.mark.parametrize("grain", [10, 50])
def test_grain_does_not_matter(digit: int, grain: int, rng: np.random.Generator) -> None:
    drawn = draw(DIGITS[digit])
    grey = (210 - 170 * drawn + rng.normal(0, grain, drawn.shape)).clip(0, 255).astype(np.uint8)
    assert read(grey) == digit


@every_digit
def test_the_table_around_the_sheet_is_left_out(digit: int, rng: np.random.Generator) -> None:
    drawn = draw(DIGITS[digit], 500, 0.3, (0.35, 0.3))
    grey = 220 - 170 * drawn
    grey[:, :60] = grey[450:] = 70
    grey = (grey + rng.normal(0, 3, grey.shape)).clip(0, 255).astype(np.uint8)
    assert read(grey) == digit


# Nothing drawn -----------------------------------------------------------------------------------


def blanks(rng: np.random.Generator) -> dict[str, np.ndarray]:
    shape = (240, 320)
    y, x = np.mgrid[0:1:240j, 0:1:320j]
    return {
        "white": np.full(shape, 255.0),
        "black": np.zeros(shape),
        "one pixel": np.full((1, 1), 9.0),
        "grey": np.full((28, 28), 128.0),
        "noise of a private browser": 255.0 - rng.integers(0, 2, shape),
        "faint noise": 200 + rng.normal(0, 3, shape),
        "grain": 200 + rng.normal(0, 20, shape),
        "slope": 100 + 100 * x,
        "slope with grain": 100 + 100 * (x + y) / 2 + rng.normal(0, 4, shape),
        "paper": photo(np.zeros(shape, np.float32), "even", rng).astype(float),
    }


@pytest.mark.parametrize("name", blanks(np.random.default_rng(0)))
def test_nothing_drawn_is_said_to_be_nothing(name: str, rng: np.random.Generator) -> None:
    grey = np.rint(blanks(rng)[name]).clip(0, 255).astype(np.uint8)
    with contextlib.suppress(BlankImage):
        assert not network().recognize(preprocess(grey)[np.newaxis])[0].is_digit


def test_little_ink_is_not_nothing() -> None:
    dot = np.full((300, 300), 255, np.uint8)
    dot[100:106, 100:106] = 0
    assert preprocess(dot).max() == 1
    assert locate_ink(dot).sum() == 36


def test_texture_is_left_to_the_finder_unless_it_is_the_strokes_of_a_page() -> None:
    def comb(step: int) -> np.ndarray:
        grey = np.full((860, 860), 255, np.uint8)
        grey[30:830, 30:830:step] = 0
        return grey

    for several in (False, True):
        assert locate_ink(comb(8), several) is None
        assert locate_ink(comb(16), several) is not None


# Without each step -------------------------------------------------------------------------------


def _plain(drawn: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return on_paper(drawn)


Make = Callable[[np.ndarray, np.random.Generator], np.ndarray]


STEPS: dict[str, tuple[object, str, object, Make, float]] = {
    "the digit is cropped": (mnist_form, "_crop", lambda ink: ink, _plain, 0.1),
    "thin strokes are widened": (mnist_form, "_thicken", lambda ink: ink, _plain, 0.01),
    "mass is centred": (mnist_form, "center_of_mass", lambda _: (4.0, 4.0), _plain, 0.1),
}


@pytest.mark.parametrize("step", STEPS)
def test_no_step_can_be_left_out(
    step: str, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    module, name, nothing, make, width = STEPS[step]
    good = wanted(2, width)
    picture = make(draw(DIGITS[2], size=0.4, at=(0.4, 0.4), width=width), rng)
    assert unlikeness(preprocess(picture), good) < 0.3
    monkeypatch.setattr(module, name, nothing)
    with contextlib.suppress(BlankImage):  # it cannot come out worse
        assert unlikeness(preprocess(picture), good) > 0.35


# MNIST -------------------------------------------------------------------------------------------


def as_png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


@pytest.mark.mnist
def test_the_digits_of_mnist_come_through_as_they_are(mnist: datasets.Dataset) -> None:
    for image in mnist.test.images:
        np.testing.assert_array_equal(preprocess(image), image / np.float32(255))
    for image in mnist.test.images[:500]:
        np.testing.assert_array_equal(preprocess(255 - image), image / np.float32(255))
        np.testing.assert_array_equal(preprocess(decode(as_png(image))), image / np.float32(255))


@pytest.mark.mnist
@pytest.mark.parametrize(
    ("way", "least"), [(Image.Resampling.NEAREST, 0.02), (Image.Resampling.BILINEAR, 0.3)]
)
def test_enlarged_digits_of_mnist_come_back(
    mnist: datasets.Dataset, way: Image.Resampling, least: float
) -> None:
    differences = []
    for image in mnist.test.images[:200]:
        large = np.asarray(Image.fromarray(image).resize((280, 280), way))
        differences += [
            unlikeness(preprocess(grey), image / np.float32(255)) for grey in (large, 255 - large)
        ]
    assert np.mean(differences) < least
    assert np.max(differences) < 0.7


def test_only_the_form_of_mnist_is_left_as_it_is() -> None:
    digit = np.rint(255 * wanted(2)).astype(np.uint8)
    np.testing.assert_array_equal(preprocess(digit), digit / np.float32(255))
    moved, faint, small = np.roll(digit, 3, axis=1), digit // 2, np.zeros((28, 28), np.uint8)
    small[9:19, 9:19] = np.asarray(Image.fromarray(digit[4:24, 4:24]).resize((10, 10)))
    for grey in (moved, faint, small):
        assert not np.array_equal(preprocess(grey), grey / np.float32(255))
        assert unlikeness(preprocess(grey), digit / np.float32(255)) < 0.5
