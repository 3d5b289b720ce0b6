"""What every layer computes for one digit."""

from __future__ import annotations

import textwrap

import numpy as np
from numpy.typing import NDArray

from convnet.layers import Dropout, Flatten, Reshape, Softmax
from convnet.network import Sequential
from convnet.plots.style import BLUE, INK, SIGNED, Axes, Figure, bare, new_figure

MAPS = 16  # channels shown of a layer, at most
CELL, CAPTION = 0.72, 2.2  # inches
GAP = 0.12  # between channels, in widths of one

Row = tuple[str, NDArray[np.floating]]


def layer_figure(network: Sequential, image: NDArray[np.floating]) -> Figure:
    """Draw one row for each layer: its channels as pictures, its vectors as strips.

    Layers that only move numbers are left out. White is zero, red positive, blue negative, each
    layer on its own scale.

    Parameters
    ----------
    image : ndarray, shape (28, 28, 1)
    """
    rows = _rows(network, image)
    columns = min(MAPS, max(out.shape[-1] for _, out in rows if out.ndim == 3))
    columns = max(columns, 8)
    figure = new_figure(CAPTION + CELL * columns, CELL * (len(rows) + 1))
    figure.set_layout_engine("none")
    grid = figure.add_gridspec(
        len(rows) + 1, 2, width_ratios=[CAPTION, CELL * columns],
        left=0.01, right=0.99, top=0.99, bottom=0.4 / (len(rows) + 1), wspace=0.02, hspace=0.15,
    )  # fmt: skip
    for number, (text, out) in enumerate(rows):
        _write(figure.add_subplot(grid[number, 0]), text)
        axes = bare(figure.add_subplot(grid[number, 1]))
        if out.ndim == 1:
            _strip(axes, out)
        else:
            _maps(axes, out, columns, INK if number == 0 else SIGNED)
    _write(figure.add_subplot(grid[-1, 0]), "probabilities")
    _bars(figure.add_subplot(grid[-1, 1]), network, image)
    return figure


def _rows(network: Sequential, image: NDArray[np.floating]) -> list[Row]:
    """Return caption and output of the input and of each layer that computes something."""
    rows = [(f"input\n{_times(image.shape)}", image)]
    for layer, out in network.activations(image[None]):
        if not isinstance(layer, Dropout | Flatten | Reshape | Softmax):
            expression = textwrap.fill(repr(layer), 34)
            rows.append((f"{layer.name}\n{expression}\n{_times(layer.output_shape)}", out[0]))
    return rows


def _write(axes: Axes, text: str) -> None:
    bare(axes).text(0, 0.5, text, va="center", fontsize=8)


def _maps(axes: Axes, out: NDArray[np.floating], columns: int, colours: str) -> None:
    """Draw channels side by side, each in a square of its own, into the same axes."""
    largest = max(float(np.abs(out).max()), 1e-12)
    low = 0.0 if colours == INK else -largest
    height, width = np.array(out.shape[:2]) / max(out.shape[:2])
    for channel in range(min(out.shape[-1], columns)):
        left = channel * (1 + GAP)
        axes.imshow(
            out[..., channel], cmap=colours, vmin=low, vmax=largest, interpolation="nearest",
            extent=(left, left + width, 0, height),
        )  # fmt: skip
    axes.set(xlim=(0, columns * (1 + GAP) - GAP), ylim=(0, 1), anchor="W")


def _strip(axes: Axes, out: NDArray[np.floating]) -> None:
    largest = max(float(np.abs(out).max()), 1e-12)
    axes.imshow(
        out[None], cmap=SIGNED, vmin=-largest, vmax=largest, aspect="auto", interpolation="nearest"
    )


def _bars(axes: Axes, network: Sequential, image: NDArray[np.floating]) -> None:
    probabilities = network.predict(image[None])[0]
    classes = network.metadata.get("classes", range(len(probabilities)))
    axes.bar(range(len(probabilities)), probabilities, color=BLUE)
    axes.set_xticks(range(len(probabilities)), [str(digit) for digit in classes])
    axes.set(xlim=(-0.5, len(probabilities) - 0.5), ylim=(0, 1), yticks=())
    axes.spines[["top", "right", "left"]].set_visible(False)


def _times(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))
