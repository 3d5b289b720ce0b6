"""Whether a network's confidence matches how often it is right."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from convnet.metrics import expected_calibration_error, reliability_curve
from convnet.plots.style import BLUE, GREY, new_figure

Predictions = tuple[NDArray[np.floating], NDArray[np.integer]]


def reliability_figure(sets: Mapping[str, Predictions], bins: int = 15) -> Figure:
    """Draw a reliability diagram for each set: the larger a point, the more answers it stands for.

    Parameters
    ----------
    sets : mapping of str to (probabilities, labels)
        Of shapes (N, K) and (N,).

    References
    ----------
    Niculescu-Mizil and Caruana, "Predicting good probabilities with supervised learning", 2005.
    """
    figure = new_figure(3.4 * len(sets), 3.6)
    for axes, (name, (probabilities, labels)) in zip(
        figure.subplots(1, len(sets), squeeze=False)[0], sets.items(), strict=True
    ):
        curve = reliability_curve(probabilities, labels, bins)
        error = expected_calibration_error(probabilities, labels, bins)
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle="--")
        axes.plot(curve.confidence, curve.accuracy, color=BLUE, linewidth=0.8)
        area = 12 + 300 * curve.size / curve.size.sum()
        axes.scatter(curve.confidence, curve.accuracy, s=area, color=BLUE, alpha=0.6)
        axes.set(xlabel="confidence", ylabel="right", xlim=(0, 1.05), ylim=(0, 1.05), aspect=1)
        axes.set_title(f"{name}: error {error:.2%}")
        axes.xaxis.set_major_formatter(PercentFormatter(1, 0))
        axes.yaxis.set_major_formatter(PercentFormatter(1, 0))
        axes.spines[["top", "right"]].set_visible(False)
    return figure
