"""Printed characters: faces and their split, displays, laying shapes onto pages."""

import numpy as np
import pytest

from scripts.synthesis.pages import geometry
from scripts.synthesis.print import displays, fonts, printing


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.fonts
def test_designs_are_split_without_overlap():
    train, test, everything = (set(fonts.split(part)) for part in ("train", "test", "all"))
    assert train
    assert test
    assert not train & test
    assert train | test == everything
    files = [{face.path for faces in part for face in faces if face.zero == 0x30}
             for part in (train, test)]  # fmt: skip
    assert not files[0] & files[1]


@pytest.mark.fonts
def test_families_with_the_same_digits_are_one_design():
    by_family = {f.family: name for name, faces in fonts.designs().items()
                 for f in faces if f.zero == 0x30}  # fmt: skip
    assert by_family["Noto Sans Tamil"] == by_family["Noto Sans"]
    assert by_family["Noto Serif"] != by_family["Noto Sans"]
    assert by_family["DejaVu Sans"] != by_family["Liberation Serif"]


@pytest.mark.fonts
def test_no_tested_digits_are_shaped_like_trained_ones():
    """The split is worth nothing if a test face differs from a training face by its name only."""
    prints = {
        part: [fonts._fingerprint(f) for faces in fonts.split(part) for f in faces
               if f.style in fonts._PLAIN_STYLES and not f.feature]
        for part in ("train", "test")
    }  # fmt: skip
    nearest = min(fonts._distance(a, b) for a in prints["train"] for b in prints["test"])
    assert nearest >= fonts.ALIKE


@pytest.mark.fonts
def test_every_face_draws_ten_different_digits():
    for faces in fonts.split("all"):
        for face in faces:
            shapes = {face.digit(digit, 32).tobytes() for digit in range(10)}
            assert len(shapes) == 10, face


def test_the_parts_have_names():
    with pytest.raises(ValueError, match=r"`part` must be .*got 'both'"):
        fonts.split("both")


def test_missing_fonts_are_named(monkeypatch):
    monkeypatch.setattr(fonts, "split", lambda part: ())
    with pytest.raises(FileNotFoundError, match="fonts-dejavu"):
        fonts.choose_face("train", rng())


@pytest.mark.fonts
def test_characters_a_font_lacks_are_known():
    face = next(f for faces in fonts.split("all") for f in faces if f.family == "Noto Sans")
    assert face.has("A")
    assert not face.has("\uffff")
    assert not face.has(" ")


@pytest.mark.parametrize("digit", range(10))
def test_segments_light_the_right_bars(digit):
    """Sample the middle of each segment's place in an upright display."""
    lit = set()
    shape = displays.seven_segments(digit, 120, rng(1))
    eight = displays.seven_segments(8, 120, rng(1))
    height, width = eight.shape
    page = np.zeros_like(eight)  # digits are cropped: put this one back, right and bottom aligned
    page[-shape.shape[0] :, -shape.shape[1] :] = shape
    bar = int(np.flatnonzero(eight[:, width // 2] == 0)[0])
    places = {"a": (bar // 2, width // 2), "b": (height // 4, -bar // 2),
              "c": (3 * height // 4, -bar // 2), "d": (-bar // 2, width // 2),
              "e": (3 * height // 4, bar // 2), "f": (height // 4, bar // 2),
              "g": (height // 2, width // 2)}  # fmt: skip
    lit = {name for name, place in places.items() if page[place]}
    assert lit in [set(variant) for variant in displays.SEGMENTS[digit]]


@pytest.mark.parametrize("digit", range(10))
def test_dots_are_drawn_as_the_table_says(digit):
    dots = [displays._bits(rows) for rows in displays.DOTS[digit]]
    assert all(bits.shape == (7, 5) for bits in dots)
    shape = displays.dot_matrix(digit, 70, rng(2))
    assert 40 <= shape.shape[0] <= 74
    covered = (shape > 0).sum() / 100  # in cells of 10 by 10 pixels
    lit = [int(bits.sum()) for bits in dots]
    assert 0.35 * min(lit) < covered < 1.3 * max(lit)


def test_a_projection_takes_its_points_where_they_belong():
    source, target = geometry.corners(40, 30), rng(3).normal(50, 20, (4, 2))
    a, b, c, d, e, f, g, h = geometry.projection(source, target)
    x, y = source.T
    scale = g * x + h * y + 1
    mapped = np.stack([(a * x + b * y + c) / scale, (d * x + e * y + f) / scale], axis=1)
    np.testing.assert_allclose(mapped, target)


def test_warping_onto_a_larger_square_keeps_the_picture():
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 5:15] = 255
    page = geometry.warp(mask, geometry.corners(80, 80) + np.array([20, 10]), (120, 100))
    rows, columns = np.flatnonzero(page.max(axis=1) > 128), np.flatnonzero(page.max(axis=0) > 128)
    np.testing.assert_allclose([rows[0], rows[-1]], [30, 69], atol=1)
    np.testing.assert_allclose([columns[0], columns[-1]], [30, 49], atol=1)


def test_filling_a_box_keeps_proportions():
    quad = geometry.fill(geometry.corners(10, 40), (100, 50, 60, 20))
    np.testing.assert_allclose(quad.min(axis=0), [127.5, 50])
    np.testing.assert_allclose(quad.max(axis=0), [132.5, 70])


def test_cropping_leaves_only_the_ink():
    mask = np.zeros((9, 9), np.uint8)
    mask[2:4, 3:8] = 1
    assert geometry.crop(mask).shape == (2, 5)
    assert geometry.crop(np.zeros((9, 9), np.uint8)).shape == (9, 9)


def test_ink_spreads_below_half_and_shrinks_above():
    disc = np.pad(np.full((20, 20), 255, np.uint8), 20)
    heavier, lighter = (printing.spread(disc, 3, level, 0, rng()) for level in (0.3, 0.7))
    assert heavier.sum() > disc.sum() > lighter.sum()


def test_hollow_shapes_are_outlines():
    disc = np.pad(np.full((40, 40), 255, np.uint8), 20)
    outline = printing.hollow(disc, 6)
    assert outline[40, 40] == 0
    assert outline[18, 40] == 255


@pytest.mark.fonts
@pytest.mark.parametrize("digit", range(10))
def test_printed_digits_lie_within_their_page(digit):
    source = rng(digit)
    for _ in range(12):
        page = printing.set_on_page(printing.printed_digit(digit, "train", source), source)
        assert page.max() > 100
        border = np.concatenate([page[0], page[-1], page[:, 0], page[:, -1]])
        assert border.max() < 255
        assert (border > 128).mean() < 0.05
