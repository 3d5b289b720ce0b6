"""Pictures that explain one operation each, drawn from the numbers that the engine computes."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from convnet.layers import Conv2D, Layer, LeakyReLU, ReLU, Sigmoid, Tanh
from convnet.layers.activations import softmax
from convnet.plots.style import BLUE, GREEN, INK, RED, SIGNED, bare, new_figure

Numbers = NDArray[np.floating]


def numbers(axes: Axes, values: Numbers, title: str, form: str = "{:.1f}") -> None:
    """Draw a small matrix as coloured squares with its numbers in them."""
    largest = max(float(np.abs(values).max()), 1e-12)
    bare(axes).imshow(values, cmap=SIGNED, vmin=-1.6 * largest, vmax=1.6 * largest)
    for (row, column), value in np.ndenumerate(values):
        axes.text(column, row, form.format(value + 0.0), ha="center", va="center", size=8)
    axes.set_title(title)


def mark(axes: Axes, row: int, column: int, height: int = 1, width: int = 1) -> None:
    """Frame a part of a picture."""
    corner = (column - 0.5, row - 0.5)
    axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=GREEN, linewidth=2))


def picture_as_numbers(image: Numbers, row: int, column: int) -> Figure:
    """Draw a digit, and 8 × 8 of its pixels as the numbers that they are."""
    figure = new_figure(7, 3.4)
    whole, part = figure.subplots(1, 2)
    bare(whole).imshow(image, cmap=INK, vmin=0, vmax=1)
    mark(whole, row, column, 8, 8)
    whole.set_title("28 × 28 pixels")
    window = image[row : row + 8, column : column + 8]
    bare(part).imshow(window, cmap=INK, vmin=0, vmax=1.8)
    for (i, j), value in np.ndenumerate(window):
        part.text(j, i, f"{value:.1f}", ha="center", va="center", size=8)
    part.set_title("what the network gets: ink 1, paper 0")
    return figure


def convolution_by_hand(
    layer: Conv2D, image: Numbers, channel: int, place: tuple[int, int]
) -> Figure:
    """Draw one window of the input, the kernel, their products, and the pixel that is their sum.

    Parameters
    ----------
    layer : Conv2D
        Built for images of one channel; stride 1, no padding.
    image : ndarray, shape (H, W, 1)
    """
    (i, j), (kh, kw) = place, layer.kernel_size
    window = image[i : i + kh, j : j + kw, 0]
    kernel = layer.correlation_kernel[..., 0, channel]
    bias = float(layer.params["b"][channel])
    out = layer.forward(image[None])[0, ..., channel]
    figure = new_figure(10, 2.6)
    x, w, k, p, y = figure.subplots(1, 5, width_ratios=[1.3, 1, 1, 1, 1.3])
    bare(x).imshow(image[..., 0], cmap=INK, vmin=0, vmax=1)
    mark(x, i, j, kh, kw)
    x.set_title("input")
    numbers(w, window, "window")
    numbers(k, kernel, "× kernel", "{:.2f}")
    numbers(p, window * kernel, f"= products\nsum {np.sum(window * kernel):.2f}", "{:.2f}")
    largest = float(np.abs(out).max())
    bare(y).imshow(out, cmap=SIGNED, vmin=-largest, vmax=largest)
    mark(y, i, j)
    y.set_title(f"output: sum + bias\n{out[i, j] - bias:.2f} + {bias:.2f} = {out[i, j]:.2f}")
    return figure


def pooling_by_hand(values: Numbers, dout: Numbers) -> Figure:
    """Draw 4 × 4 numbers, the largest of each 2 × 2, and where their gradients go."""
    windows = values.reshape(2, 2, 2, 2).transpose(0, 2, 1, 3).reshape(2, 2, 4)
    winners = windows.argmax(axis=2)
    figure = new_figure(9, 2.6)
    x, y, d, dx = figure.subplots(1, 4, width_ratios=[1, 0.6, 0.6, 1])
    numbers(x, values, "x")
    back = np.zeros_like(values)
    for (i, j), place in np.ndenumerate(winners):
        row, column = 2 * i + place // 2, 2 * j + place % 2
        mark(x, row, column)
        back[row, column] = dout[i, j]
    numbers(y, windows.max(axis=2), "out: the largest")
    numbers(d, dout, "dout comes back")
    numbers(dx, back, "dx: to the largest")
    return figure


def activation_curves() -> Figure:
    """Draw the activations with their derivatives, as the layers compute them."""
    layers: list[Layer] = [ReLU(), LeakyReLU(0.1), Sigmoid(), Tanh()]
    x = np.linspace(-4, 4, 400)[:, None]
    figure = new_figure(9, 2.4)
    for axes, layer in zip(figure.subplots(1, 4), layers, strict=True):
        layer.build((1,), np.random.default_rng(0), np.float64)
        axes.plot(x, layer.forward(x, training=True), color=BLUE, label="out")
        axes.plot(x, layer.backward(np.ones_like(x)), "--", color=RED, label="derivative")
        axes.set(title=repr(layer), xlabel="x", ylim=(-1.3, 2.3))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].legend(frameon=False)
    return figure


def softmax_and_gradient(logits: Numbers, label: int) -> Figure:
    """Draw ten scores, the probabilities that they become, and the gradient of the loss."""
    probabilities = softmax(logits)
    gradient = probabilities - np.eye(len(logits))[label]
    panels = {
        "logits z": logits,
        "p = softmax(z)": probabilities,
        f"gradient p − t, label {label}": gradient,
    }
    figure = new_figure(9, 2.4)
    for axes, (title, values) in zip(figure.subplots(1, 3), panels.items(), strict=True):
        colours = [RED if digit == label else BLUE for digit in range(len(logits))]
        axes.bar(range(len(logits)), values, color=colours)
        axes.axhline(0, color="black", linewidth=0.6)
        axes.set(title=title, xticks=range(len(logits)))
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def slope_of_the_loss(weights: Numbers, losses: Numbers, at: int, slope: float) -> Figure:
    """Draw the loss as one weight moves, and its tangent at one place: the gradient."""
    figure = new_figure(5, 2.8)
    axes = figure.subplots()
    axes.plot(weights, losses, color=BLUE, label="loss of a batch")
    w, loss, reach = weights[at], losses[at], (weights[-1] - weights[0]) / 5
    tangent = np.array([w - reach, w + reach])
    label = f"slope {slope:+.3f}: the gradient"
    axes.plot(tangent, loss + slope * (tangent - w), color=RED, label=label)
    axes.plot([w], [loss], "o", color=RED)
    axes.set(xlabel="one weight, all others held still", ylabel="loss")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
