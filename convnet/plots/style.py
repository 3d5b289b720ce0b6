"""What all pictures share: fonts, colours, and how they become files."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

from convnet.storage.atomic_write import atomic_write
from convnet.training import curves

Figure = Any
"""A ``matplotlib.figure.Figure``: matplotlib is looked for when one is asked for."""

Axes = Any
"""A ``matplotlib.axes.Axes``."""

BLUE, RED, GREY, GREEN = curves.BLUE, curves.RED, curves.GREY, "#1b7837"
SIGNED = "RdBu_r"  # white is zero, red positive, blue negative
INK = "gray_r"  # ink 1 is black, paper 0 white

_RC: Any = {
    "font.size": 9,
    "axes.titlesize": 10,
    "figure.dpi": 100,
    "savefig.dpi": 150,
}


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, sizes in inches. It is not pyplot's, so no global state changes.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    with curves.matplotlib().rc_context(_RC):
        return curves.new_figure(width, height)


def bare(axes: Axes) -> Axes:
    """Take ticks and frame off, for pictures."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    return axes


def save(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a PNG file: the same figure, the same bytes."""
    buffer = io.BytesIO()
    with curves.matplotlib().rc_context(_RC):
        figure.savefig(buffer, format="png", metadata={"Software": None})
    with atomic_write(Path(path)) as stream:
        stream.write(buffer.getvalue())
