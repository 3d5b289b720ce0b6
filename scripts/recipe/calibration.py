"""Make the network's confidence mean what it says, and let it say "that is no digit"."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convnet.arrays import Array
from convnet.losses import CrossEntropy
from convnet.open_set import energy


def fit_temperature(logits: Array, labels: NDArray[np.integer]) -> float:
    """Return the T that minimises the cross-entropy of softmax(logits / T) on held-out digits.

    The search is a golden-section search over log T: the loss has one minimum there.
    Source: Guo et al., "On calibration of modern neural networks", ICML 2017, section 4.2.
    """
    loss = CrossEntropy()
    wide = logits.astype(np.float64)

    def cost(log_temperature: float) -> float:
        return loss(wide / np.exp(log_temperature), labels)[0]

    low, high, ratio = np.log(0.2), np.log(5.0), (np.sqrt(5) - 1) / 2
    while high - low > 1e-4:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if cost(left) < cost(right):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def fit_threshold(logits: Array, accepted: float) -> float:
    """Return the energy that a share `accepted` of held-out digits reaches or exceeds."""
    return float(np.quantile(energy(logits.astype(np.float64)), 1 - accepted))


def trade_off(digits: Array, others: Array) -> list[dict[str, float]]:
    """Return, for falling thresholds, the share of digits accepted and of others refused.

    Parameters
    ----------
    digits, others : ndarray, shape (N, 10)
        Logits of digits, and of what is none.
    """
    inside, outside = energy(digits.astype(np.float64)), energy(others.astype(np.float64))
    shares = (0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
    return [
        {
            "threshold": float(threshold),
            "digits_accepted": float(np.mean(inside >= threshold)),
            "others_refused": float(np.mean(outside < threshold)),
        }
        for threshold in (np.quantile(inside, 1 - share) for share in shares)
    ]
