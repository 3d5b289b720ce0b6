"""Changed ink, against scalar loops and pictures whose outcome is known."""

import math

import numpy as np
import pytest

from convnet.augmentation.ink import Blur, Contrast, Erase, Noise, Pen, thicken

TRANSFORMS = [Pen, Blur, Contrast, Noise, Erase]
PLUS = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))


@pytest.fixture
def images(rng):
    return rng.uniform(0.2, 0.8, (4, 7, 9)).astype(np.float32)


class Fixed:
    """A generator whose even numbers lie at a given part of their range; the rest is random."""

    def __init__(self, part):
        self.part = part
        self.rng = np.random.default_rng(0)

    def uniform(self, low, high, size):
        return np.full(size, low + self.part * (high - low))

    def random(self, size):
        return self.rng.random(size)

    def standard_normal(self, shape, dtype):
        return self.rng.standard_normal(shape, dtype)


def neighbourhoods(image, offsets):
    """The values around each pixel, in a list; outside is paper."""
    padded = np.pad(image, 1)
    for i, j in np.ndindex(image.shape):
        yield (i, j), [float(padded[i + 1 + di, j + 1 + dj]) for di, dj in offsets]


@pytest.mark.parametrize("make", TRANSFORMS)
class TestEveryTransform:
    def test_changes_a_copy_in_float32(self, make, images, rng):
        before = images.copy()
        changed = make(probability=1.0)(images, rng)
        np.testing.assert_array_equal(images, before)
        assert changed.dtype == np.float32
        assert changed.shape == images.shape
        assert all((new != old).any() for new, old in zip(changed, images, strict=True))

    def test_stays_between_paper_and_ink(self, make, rng):
        images = rng.choice(np.array([0, 0.5, 1], np.float32), (200, 7, 9))
        changed = make(probability=1.0)(images, rng)
        assert changed.min() >= 0
        assert changed.max() <= 1

    def test_a_seed_repeats(self, make, images):
        first, again, other = (
            make(probability=1.0)(images, np.random.default_rng(seed)) for seed in (1, 1, 2)
        )
        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other)

    def test_probability_is_the_share_that_changes(self, make, rng):
        images = rng.uniform(0.2, 0.8, (2000, 7, 9)).astype(np.float32)
        np.testing.assert_array_equal(make(probability=0.0)(images, rng), images)
        changed = make(probability=0.3)(images, rng)
        share = (changed != images).any(axis=(1, 2)).mean()
        assert share == pytest.approx(0.3, abs=0.05)

    @pytest.mark.parametrize("probability", [-0.1, 1.1, math.nan])
    def test_probability_out_of_range_is_refused(self, make, probability):
        with pytest.raises(ValueError, match=r"`probability` must be in \[0, 1\], got"):
            make(probability=probability)


@pytest.mark.parametrize("pixels", [1.0, -1.0, 0.4, -0.4, 2.0, -2.0, 1.3])
def test_thicken_picks_from_the_four_neighbours_pixel_after_pixel(images, pixels):
    pick = max if pixels > 0 else min
    for image, changed in zip(images, thicken(images, np.full(len(images), pixels)), strict=True):
        expected, left = image.astype(float), abs(pixels)
        while left > 0:
            before = expected.copy()
            for index, values in neighbourhoods(before, PLUS):
                expected[index] += min(left, 1) * (pick(values) - before[index])
            left -= 1
        np.testing.assert_allclose(changed, expected, atol=1e-6)


def test_thicken_gives_each_picture_its_own_pen():
    image = np.zeros((3, 9, 9), np.float32)
    image[:, :, 3:6] = 1  # an upright stroke of three pixels
    widths = thicken(image, np.array([-1.0, 0.0, 1.0]))[:, 4].sum(axis=1)
    np.testing.assert_array_equal(widths, [1, 3, 5])


@pytest.mark.parametrize(("part", "pixels"), [(0.0, -0.25), (0.5, 0.375), (1.0, 1.0)])
def test_pen_goes_from_thinner_to_thicker(images, part, pixels):
    pen = Pen(thinner=0.25, thicker=1.0, probability=1.0)
    np.testing.assert_array_equal(
        pen(images, Fixed(part)), thicken(images, np.full(len(images), pixels))
    )


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_blur_goes_part_of_the_way_to_the_binomial_mean(images, share):
    weights = [1, 2, 1, 2, 4, 2, 1, 2, 1]
    offsets = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    blurred = Blur(amount=1.0, probability=1.0)(images, Fixed(share))
    for image, changed in zip(images, blurred, strict=True):
        for index, values in neighbourhoods(image, offsets):
            mean = sum(w * v for w, v in zip(weights, values, strict=True)) / 16
            expected = (1 - share) * image[index] + share * mean
            assert changed[index] == pytest.approx(expected, abs=1e-6)


def test_contrast_bends_greys_and_pales_ink(images):
    changed = Contrast(paler=0.5, bend=0.8, probability=1.0)(images, Fixed(1.0))
    np.testing.assert_allclose(changed, (images + 0.8 * images * (1 - images)) * 0.5, rtol=1e-5)
    unchanged = Contrast(paler=0.0, bend=0.0, probability=1.0)(images, Fixed(1.0))
    np.testing.assert_array_equal(unchanged, images)


@pytest.mark.parametrize("part", [0.0, 1.0])
def test_contrast_keeps_the_order_of_greys(part):
    greys = np.linspace(0, 1, 99, dtype=np.float32).reshape(1, 1, 99)
    changed = Contrast(paler=0.0, bend=1.0, probability=1.0)(greys, Fixed(part))[0, 0]
    assert changed[0] == 0
    assert changed[-1] == 1
    assert (np.diff(changed) > 0).all()


def test_noise_has_the_deviation_asked_for():
    images = np.full((50, 28, 28), 0.5, np.float32)
    grain = Noise(deviation=0.1, probability=1.0)(images, Fixed(0.6)) - images
    assert grain.std() == pytest.approx(0.06, rel=0.03)
    assert abs(grain.mean()) < 0.002
    assert not np.array_equal(grain[0], grain[1])


def test_erase_paints_one_rectangle_of_paper(rng):
    images = np.ones((2000, 28, 28), np.float32)
    erased = Erase(size=6.0, probability=1.0)(images, rng) == 0
    assert set(np.unique(erased.sum(axis=(1, 2)))) <= {h * w for h in range(8) for w in range(8)}
    for hole in erased:
        rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
        assert hole.sum() == len(rows) * len(columns)  # full
        assert len(rows) == np.ptp(rows) + 1  # and in one piece
        assert len(columns) == np.ptp(columns) + 1
        assert 1 <= len(rows) <= 7
        assert 1 <= len(columns) <= 7
    assert erased.any(axis=0).all()  # every place is hit sometimes


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Pen(thinner=-1.0), r"`thinner` .* at least 0, got -1.0"),
        (lambda: Pen(thicker=math.inf), r"`thicker` .* got inf"),
        (lambda: Blur(amount=-0.5), r"`amount` .* got -0.5"),
        (lambda: Contrast(paler=1.5), r"`paler` must be in \[0, 1\], got 1.5"),
        (lambda: Contrast(bend=2.0), r"`bend` must be in \[0, 1\], got 2.0"),
        (lambda: Noise(deviation=math.nan), r"`deviation` .* got nan"),
        (lambda: Erase(size=-1.0), r"`size` .* got -1.0"),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
