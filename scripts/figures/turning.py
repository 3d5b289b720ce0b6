"""Pictures of the convolution's gradients by small numbers, and of its two meanings."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from convnet.plots.style import new_figure
from convnet.reference import correlate
from scripts.figures.lesson import Numbers, mark, numbers

WHOLE = "{:.0f}"


def kernel_gradient(x: Numbers, dout: Numbers) -> Figure:
    """Draw how the gradient of a kernel is computed: the input correlated with dout."""
    height, width = dout.shape
    dw = _correlate(x, dout)
    figure = new_figure(7, 2.5)
    left, middle, right = figure.subplots(1, 3, width_ratios=[1.3, 0.7, 1])
    numbers(left, x, "x", WHOLE)
    mark(left, 0, 1, height, width)
    numbers(middle, dout, "dout", WHOLE)
    numbers(right, dw, "dw: x correlated with dout", WHOLE)
    mark(right, 0, 1)
    return figure


def input_gradient(dout: Numbers, kernel: Numbers) -> Figure:
    """Draw how the gradient of the input is computed: padded dout and the turned kernel."""
    size = len(kernel)
    padded = np.pad(dout, size - 1)
    figure = new_figure(9.5, 2.7)
    panels = figure.subplots(1, 4, width_ratios=[1, 1, 1.7, 1.3])
    numbers(panels[0], kernel, "w", WHOLE)
    numbers(panels[1], kernel[::-1, ::-1], "w turned by 180°", WHOLE)
    numbers(panels[2], padded, "dout, padded with zeros", WHOLE)
    mark(panels[2], 1, 1, size, size)
    numbers(panels[3], _correlate(padded, kernel[::-1, ::-1]), "dx", WHOLE)
    mark(panels[3], 1, 1)
    return figure


def two_meanings(kernel: Numbers) -> Figure:
    """Draw what a kernel does to one dot: correlation turns the kernel, convolution copies it."""
    dot = np.zeros((5, 5))
    dot[2, 2] = 1
    turned = kernel[::-1, ::-1]
    figure = new_figure(9, 2.5)
    panels = figure.subplots(1, 4, width_ratios=[1.6, 1, 1, 1])
    numbers(panels[0], dot, "x: one dot", WHOLE)
    numbers(panels[1], kernel, "w", WHOLE)
    numbers(panels[2], _correlate(dot, kernel), "cross-correlation", WHOLE)
    numbers(panels[3], _correlate(dot, turned), "convolution", WHOLE)
    return figure


def _correlate(x: Numbers, kernel: Numbers) -> Numbers:
    return correlate(x[None, ..., None], kernel[..., None, None])[0, ..., 0]
