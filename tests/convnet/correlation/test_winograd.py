"""Winograd's correlation agrees with the plain one, on every edge that tiles can have."""

import numpy as np
import pytest

from convnet.correlation import Geometry, winograd
from convnet.correlation import overlapping_windows as plain

SIZES = [(13, 13), (12, 14), (11, 10), (7, 9), (6, 6), (5, 8)]


def example(size, padding, channels=(16, 20), batch=70):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((*size, channels[0], batch)).astype(np.float32)
    kernel = rng.standard_normal((3, 3, *channels)).astype(np.float32) / 12
    geometry = Geometry((3, 3), (1, 1), *padding)
    dout = rng.standard_normal((*geometry.output_size(*size), channels[1], batch))
    return x, kernel, geometry, dout.astype(np.float32)


def assert_close(found, expected):
    """Equal but for rounding in float32, as large as the biggest terms make it."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * np.abs(expected).max())


@pytest.fixture(params=[1, winograd.CACHED], ids=["tile by tile", "rows of tiles"])
def tiles_at_once(request, monkeypatch):
    """Take a single tile at a time, or as many as fit into the cache: whole rows of these sizes."""
    monkeypatch.setattr(winograd, "CACHED", request.param)


@pytest.mark.usefixtures("tiles_at_once")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("padding", [(0, 0, 0, 0), (1, 1, 1, 1), (2, 2, 2, 2), (0, 1, 2, 0)])
def test_outputs_and_kernel_gradients_equal_the_plain_ones(size, padding):
    x, kernel, geometry, dout = example(size, padding)
    bias = np.arange(20, dtype=np.float32)[:, None]
    exact = plain.correlate(*(a.astype(np.float64) for a in (x, kernel)), geometry, bias)
    assert_close(winograd.correlate(x, kernel, geometry, bias), exact)
    exact = plain.kernel_gradient(x.astype(np.float64), dout.astype(np.float64), geometry)
    assert_close(winograd.kernel_gradient(x, dout, geometry), exact)


@pytest.mark.usefixtures("tiles_at_once")
def test_more_images_than_are_handled_at_once_give_the_same_outputs():
    x, kernel, geometry, _ = example((13, 11), (1, 2, 0, 1), batch=2 * winograd.BLOCK + 3)
    bias = np.arange(20, dtype=np.float32)[:, None]
    exact = plain.correlate(*(a.astype(np.float64) for a in (x, kernel)), geometry, bias)
    assert_close(winograd.correlate(x, kernel, geometry, bias), exact)


@pytest.mark.parametrize(
    ("width", "most", "tiles"),
    [
        (28, 7, 7),
        (28, 9, 7),
        (28, 6, 1),  # 7 tiles: any other number leaves some over
        (24, 5, 3),
        (11, 2, 1),
        (11, 0, 1),  # not even one fits: one it is
    ],
)
def test_a_row_of_tiles_falls_into_pieces_of_one_length(width, most, tiles):
    numbers = 1000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(winograd, "CACHED", most * winograd.VALUES**2 * numbers)
        assert winograd._tiles_at_once(width, numbers) == tiles


def test_it_does_not_change_what_it_reads():
    x, kernel, geometry, dout = example((11, 11), (1, 1, 1, 1))
    before = x.copy(), kernel.copy(), dout.copy()
    winograd.correlate(x, kernel, geometry, None)
    winograd.kernel_gradient(x, dout, geometry)
    for array, copy in zip((x, kernel, dout), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    ("change", "suits"),
    [
        ({}, True),
        ({"kernel": (5, 5)}, False),
        ({"stride": (2, 2)}, False),
        ({"dtype": np.float64}, False),
        ({"channels": 8}, False),
        ({"batch": 15}, False),
        ({"size": 4}, False),  # 2 × 2 outputs fill a quarter of a tile
    ],
)
def test_it_is_chosen_only_where_it_is_possible_and_pays(change, suits):
    size, channels, batch = (
        change.get("size", 14),
        change.get("channels", 32),
        change.get("batch", 64),
    )
    x = np.zeros((size, size, channels, batch), change.get("dtype", np.float32))
    geometry = Geometry(change.get("kernel", (3, 3)), change.get("stride", (1, 1)), 0, 0, 0, 0)
    assert winograd.suits(x, 32, geometry) is suits
