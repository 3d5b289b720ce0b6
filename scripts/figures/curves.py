"""The cost over the steps of a training."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from convnet.training.trainer import Progress
from scripts.figures.style import BLUE, GREY, RED, new_figure


def cost_curve(progress: Progress) -> Figure:
    """Draw loss and accuracy over the epochs: every step faintly, their running mean, held-out."""
    figure = new_figure(7, 3)
    cost, accuracy = figure.subplots(1, 2)
    steps = np.arange(1, len(progress.losses) + 1) * len(progress.epochs) / len(progress.losses)
    epochs = [epoch.epoch for epoch in progress.epochs]
    losses = np.maximum(progress.losses, 1e-12)  # a log scale cannot show a loss of 0
    cost.semilogy(steps, losses, color=GREY, alpha=0.25, linewidth=0.5, label="each step")
    cost.semilogy(steps, running_mean(losses), color=BLUE, label="running mean")
    cost.set(xlabel="epoch", ylabel="loss", title="Cost")
    accuracy.plot(epochs, [e.accuracy for e in progress.epochs], "o-", color=BLUE, label="training")
    accuracy.set(xlabel="epoch", title="Accuracy", xticks=_few(epochs))
    if progress.epochs[0].validation_loss is not None:
        held_out = [e.validation_loss for e in progress.epochs]
        cost.semilogy(epochs, held_out, "o--", color=RED, label="held-out images")
        held_out = [e.validation_accuracy for e in progress.epochs]
        accuracy.plot(epochs, held_out, "o--", color=RED, label="held-out images")
    for axes in (cost, accuracy):
        axes.legend(frameon=False)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def running_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return at each place the mean of the last values, a fiftieth of all of them."""
    width = max(len(values) // 50, 1)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - width, 0)
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))


def _few(epochs: list[int]) -> list[int]:
    return epochs[:: -(-len(epochs) // 10)]
