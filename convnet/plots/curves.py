"""The cost over the steps of a training."""

from __future__ import annotations

from convnet.plots.style import Figure, new_figure
from convnet.training.curves import draw
from convnet.training.history import History


def cost_curve(history: History) -> Figure:
    """Draw loss and accuracy over the epochs: every step faintly, their running mean, held-out."""
    figure = new_figure(7, 3)
    draw(history, figure)
    return figure
