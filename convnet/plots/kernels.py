"""The kernels of a network's first convolution."""

from __future__ import annotations

import numpy as np

from convnet.layers import Conv2D
from convnet.network import Sequential
from convnet.plots.style import SIGNED, Figure, bare, new_figure

COLUMNS = 8


def kernel_figure(network: Sequential) -> Figure:
    """Draw each kernel by itself: white is zero, red positive, blue negative.

    Raises
    ------
    ValueError
        If the network has no convolution.
    """
    layers = [layer for layer in network.layers if isinstance(layer, Conv2D)]
    if not layers:
        raise ValueError(f"{network.name} has no Conv2D layer, so there are no kernels to draw")
    kernels = layers[0].correlation_kernel.mean(axis=2)  # (KH, KW, filters)
    rows = -(-kernels.shape[-1] // COLUMNS)
    figure = new_figure(COLUMNS, 0.4 + rows)
    figure.suptitle(f"{layers[0].name}: {layers[0]!r}")
    largest = float(np.abs(kernels).max())
    for index, axes in enumerate(figure.subplots(rows, COLUMNS, squeeze=False).ravel()):
        bare(axes)
        if index < kernels.shape[-1]:
            axes.imshow(kernels[..., index], cmap=SIGNED, vmin=-largest, vmax=largest)
    return figure
