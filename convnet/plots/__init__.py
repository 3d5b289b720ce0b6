"""Pictures of trained networks; they need matplotlib, which the `train` extra brings.

Each function returns a matplotlib figure, which a notebook shows and `save` writes as PNG::

    from convnet import plots

    plots.save(plots.layer_figure(network, image), "layers.png")

matplotlib is looked for when a figure is asked for; without it, that raises ImportError.
"""

from convnet.plots.confusion import confusion_figure
from convnet.plots.curves import cost_curve
from convnet.plots.kernels import kernel_figure
from convnet.plots.layers import layer_figure
from convnet.plots.mistakes import mistake_gallery
from convnet.plots.style import save

__all__ = [
    "confusion_figure",
    "cost_curve",
    "kernel_figure",
    "layer_figure",
    "mistake_gallery",
    "save",
]
