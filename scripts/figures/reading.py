"""Pictures of the networks that find ink and read lines."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from convnet.plots.style import BLUE, INK, RED, bare, new_figure

_COLOURS = np.array([[1, 1, 1], [0.70, 0.09, 0.17], [0.13, 0.40, 0.67]])
"""Of ground, writing and other ink."""


def finding_figure(greys: np.ndarray, truths: np.ndarray, found: np.ndarray) -> Figure:
    """Draw scenes, the truth about their pixels, and what the finder says.

    Parameters
    ----------
    greys : ndarray of uint8, shape (N, H, W)
    truths : ndarray of int, shape (N, H, W)
        Below 0 where nothing is known.
    found : ndarray of float, shape (N, H, W, 3)
        Probabilities of ground, writing and other ink.
    """
    count = len(greys)
    figure = new_figure(1.25 * count, 4.1)
    panels = figure.subplots(3, count)
    known = np.where(truths[..., None] >= 0, np.eye(3)[np.maximum(truths, 0)], 0.0)
    for i in range(count):
        bare(panels[0, i]).imshow(greys[i], cmap="gray", vmin=0, vmax=255)
        bare(panels[1, i]).imshow(known[i] @ _COLOURS)
        bare(panels[2, i]).imshow(found[i] @ _COLOURS)
    for row, name in enumerate(("scene", "truth", "found")):
        panels[row, 0].set_ylabel(name)
    panels[1, 0].set_title("writing", color=RED, fontsize=9)
    panels[1, 1].set_title("other ink", color=BLUE, fontsize=9)
    return figure


def alignment_figure(frame: np.ndarray, probabilities: np.ndarray, names: str) -> Figure:
    """Draw a line, and how likely each character is in each of its columns.

    Parameters
    ----------
    frame : ndarray of float, shape (H, W)
        Ink 1, paper 0.
    probabilities : ndarray, shape (T, K)
        Of each column's classes, blank first.
    names : str
        The K - 1 characters; only those that are likely somewhere are drawn.
    """
    figure = new_figure(7.5, 3.2)
    upper, lower = figure.subplots(2, 1, height_ratios=[1, 2])
    bare(upper).imshow(frame, cmap=INK, aspect="auto")
    likely = [0, *(k for k in range(1, len(names) + 1) if probabilities[:, k].max() > 0.2)]
    lower.imshow(probabilities[:, likely].T, cmap=INK, aspect="auto", vmin=0, vmax=1)
    lower.set_yticks(range(len(likely)), ["blank", *(names[k - 1] for k in likely[1:])])
    lower.set_xlabel("column")
    return figure
