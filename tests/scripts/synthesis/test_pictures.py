"""Photos, non-digits, clutter, corruptions: what each does to a picture."""

from contextlib import suppress

import numpy as np
import pytest

from scripts.synthesis import fidelity
from scripts.synthesis.mnist import corruptions
from scripts.synthesis.others import nondigits
from scripts.synthesis.pages import clutter, cutouts, photos
from scripts.synthesis.pages.geometry import crop
from scripts.synthesis.sources import handwritten_coverage
from server.finding.prepare import preprocess
from server.images.errors import BlankImage


def rng(seed=0):
    return np.random.default_rng(seed)


def ring():
    """A digit 0 in MNIST's form."""
    y, x = np.mgrid[:28, :28] - 13.5
    radius = np.hypot(x / 0.8, y)
    return (np.clip(2.5 - np.abs(radius - 8), 0, 1) * 255).astype(np.uint8)


def test_photos_are_darker_where_the_ink_is():
    shape = np.zeros((60, 60), np.uint8)
    shape[:, 25:35] = 255
    for seed in range(12):
        grey = photos.photograph(shape, rng(seed), (120, 160))
        assert grey.shape == (160, 120)
        assert grey.dtype == np.uint8
        assert grey.std() > 2


def test_light_is_uneven_but_leaves_no_part_black():
    for seed in range(20):
        level = photos.light((80, 60), rng(seed))
        assert level.shape == (60, 80)
        assert 0.1 < level.min() < level.max() <= 1.0001
    assert max(np.ptp(photos.light((80, 60), rng(s))) for s in range(20)) > 0.3


def test_shadows_are_soft_polygons():
    shades = [photos.shadow((90, 70), rng(seed)) for seed in range(10)]
    assert all(0 <= shade.min() <= shade.max() <= 1 for shade in shades)
    assert any(0.1 < shade.mean() < 0.9 for shade in shades)


def test_ruled_paper_has_lines_of_one_colour():
    lines = photos.ruling((100, 100), rng(1))
    assert 0 < (lines > 0).mean() < 0.5


def test_motion_blur_leaves_the_border_as_bright_as_the_paper():
    from PIL import Image

    paper = Image.new("L", (60, 50), 200)
    for seed in range(5):
        assert np.ptp(np.asarray(photos._shaken(paper, rng(seed)))) <= 1


def test_cut_out_digits_have_few_pixels_enlarged_or_not():
    sides, greys, margins = [], [], 0
    for seed in range(60):
        page = cutouts._frame(cutouts._scan(crop(ring()), (9, 12), rng(seed)), rng(seed))
        assert page.shape[0] <= 16 + 4
        margins += not page[0].any()
        greys.append(len(np.unique(page)))
        sides.append(cutouts.cut_out(crop(ring()), rng(seed)).shape[0])
    assert 10 < margins < 50
    assert min(greys) == 2
    assert max(greys) > 10
    assert min(sides) < 12
    assert max(sides) > 150


def test_a_cut_out_digit_is_still_the_digit():
    read = 0
    for seed in range(60):
        with suppress(BlankImage):
            image = preprocess(cutouts.cut_out(crop(ring()), rng(seed)))
            read += fidelity.survives(np.rint(255 * image).astype(np.uint8), ring())
    assert read > 54


@pytest.mark.fonts
@pytest.mark.parametrize("make", [make for make, _ in nondigits._MAKERS], ids=lambda m: m.__name__)
def test_every_kind_of_nondigit_puts_ink_on_a_page(make):
    source = rng(4)
    for _ in range(8):
        page = make(source)
        assert page.dtype == np.uint8
        assert page.ndim == 2
        assert page.max() > 60
    assert np.array_equal(make(rng(5)), make(rng(5)))


def test_look_alikes_of_digits_are_left_out():
    assert not set("OoIl|SsZzBqg0123456789") & set(nondigits.CHARACTERS)


@pytest.mark.parametrize(
    "disturb", [clutter.stray_line, clutter.specks, clutter.smear, clutter.missing_strip]
)
def test_clutter_disturbs_a_page_without_hiding_the_digit(disturb):
    coverage = handwritten_coverage(8, rng(6))
    box = clutter._ink_box(coverage)
    soiled = disturb(coverage, box, rng(6))
    assert soiled.shape == coverage.shape
    assert not np.array_equal(soiled, coverage)
    assert np.corrcoef(soiled.ravel(), coverage.ravel())[0, 1] > 0.5


def test_a_one_gets_no_stray_line_and_an_empty_page_nothing():
    bar = np.zeros((60, 60), np.uint8)
    bar[10:50, 28:32] = 255
    for seed in range(30):
        soiled = clutter.clutter(bar, rng(seed))
        assert soiled[:, :8].max() < 255 or (soiled == 255).mean() < 0.2
    assert np.array_equal(clutter.clutter(np.zeros_like(bar), rng()), np.zeros_like(bar))


def test_a_digit_survives_as_itself_and_not_as_something_else():
    digit, other = (crop(handwritten_coverage(d, rng(d))) for d in (3, 6))
    image = fidelity.normal_form(digit).astype(np.uint8)
    assert fidelity.survives(image, digit)
    assert not fidelity.survives(image, np.ascontiguousarray(other[:, ::-1]))
    blot = np.zeros((28, 28), np.uint8)
    blot[:9, :9] = 255
    assert not fidelity.survives(blot, digit)


def test_the_normal_form_is_mnists():
    form = fidelity.normal_form(handwritten_coverage(5, rng(2)))
    rows, columns = np.flatnonzero(form.any(axis=1)), np.flatnonzero(form.any(axis=0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    y, x = np.mgrid[:28, :28]
    centre = [(form * a).sum() / form.sum() for a in (y, x)]
    np.testing.assert_allclose(centre, 13.5, atol=0.6)


@pytest.mark.parametrize("name", corruptions.CORRUPTIONS)
def test_corruptions_change_a_digit_and_depend_on_the_generator_alone(name):
    digits = np.stack([ring()] * 4)
    first, again = (corruptions.corrupt(digits, name, rng(7)) for _ in range(2))
    assert (first.shape, first.dtype) == (digits.shape, np.uint8)
    assert np.array_equal(first, again)
    assert all(np.abs(a.astype(int) - b).mean() > 1 for a, b in zip(first, digits, strict=True))


def centre(picture):
    y, x = np.mgrid[:28, :28]
    return np.array([(picture * a).sum() / picture.sum() for a in (x, y)])


def test_each_corruption_does_what_its_name_says():
    digit = ring()
    assert np.abs(centre(corruptions.translate(digit, rng())) - centre(digit)).min() > 2.5
    assert (corruptions.scale(digit, rng()) > 99).sum() < 0.85 * (digit > 99).sum()
    assert corruptions.brightness(digit, rng()).min() > 50
    assert corruptions.stripe(digit, rng())[9:19, 0].max() == 255
    assert corruptions.canny_edges(digit, rng())[digit == 255].mean() < 200
    assert corruptions.motion_blur(digit, rng()).max() <= 255
    np.testing.assert_allclose(centre(corruptions.rotate(digit, rng())), 13.5, atol=0.5)
    np.testing.assert_allclose(centre(corruptions.shear(digit, rng())), 13.5, atol=0.5)


def test_unknown_corruptions_are_refused():
    with pytest.raises(ValueError, match=r"`name` must be one of .*got 'rain'"):
        corruptions.corrupt(np.stack([ring()]), "rain", rng())
