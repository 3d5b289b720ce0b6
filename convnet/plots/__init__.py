"""Pictures of trained networks; they need matplotlib, which the `train` extra brings.

Each function returns a matplotlib figure, which a notebook shows and `save` writes as PNG::

    from convnet import plots

    plots.save(plots.layer_figure(network, image), "layers.png")

Nothing else in this package loads them.
"""

try:
    import matplotlib as _  # noqa: F401
except ImportError as error:
    raise ImportError(
        "plots need matplotlib: pip install matplotlib, or the `train` extra of this project"
    ) from error

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
