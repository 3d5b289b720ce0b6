"""What all pictures share: fonts, colours, and how they become files."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convnet.storage.atomic_write import atomic_write

BLUE, RED, GREEN, GREY = "#2166ac", "#b2182b", "#1b7837", "#777777"
SIGNED = "RdBu_r"  # white is zero, red positive, blue negative
INK = "gray_r"  # ink 1 is black, paper 0 white

_RC: Any = {
    "font.size": 9,
    "axes.titlesize": 10,
    "figure.dpi": 100,
    "savefig.dpi": 150,
}


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, sizes in inches. It is not pyplot's, so no global state changes."""
    with mpl.rc_context(_RC):
        return Figure(figsize=(width, height), layout="constrained")


def bare(axes: Axes) -> Axes:
    """Take ticks and frame off, for pictures."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    return axes


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a PNG file: the same figure, the same bytes."""
    buffer = io.BytesIO()
    with mpl.rc_context(_RC):
        figure.savefig(buffer, format="png", metadata={"Software": None})
    with atomic_write(Path(path)) as stream:
        stream.write(buffer.getvalue())
