"""Reading the numbers of a picture: drawn with Pillow, read by the networks that are shipped."""

import contextlib
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from server.images.errors import BlankImage, TooManyMarks
from server.segmentation.line_form import HEIGHT, Frame
from server.segmentation.line_reader import DIGITS as ONLY_DIGITS
from server.segmentation.line_reader import LineReader
from server.segmentation.text import Character, read_text
from tests.support.strokes import glyph, in_cells, on_paper


def read(grey: np.ndarray) -> tuple[str, list[Character]]:
    """Read the digits of a picture, and where they are."""
    found = [character for character in read_text(grey, only=ONLY_DIGITS) if character.is_digit]
    return "".join(character.text for character in found), found


def row(glyphs: list[np.ndarray], gap: int = 20) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Set glyphs side by side; return their ink and the columns of each."""
    height = 60 + max(len(one) for one in glyphs)
    spans, ink = [], np.zeros((height, 60 + sum(one.shape[1] + abs(gap) for one in glyphs)))
    x = 30
    for one in glyphs:
        place = ink[30 : 30 + len(one), x : x + one.shape[1]]
        np.maximum(place, one, out=place)
        spans.append((x, x + one.shape[1]))
        x += one.shape[1] + gap
    return ink, spans


def spell(text: str, gap: int = 20, width: float = 0.1) -> np.ndarray:
    return on_paper(row([glyph(int(digit), width) for digit in text], gap)[0])


# -- what stands apart


@pytest.mark.parametrize("text", ["4", "12", "58241", "1111", "4482158"])
def test_digits_apart_are_read(text):
    assert read(spell(text))[0] == text


def test_boxes_are_where_the_digits_are():
    ink, spans = row([glyph(int(digit)) for digit in "58241"])
    _, found = read(on_paper(ink))
    for part, (left, right) in zip(found, spans, strict=True):
        x, y, width, height = part.box
        assert abs(x - left) <= 3
        assert abs(x + width - right) <= 3
        assert abs(y - 30) <= 3
        assert abs(height - len(glyph(2))) <= 6


@pytest.mark.parametrize("width", [0.03, 0.06, 0.2])
def test_thin_and_thick_pens(width):
    assert read(spell("2581", width=width))[0] == "2581"


@pytest.mark.parametrize("height", [16, 24, 600])
def test_small_and_large_pictures(height):
    grey = spell("4258")
    size = round(grey.shape[1] * height / len(grey)), height
    assert (
        read(np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.LANCZOS)))[0] == "4258"
    )


def test_light_on_dark():
    assert read(255 - spell("8125"))[0] == "8125"


def test_cropped_to_the_ink():
    grey = spell("8425")
    rows, columns = np.flatnonzero((grey < 99).any(1)), np.flatnonzero((grey < 99).any(0))
    assert read(grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])[0] == "8425"


def test_wide_gaps_stay_in_one_line():
    assert read(spell("2 4".replace(" ", ""), gap=600))[0] == "24"


# -- what touches, overlaps or is broken


@pytest.mark.parametrize("gap", [0, -4, -8])
@pytest.mark.parametrize("text", ["2242", "4858", "8825", "52"])
def test_touching_and_overlapping_digits_are_cut(text, gap):
    assert read(spell(text, gap))[0] == text


def test_a_stroke_that_joins_two_digits():
    ink, spans = row([glyph(8), glyph(4)])
    ink[100:108, spans[0][1] - 14 : spans[1][0] + 10] = 1
    assert read(on_paper(ink))[0] == "84"


def test_slanted_digits_that_reach_over_one_another():
    """No upright cut tells them apart; no ink of one may end up in the other's box."""
    upright = spell("2121", gap=6)
    height = len(upright)
    shear = Image.fromarray(255 - upright).transform(
        (upright.shape[1] + height, height),
        Image.Transform.AFFINE,
        (1, 0.4, -0.4 * height, 0, 1, 0),
        Image.Resampling.BILINEAR,
    )
    grey = 255 - np.asarray(shear)
    assert np.diff((grey < 128).any(axis=0)).sum() == 2  # there is no empty column between
    assert read(grey)[0] == "2121"


def test_a_digit_in_two_pieces_is_one():
    """The bar of a five is often written apart."""
    ink, spans = row([glyph(2), glyph(5), glyph(8)])
    left, right = spans[1]
    five = np.zeros_like(ink)
    five[:, left:right] = ink[:, left:right]
    five[:, left + 26 : left + 32] *= np.arange(len(five))[:, np.newaxis] > 50
    ink[:, left:right] = five[:, left:right]
    text, found = read(on_paper(ink))
    assert text == "258"
    assert abs(found[1].box[2] - (right - left)) <= 3


# -- what is no digit


def test_dots_dashes_and_specks_are_passed_over(rng):
    ink, spans = row([glyph(int(digit)) for digit in "4258"], gap=40)
    ink[130:140, spans[0][1] + 14 : spans[0][1] + 24] = 1  # a point
    ink[85:95, spans[1][1] + 6 : spans[1][1] + 34] = 1  # a dash
    for y, x in rng.integers(0, (len(ink) - 3, ink.shape[1] - 3), (60, 2)):
        ink[y : y + 2, x : x + 2] = 1
    assert read(on_paper(ink))[0] == "4258"


def test_a_frame_is_no_digit():
    grey = spell("482")
    grey[4:7, 4:-4] = grey[-7:-4, 4:-4] = 0
    grey[4:-4, 4:7] = grey[4:-4, -7:-4] = 0
    assert read(grey)[0] == "482"


def test_a_ruled_line_is_no_digit():
    grey = spell("825")
    grey[-20:-17] = 0
    assert read(grey)[0] == "825"


def test_a_faint_thin_digit_beside_bold_ones_is_found():
    ink, spans = row([glyph(8, 0.15), glyph(1, 0.06), glyph(8, 0.15)])
    left, right = spans[1]
    ink[:, left:right] *= 0.85
    assert read(on_paper(ink))[0] == "818"


def test_a_scribble_among_digits_has_a_place_of_its_own():
    ink, spans = row([glyph(4), glyph(8), glyph(2)])
    left, right = spans[1]
    ink[:, left:right] = 0
    ink[30:142:14, left:right] = ink[34:142:14, left:right] = ink[32:142:14, left:right] = 1
    ink[30:142, left + 4 : left + 8] = ink[30:142, right - 8 : right - 4] = 1
    text, found = read(on_paper(ink))
    assert text[0] == "4"
    assert text[-1] == "2"
    assert len(found) >= 3


def test_nothing_drawn():
    with pytest.raises(BlankImage):
        read_text(np.full((50, 200), 255, np.uint8))


def test_more_marks_than_a_number_has_are_refused_before_any_is_read(monkeypatch):
    grey = np.full((300, 300), 255, np.uint8)
    for y in range(5, 290, 20):
        grey[y : y + 12, 5:290:12] = grey[y : y + 12, 6:290:12] = 0
    monkeypatch.setattr("server.segmentation.text._read", lambda *_: pytest.fail("read"))
    with pytest.raises(TooManyMarks, match="100"):
        read_text(grey, max_marks=100)


def test_what_is_no_picture_is_refused():
    with pytest.raises(ValueError, match="uint8"):
        read_text(np.zeros((9, 9)))


# -- order


def test_lines_are_read_from_above():
    top, bottom = spell("4125"), spell("858")
    page = np.full((len(top) + len(bottom), top.shape[1]), 255, np.uint8)
    page[: len(top)] = top
    page[len(top) :, : bottom.shape[1]] = bottom
    text, found = read(page)
    assert text == "4125858"
    assert {part.box[1] > len(top) for part in found[4:]} == {True}


def test_a_rising_line_is_one_line():
    """The last digit ends above where the first one begins."""
    ink, spans = row([glyph(int(digit)) for digit in "51482"], gap=12)
    page = np.zeros((len(ink) + 400, ink.shape[1]))
    for index, (left, right) in enumerate(spans):
        y = 180 - 40 * index
        page[y : y + len(ink), left:right] = ink[:, left:right]
    assert read(on_paper(page))[0] == "51482"


def test_lines_of_a_tilted_page_are_told_apart():
    page = np.full((400, 520), 255, np.uint8)
    for y, text in ((10, "5248"), (190, "1584")):
        line = spell(text, gap=24)
        page[y : y + len(line), : line.shape[1]] = np.minimum(
            page[y : y + len(line), : line.shape[1]], line
        )
    tilted = Image.fromarray(page).rotate(7, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    assert read(np.asarray(tilted))[0] == "52481584"


def beside_caption() -> np.ndarray:
    """A number, and smaller writing well above it."""
    number, caption = spell("4258"), Image.fromarray(spell("12", width=0.12))
    small = np.asarray(caption.resize((caption.width * 2 // 5, caption.height * 2 // 5)))
    page = np.full((len(number) + len(small), number.shape[1]), 255, np.uint8)
    page[: len(small), : small.shape[1]] = small
    page[len(small) :] = number
    return page


def test_smaller_writing_above_a_number_is_a_line_of_its_own():
    assert str(read_text(beside_caption(), only=ONLY_DIGITS)).replace(" ", "") == "12\n4258"


# -- grids and boxes

ROWS = ("4 2", " 8 ", "51 ")


def test_a_grid_is_read_cell_by_cell():
    text = read_text(in_cells(ROWS), only=ONLY_DIGITS)
    assert text.table is not None
    assert (text.table.rows, text.table.columns) == (3, 3)
    assert text.cells() == [["4", "", "2"], ["", "8", ""], ["5", "1", ""]]
    assert str(text) == "42\n8\n51"
    assert [len(word) for word in text.words()] == [1] * 5
    corners = np.array([(40, 40), (310, 40), (310, 310), (40, 310)])
    np.testing.assert_allclose(text.table.corners, corners, atol=6)
    larger = text.scaled(2, 3)
    assert larger.table is not None
    np.testing.assert_allclose(larger.table.corners, text.table.corners * (2, 3))
    assert larger.cells() == text.cells()


def test_a_grid_can_be_read_in_lines_and_boxes_as_a_grid():
    text = read_text(in_cells(ROWS), only=ONLY_DIGITS, layout="lines")
    assert text.table is None
    assert text.cells() is None
    boxes = in_cells(("45 2",))
    assert read_text(boxes, only=ONLY_DIGITS).table is None
    in_grid = read_text(boxes, only=ONLY_DIGITS, layout="grid")
    assert in_grid.cells() == [["4", "5", "", "2"]]


def test_walls_of_boxes_part_no_numbers():
    assert str(read_text(in_cells(("4258",)), only=ONLY_DIGITS)) == "4258"


class Spaced(LineReader):
    """Sees a gap between any two characters of a word."""

    def read(self, ink, only=None):
        read = super().read(ink, only)
        x = read[0].box[0] + read[0].box[2]
        gap = replace(read[0], text=" ", box=(x, 0, 0, 0))
        return [c for character in read for c in (gap, character)][1:]


def test_a_gap_that_the_line_reader_sees_is_none_if_a_wall_is_in_it():
    spaced, image = Spaced(), in_cells(("4258",), side=60)
    assert str(read_text(image, only=ONLY_DIGITS, reader=spaced)) == "4258"
    assert str(read_text(spell("42"), only=ONLY_DIGITS, reader=spaced)) == "4 2"


# -- any picture


@pytest.mark.parametrize("shape", [(20, 1600), (3, 800), (12, 4096)])
def test_a_long_thin_line_costs_no_more_than_others(shape):
    grey = np.full(shape, 255, np.uint8)
    grey[shape[0] // 2, 20:-20] = 0
    tracemalloc.start()
    try:
        with contextlib.suppress(BlankImage):
            read_text(grey)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200e6


@given(
    shape=st.tuples(st.integers(1, 60), st.integers(1, 120)),
    blocks=st.lists(st.tuples(*[st.integers(0, 119)] * 2, *[st.integers(1, 40)] * 2), max_size=9),
)
@settings(max_examples=60)
def test_boxes_lie_in_the_picture(shape, blocks):
    grey = np.full(shape, 255, np.uint8)
    for y, x, height, width in blocks:
        grey[y : y + height, x : x + width] = 20
    try:
        found = list(read_text(grey))
    except BlankImage:
        return
    assert found
    for part in found:
        x, y, width, height = part.box
        assert min(x, y) >= 0
        assert min(width, height) >= 1
        assert x + width <= shape[1]
        assert y + height <= shape[0]
        assert 0 <= part.probability <= 1


# -- signs


def signed(*marks: tuple[int, int, int, int]) -> np.ndarray:
    """A four and a two with ink at (top, left, height, width) beside them."""
    ink, _ = row([glyph(4), glyph(2)], gap=60)
    page = np.pad(ink, ((0, 0), (120, 60)))
    for top, left, height, width in marks:
        page[top : top + height, left : left + width] = 1
    return on_paper(page)


def test_signs_are_read_where_they_are_written():
    assert str(read_text(signed())).replace(" ", "") == "42"
    assert str(read_text(signed((80, 60, 10, 45)))).replace(" ", "") == "-42"
    text = str(read_text(signed((80, 60, 10, 45)), only=ONLY_DIGITS))
    assert set(text) <= set(ONLY_DIGITS)


@pytest.mark.parametrize("width", [129, 250, 1033])
def test_a_long_line_is_read_in_windows_as_if_it_were_one(
    width: int, rng: np.random.Generator
) -> None:
    reader = LineReader()
    pixels = (rng.random((HEIGHT, width)) > 0.7).astype(np.float32)
    whole = np.zeros((1, HEIGHT, width + 63 & ~1, 1), np.float32)
    whole[0, :, :width, 0] = pixels
    expected = reader._make(whole.shape[2]).logits(whole)[0]
    got = reader.logits(Frame(pixels, 1.0, 0.0))
    assert len(got) >= width // 2
    np.testing.assert_allclose(got[: width // 2], expected[: width // 2], atol=1e-4)
