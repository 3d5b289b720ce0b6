"""Which digits are mistaken for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convnet.plots.style import Figure, new_figure


def confusion_figure(matrix: NDArray[np.integer], classes: Sequence[int | str]) -> Figure:
    """Draw a confusion matrix (K, K), a row for each label: the darker, the larger its share.

    Colours show the square root of the shares; otherwise the few errors could not be seen beside
    the many right answers.
    """
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = 1.5 + 0.42 * len(classes)
    figure = new_figure(side, side)
    axes = figure.subplots()
    axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            color = "white" if shares[row, column] > 0.4 else "black"
            axes.text(column, row, f"{count}", ha="center", va="center", color=color, size=8)
    places = range(len(classes))
    axes.set_xticks(places, [str(digit) for digit in classes])
    axes.set_yticks(places, [str(digit) for digit in classes])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    right = np.trace(matrix) / max(matrix.sum(), 1)
    axes.set(xlabel="answer", ylabel="label", title=f"{right:.2%} of {matrix.sum():,} right")
    return figure
