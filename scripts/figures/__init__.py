"""Pictures of training and of trained networks, as PNG files; they need matplotlib.

`draw_training` and `draw_evaluation` write what the commands show; the modules draw one kind of
picture each and can be used by themselves, as the notebook does.
"""

try:
    import matplotlib as _  # noqa: F401
except ImportError as error:
    raise ImportError(
        "pictures need matplotlib: install the `train` extra. scripts/python does so: "
        "scripts/python scripts/train.py …"
    ) from error

from scripts.figures.confusion import confusion_figure
from scripts.figures.curves import cost_curve
from scripts.figures.kernels import kernel_figure
from scripts.figures.layers import layer_figure
from scripts.figures.mistakes import mistake_gallery
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
