"""Weights start with the spread that their formulas promise."""

import math

import numpy as np
import pytest

from convnet import initializers

KERNEL = (5, 3, 16, 40)  # (KH, KW, C_in, C_out)
DENSE = (300, 200)  # (in, out)
FANS = {KERNEL: (5 * 3 * 16, 5 * 3 * 40), DENSE: (300, 200)}
VARIANCES = {
    "he_normal": lambda fan_in, fan_out: 2 / fan_in,
    "he_uniform": lambda fan_in, fan_out: 2 / fan_in,
    "glorot_normal": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "glorot_uniform": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "normal": lambda fan_in, fan_out: 0.01**2,
}


@pytest.mark.parametrize("shape", [KERNEL, DENSE])
def test_fans_count_the_window_and_the_channels(shape):
    assert initializers.fans(shape) == FANS[shape]


@pytest.mark.parametrize("shape", [(), (3,), (3, 0), (0, 2, 3, 4)])
def test_fans_refuse_shapes_without_inputs_and_outputs(shape):
    with pytest.raises(ValueError, match="`shape` must be"):
        initializers.fans(shape)


@pytest.mark.parametrize("shape", [KERNEL, DENSE])
@pytest.mark.parametrize("name", VARIANCES)
def test_mean_and_variance(name, shape):
    w = initializers.get(name)(shape, np.random.default_rng(0), np.float64)
    variance = VARIANCES[name](*FANS[shape])
    assert w.shape == shape
    # The mean of n numbers strays by sqrt(variance / n), their variance by about 2 / sqrt(n).
    assert abs(w.mean()) < 4 * math.sqrt(variance / w.size)
    assert w.var() == pytest.approx(variance, rel=8 / math.sqrt(w.size))


@pytest.mark.parametrize(
    ("name", "limit"),
    [("he_uniform", math.sqrt(6 / 300)), ("glorot_uniform", math.sqrt(6 / 500))],
)
def test_uniform_numbers_fill_their_range_and_no_more(name, limit):
    w = initializers.get(name)(DENSE, np.random.default_rng(0), np.float64)
    assert 0.999 * limit < np.abs(w).max() <= limit


def test_normal_numbers_have_tails():
    w = initializers.normal(DENSE, np.random.default_rng(0), np.float64, std=2.0)
    assert np.abs(w).max() > 3.5 * 2.0
    assert w.std() == pytest.approx(2.0, rel=0.02)


def test_zeros_and_ones():
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(initializers.zeros((3,), rng), np.zeros(3, np.float32))
    np.testing.assert_array_equal(initializers.ones((3,), rng), np.ones(3, np.float32))


@pytest.mark.parametrize("name", initializers.INITIALIZERS)
def test_dtype_is_the_one_asked_for_and_float32_is_float64_rounded(name):
    single, double = (
        initializers.get(name)(DENSE, np.random.default_rng(7), dtype)
        for dtype in (np.float32, np.float64)
    )
    assert single.dtype == np.float32
    assert double.dtype == np.float64
    np.testing.assert_array_equal(single, double.astype(np.float32))


def test_same_generator_state_gives_same_weights_and_another_gives_others():
    first, again, other = (
        initializers.he_normal(KERNEL, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_get_takes_functions_as_they_are_and_names_what_it_knows():
    assert initializers.get(initializers.he_normal) is initializers.he_normal
    with pytest.raises(ValueError, match=r"he_normal.*got 'xavier'"):
        initializers.get("xavier")


def test_initializers_are_known_by_name():
    assert initializers.named("ones") == initializers.named(initializers.ones) == "ones"
    assert initializers.named(len) is len
    with pytest.raises(ValueError, match=r"he_normal.*got 'xavier'"):
        initializers.named("xavier")
