"""The digits that a network got wrong, the surest mistakes first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convnet.plots.style import INK, Figure, bare, new_figure

COLUMNS, MOST = 8, 40


def mistake_gallery(
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    classes: Sequence[int | str],
) -> Figure:
    """Draw up to 40 wrongly read images, each with its label, the answer, and how sure it was.

    Parameters
    ----------
    images : ndarray, shape (N, 28, 28)
    labels : ndarray of int, shape (N,)
        The output numbers that are right.
    probabilities : ndarray, shape (N, K)
    classes : sequence of int
        The digit that each output stands for.
    """
    answers, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(answers != labels)
    shown = wrong[np.argsort(-confidence[wrong], kind="stable")][:MOST]
    rows = max(-(-len(shown) // COLUMNS), 1)
    figure = new_figure(COLUMNS, 0.5 + 1.2 * rows)
    figure.suptitle(f"{len(wrong)} of {len(labels):,} read wrongly: label → answer, how sure")
    grid = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for axes in grid:
        bare(axes)
    for axes, i in zip(grid, shown, strict=False):
        axes.imshow(images[i], cmap=INK, vmin=0, vmax=255)
        axes.set_title(
            f"{classes[labels[i]]} → {classes[answers[i]]}  {confidence[i]:.0%}", fontsize=9
        )
    return figure
