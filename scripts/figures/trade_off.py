"""What each threshold of refusal costs, and what it gains."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from convnet.metrics import roc_curve
from convnet.plots.style import new_figure

LEAST_ACCEPTED = 0.97


def trade_off_figure(
    digits: Mapping[str, NDArray[np.floating]], others: NDArray[np.floating], threshold: float
) -> Figure:
    """Draw, for each set of digits, the share of others refused over the share of it accepted.

    Parameters
    ----------
    digits : mapping of str to ndarray, shape (N,)
        Scores of each set's digits.
    others : ndarray, shape (M,)
        Scores of what is no digit.
    threshold : float
        The one in use is marked by a point.
    """
    figure = new_figure(7, 4)
    refused = float(np.mean(others < threshold))
    axes = figure.subplots()
    for name, scores in digits.items():
        curve = roc_curve(scores, others)
        (line,) = axes.plot(
            curve.true_positive_rate, 1 - curve.false_positive_rate, label=name, linewidth=1.2
        )
        axes.plot(np.mean(scores >= threshold), refused, "o", color=line.get_color())
    axes.set(
        xlabel="digits accepted", ylabel="what is no digit, refused",
        xlim=(LEAST_ACCEPTED, 1.0005), ylim=(min(0.94, refused - 0.02), 1.001),
    )  # fmt: skip
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, loc="outside right upper", title="points: threshold in use")
    return figure
