"""Pictures of training and of trained networks, as PNG files; they need matplotlib.

`draw_training` and `draw_evaluation` write what the commands show; the modules draw one kind of
picture each. Those that suit any network are in `convnet.plots`.
"""

try:
    import matplotlib as _  # noqa: F401
except ImportError as error:
    raise ImportError(
        "pictures need matplotlib: install the `train` extra. scripts/python does so: "
        "scripts/python scripts/train.py …"
    ) from error

from convnet.plots import (
    confusion_figure,
    cost_curve,
    kernel_figure,
    layer_figure,
    mistake_gallery,
)
from scripts.figures.report import draw_evaluation, draw_training

__all__ = [
    "confusion_figure",
    "cost_curve",
    "draw_evaluation",
    "draw_training",
    "kernel_figure",
    "layer_figure",
    "mistake_gallery",
]
