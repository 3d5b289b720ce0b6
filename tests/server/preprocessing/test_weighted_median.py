"""The weighted median, against values that are repeated as often as they weigh."""

import numpy as np
import pytest

from server.preprocessing.weighted_median import weighted_median


def test_of_nothing_it_is_zero() -> None:
    assert weighted_median(np.empty(0), np.empty(0)) == 0


@pytest.mark.parametrize("seed", range(20))
def test_it_is_the_lower_median_of_repeated_values(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, weights = rng.integers(0, 50, 9), rng.integers(1, 6, 9)
    repeated = np.sort(np.repeat(values, weights))
    assert weighted_median(values, weights) == repeated[(len(repeated) - 1) // 2]
