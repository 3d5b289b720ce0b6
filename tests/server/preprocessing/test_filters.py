"""Sliding windows against loops over every pixel."""

from collections.abc import Callable

import numpy as np
import pytest

from server.preprocessing.filters import (
    bounding_box,
    box_blur,
    local_max,
    local_min,
    reduce_by,
    reduce_to_min,
)


def windows(values: np.ndarray, before: int, after: int, measure: Callable) -> np.ndarray:
    padded = np.pad(values, ((before, after), (before, after)), mode="edge")
    height, width = values.shape
    side = before + 1 + after
    return np.array(
        [[measure(padded[y : y + side, x : x + side]) for x in range(width)] for y in range(height)]
    )


@pytest.mark.parametrize("window", range(1, 10))
@pytest.mark.parametrize("dtype", [np.float32, np.bool_])
def test_local_extremes(rng: np.random.Generator, window: int, dtype: type) -> None:
    values = (rng.random((13, 17)) * 1.5).astype(dtype)
    before, after = window // 2, window - 1 - window // 2
    high, low = local_max(values, window), local_min(values, window)
    np.testing.assert_array_equal(high, windows(values, before, after, np.max))
    np.testing.assert_array_equal(low, windows(values, after, before, np.min))
    assert high.dtype == low.dtype == dtype


@pytest.mark.parametrize("window", range(2, 10))
def test_closing_fills_what_is_narrower_than_the_window_and_moves_nothing(window: int) -> None:
    step = np.where(np.arange(40) < 20, 50, 200).astype(np.float32) * np.ones((40, 1), np.float32)
    drawn = step.copy()
    drawn[20 : 20 + window - 1, 8:33] = 0
    closed = local_min(local_max(drawn, window), window)
    np.testing.assert_array_equal(closed, step)


@pytest.mark.parametrize("radius", [0, 1, 3])
def test_box_blur(rng: np.random.Generator, radius: int) -> None:
    values = rng.random((9, 14)).astype(np.float32)
    wanted = windows(values, radius, radius, np.mean)
    np.testing.assert_allclose(box_blur(values, radius), wanted, atol=1e-6)


@pytest.mark.parametrize("factor", [1, 2, 3, 5])
def test_smaller_copies(rng: np.random.Generator, factor: int) -> None:
    grey = rng.integers(0, 256, (11, 16), dtype=np.uint8)
    blocks = [
        [grey[y : y + factor, x : x + factor] for x in range(0, 16, factor)]
        for y in range(0, 11, factor)
    ]
    means = [[block.mean() for block in row] for row in blocks]
    minima = [[block.min() for block in row] for row in blocks]
    assert np.abs(reduce_by(grey, factor) - means).max() < 1
    np.testing.assert_array_equal(reduce_to_min(grey, factor), minima)


@pytest.mark.parametrize("margin", [0, 1, 3])
def test_a_bounding_box_has_its_margin_as_far_as_the_picture_goes(
    rng: np.random.Generator, margin: int
) -> None:
    mask = np.zeros((11, 16), bool)
    mask[2:6, 1:14] = rng.random((4, 13)) < 0.4
    rows, columns = np.nonzero(mask)
    y, x = np.arange(11), np.arange(16)
    tall = (y >= rows.min() - margin) & (y <= rows.max() + margin)
    wide = (x >= columns.min() - margin) & (x <= columns.max() + margin)
    box = np.zeros_like(mask)
    box[bounding_box(mask, margin)] = True
    np.testing.assert_array_equal(box, tall[:, None] & wide)
