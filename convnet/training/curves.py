"""The cost over the steps of a training, drawn.

matplotlib is no part of what the engine needs: it is looked for when a figure is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol

import numpy as np

from convnet.arrays import Array

BLUE, RED, GREY = "#2166ac", "#b2182b", "#777777"


class Record(Protocol):
    """What is drawn: a `convnet.training.history.History`."""

    losses: list[float]
    step: int

    @property
    def history(self) -> dict[str, list[float]]:
        """The numbers of the finished epochs, by name."""


def matplotlib(part: str = "") -> Any:
    """Return matplotlib, or a part of it such as ``.figure``.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    try:
        return import_module("matplotlib" + part)
    except ImportError as error:
        raise ImportError(
            "plots need matplotlib: pip install matplotlib, or the `train` extra of this project"
        ) from error


def new_figure(width: float, height: float) -> Any:
    """Return an empty matplotlib figure of so many inches.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    return matplotlib(".figure").Figure(figsize=(width, height), layout="constrained")


def draw(record: Record, figure: Any) -> Any:
    """Draw loss and accuracy over the epochs: every step faintly, their running mean, held-out.

    Returns
    -------
    matplotlib.figure.Figure
        `figure`, with two axes.

    Raises
    ------
    ValueError
        If no epoch is finished yet.
    """
    named = record.history
    count = len(named["loss"])
    if not count:
        raise ValueError("there is nothing to draw before the first epoch is finished")
    cost, accuracy = figure.subplots(1, 2)
    whole = len(record.losses) - record.step  # a stopped run has the beginning of another epoch
    steps = np.arange(1, whole + 1) * count / whole
    epochs = list(range(1, count + 1))
    losses = np.maximum(record.losses[:whole], 1e-12)  # a log scale cannot show a loss of 0
    cost.semilogy(steps, losses, color=GREY, alpha=0.25, linewidth=0.5, label="each step")
    cost.semilogy(steps, running_mean(losses), color=BLUE, label="running mean")
    cost.set(xlabel="epoch", ylabel="loss", title="Cost")
    accuracy.plot(epochs, named["accuracy"], "o-", color=BLUE, label="training")
    accuracy.set(xlabel="epoch", title="Accuracy", xticks=epochs[:: -(-count // 10)])
    if "val_loss" in named:
        cost.semilogy(epochs, named["val_loss"], "o--", color=RED, label="held-out images")
        accuracy.plot(epochs, named["val_accuracy"], "o--", color=RED, label="held-out images")
    for axes in (cost, accuracy):
        axes.legend(frameon=False)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def running_mean(values: Array) -> Array:
    """Return at each place the mean of the last values, a fiftieth of all of them."""
    width = max(len(values) // 50, 1)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - width, 0)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))
