"""Bent pictures, against scalar loops and maps whose outcome is known."""

import math

import numpy as np
import pytest

from convnet.augmentation.warp import Warp, affine_places, elastic_field, sample

STILL = {
    "rotation": 0.0,
    "shift": 0.0,
    "scale": (1.0, 1.0),
    "stretch": 1.0,
    "shear": 0.0,
    "elastic": 0.0,
}
MANY = 4000


def pictures(rng, count=3, height=9, width=12):
    return rng.random((count, height, width), np.float32)


def sample_one_by_one(images, y, x):
    """Bilinear interpolation as in the textbook, one pixel at a time."""
    _, height, width = images.shape
    new = np.zeros(y.shape)
    for n, i, j in np.ndindex(y.shape):
        top, left = math.floor(y[n, i, j]), math.floor(x[n, i, j])
        for row, column in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
            if 0 <= row < height and 0 <= column < width:
                weight = (1 - abs(y[n, i, j] - row)) * (1 - abs(x[n, i, j] - column))
                new[n, i, j] += weight * images[n, row, column]
    return new


def places(matrix, shift=(0, 0), size=(9, 9)):
    return affine_places(np.array([matrix], float), np.array([shift], float), *size)


def test_sample_is_bilinear_and_paper_outside(rng):
    images = pictures(rng)
    y = rng.uniform(-3, 12, (3, 7, 5)).astype(np.float32)
    x = rng.uniform(-3, 15, (3, 7, 5)).astype(np.float32)
    y[0, 0], x[0, 0] = [-1, -0.5, 8, 8.5, 9], [-1, 11.5, 11, 12, 40]  # at and beyond the edges
    np.testing.assert_allclose(
        sample(images, y, x), sample_one_by_one(images, y, x), rtol=1e-5, atol=1e-6
    )


def test_sample_at_the_pixels_is_the_picture_itself(rng):
    images = pictures(rng)
    y, x = np.indices(images.shape[1:], np.float32)
    everywhere = np.ones((3, 1, 1), np.float32)
    np.testing.assert_array_equal(sample(images, y * everywhere, x * everywhere), images)


def test_a_quarter_turn_is_counterclockwise(rng):
    image = pictures(rng, 1, 9, 9)
    turned = sample(image, *places([[0, -1], [1, 0]]))  # R with cos 0, sin 1
    np.testing.assert_allclose(turned[0], np.rot90(image[0]), atol=1e-5)


def test_a_shift_moves_down_and_right(rng):
    image = pictures(rng, 1, 9, 9)
    moved = sample(image, *places(np.eye(2), (2, 3)))
    np.testing.assert_array_equal(moved[0, 2:, 3:], image[0, :-2, :-3])
    assert not moved[0, :2].any()
    assert not moved[0, :, :3].any()


def test_a_scale_of_two_doubles_about_the_middle():
    image = np.zeros((1, 9, 9), np.float32)
    image[0, 3:6, 3:6] = 1
    large = sample(image, *places(2 * np.eye(2)))
    assert large[0, 2:7, 2:7].min() == 1  # 3 pixels from edge to edge became 5 …
    np.testing.assert_array_equal(large[0, 4, :], [0, 0.5, 1, 1, 1, 1, 1, 0.5, 0])  # … and halves


def test_places_are_the_inverse_of_the_map(rng):
    matrix = rng.normal(size=(2, 2)) + 2 * np.eye(2)
    shift = rng.normal(size=2)
    y, x = places(matrix, shift, (9, 12))
    middle = np.array([4, 5.5])
    for i, j in np.ndindex(9, 12):
        old = np.array([y[0, i, j], x[0, i, j]])
        np.testing.assert_allclose(matrix @ (old - middle) + middle + shift, [i, j], atol=1e-4)


def test_rotation_is_even_between_its_limits(rng):
    matrices = Warp(**{**STILL, "rotation": 30.0}).matrices(MANY, rng)
    angles = np.degrees(np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0]))
    assert -30 <= angles.min() < -29
    assert 29 < angles.max() <= 30
    assert angles.std() == pytest.approx(30 / math.sqrt(3), rel=0.05)
    np.testing.assert_allclose(
        matrices @ matrices.transpose(0, 2, 1), np.broadcast_to(np.eye(2), (MANY, 2, 2)), atol=1e-12
    )


def test_scale_stays_between_its_limits_and_keeps_the_shape(rng):
    matrices = Warp(**{**STILL, "scale": (0.5, 2.0)}).matrices(MANY, rng)
    sizes = matrices[:, 0, 0]
    assert 0.5 <= sizes.min() < 0.51
    assert 1.96 < sizes.max() <= 2.0
    assert np.median(sizes) == pytest.approx(1, rel=0.05)  # as often smaller as larger
    np.testing.assert_array_equal(matrices[:, 1, 1], sizes)
    assert not matrices[:, 0, 1].any()
    assert not matrices[:, 1, 0].any()


def test_stretch_changes_the_shape_and_keeps_the_area(rng):
    matrices = Warp(**{**STILL, "stretch": 1.5}).matrices(MANY, rng)
    ratios = matrices[:, 0, 0] / matrices[:, 1, 1]
    assert 1 / 1.5 <= ratios.min() < 0.68
    assert 1.48 < ratios.max() <= 1.5
    np.testing.assert_allclose(np.linalg.det(matrices), 1, rtol=1e-12)


def test_shear_leans_the_uprights_only(rng):
    matrices = Warp(**{**STILL, "shear": 20.0}).matrices(MANY, rng)
    lean = np.degrees(np.arctan(matrices[:, 1, 0]))
    assert -20 <= lean.min() < -19
    assert 19 < lean.max() <= 20
    np.testing.assert_array_equal(matrices[:, 0], np.tile([1.0, 0.0], (MANY, 1)))
    np.testing.assert_array_equal(matrices[:, 1, 1], np.ones(MANY))


class Largest:
    """A generator that always draws the largest number of the range."""

    def uniform(self, low, high, size):
        return np.full(size, high)


def test_a_map_is_scale_then_shear_then_rotation():
    warp = Warp(rotation=30, scale=(0.5, 2), stretch=1.5, shear=20)
    cos, sin = math.cos(math.radians(30)), math.sin(math.radians(30))
    rotation = np.array([[cos, -sin], [sin, cos]])
    shear = np.array([[1, 0], [math.tan(math.radians(20)), 1]])
    scale = np.diag([2 * math.sqrt(1.5), 2 / math.sqrt(1.5)])
    for matrix in warp.matrices(2, Largest()):
        np.testing.assert_allclose(matrix, rotation @ shear @ scale, rtol=1e-12)


def test_shifts_are_even_along_both_axes(rng):
    shifts = Warp(**{**STILL, "shift": 2.5}).shifts(MANY, rng)
    for axis in (0, 1):
        assert -2.5 <= shifts[:, axis].min() < -2.4
        assert 2.4 < shifts[:, axis].max() <= 2.5
    assert abs(np.corrcoef(shifts.T)[0, 1]) < 0.1


def test_elastic_displacement_has_deviation_one_everywhere_and_is_smooth(rng):
    sigma = 3.0
    field = elastic_field(MANY, 16, 13, sigma, rng)
    assert field.shape == (2, MANY, 16, 13)
    assert field.dtype == np.float32
    np.testing.assert_allclose(field.std(axis=1), 1, atol=0.06)  # MANY numbers: 1.1 % each
    np.testing.assert_allclose(field.mean(axis=1), 0, atol=0.08)
    # White noise through a Gaussian: the correlation at distance d is exp(-d² / 4 σ²).
    for distance in (1, 3, 6):
        for one, other in (
            (field[0, :, 5, 3], field[0, :, 5, 3 + distance]),
            (field[1, :, 5, 3], field[1, :, 5 + distance, 3]),
        ):
            expected = math.exp(-(distance**2) / (4 * sigma**2))
            assert np.corrcoef(one, other)[0, 1] == pytest.approx(expected, abs=0.06)
    assert abs(np.corrcoef(field[0, :, 5, 5], field[1, :, 5, 5])[0, 1]) < 0.06


def test_elastic_bends_the_share_of_pictures_that_it_should(rng):
    images = np.repeat(pictures(rng, 1), 1000, axis=0)
    bent = Warp(**{**STILL, "elastic": 1.0}, elastic_probability=0.3)(images, rng)
    changed = (bent != images).any(axis=(1, 2)).mean()
    assert changed == pytest.approx(0.3, abs=0.06)


def test_elastic_displacement_is_in_pixels(rng):
    # A ramp tells how far each pixel was fetched from.
    ramp = np.broadcast_to(np.arange(40, dtype=np.float32), (500, 40, 40))
    warp = Warp(**{**STILL, "elastic": 1.5}, elastic_probability=1.0)
    moved = warp(ramp, rng)[:, 10:30, 10:30] - ramp[:, 10:30, 10:30]
    assert moved.std() == pytest.approx(1.5, rel=0.05)


def test_without_any_movement_nothing_changes(rng):
    images = pictures(rng)
    np.testing.assert_array_equal(Warp(**STILL)(images, rng), images)


def test_input_is_left_alone_and_a_seed_repeats(rng):
    images = pictures(rng)
    before = images.copy()
    first, again, other = (Warp()(images, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(images, before)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.dtype == np.float32


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rotation": -1}, r"`rotation` .* at least 0, got -1"),
        ({"shift": math.nan}, r"`shift` .* got nan"),
        ({"elastic": -0.5}, r"`elastic` .* got -0.5"),
        ({"shear": 90}, r"`shear` must be below 90 degrees, got 90"),
        ({"scale": (1.2, 0.8)}, r"`scale` .* got \(1.2, 0.8\)"),
        ({"scale": (0, 1)}, r"`scale` .* got \(0, 1\)"),
        ({"stretch": 0.9}, r"`stretch` must be at least 1, got 0.9"),
        ({"smoothness": 0}, r"`smoothness` must be a positive number, got 0"),
        ({"elastic_probability": 1.5}, r"`elastic_probability` must be in \[0, 1\], got 1.5"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Warp(**settings)
