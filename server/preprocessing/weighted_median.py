"""The median of values that do not count alike."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def weighted_median(values: NDArray[Any], weights: NDArray[Any]) -> float:
    """Return the value below and above which is half of the weight; of none, 0.

    Parameters
    ----------
    values, weights : ndarray, shape (N,)
    """
    if not len(values):
        return 0.0
    order = np.argsort(values)
    so_far = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(so_far, so_far[-1] / 2)])
