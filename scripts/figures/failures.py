"""Pictures with a wrong answer, each with the network's input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image, ImageOps

from convnet.plots.style import INK, bare, new_figure

COLUMNS = 10
SIDE = 120  # pixels of the picture that are shown


@dataclass(frozen=True)
class Failure:
    """One picture.

    Attributes
    ----------
    picture : Image
    ink : ndarray of float, shape (28, 28)
        What the network saw.
    caption : str
    """

    picture: Image.Image
    ink: NDArray[np.floating]
    caption: str


def failure_sheet(failures: Mapping[str, Sequence[Failure]]) -> Figure:
    """Draw the first ten failures of each set: the picture above, the network's input below.

    Sets without failures are left out.
    """
    shown = {name: some[:COLUMNS] for name, some in failures.items() if some}
    figure = new_figure(COLUMNS + 0.5, max(2.5 * len(shown), 1))
    figure.set_layout_engine("none")
    if not shown:
        return figure
    heights = [1, 1, 0.5] * len(shown)  # picture, input, room for the next captions
    grid = figure.add_gridspec(
        len(heights), COLUMNS, height_ratios=heights, hspace=0.04, wspace=0.08,
        left=0.04, right=0.995, top=1 - 0.16 / len(shown), bottom=-0.1 / len(shown),
    )  # fmt: skip
    for row, (name, some) in enumerate(shown.items()):
        for column, failure in enumerate(some):
            above = bare(figure.add_subplot(grid[3 * row, column]))
            above.imshow(_on_white(failure.picture))
            above.set_title(failure.caption, fontsize=8, pad=3)
            below = bare(figure.add_subplot(grid[3 * row + 1, column]))
            below.imshow(failure.ink, cmap=INK, vmin=0, vmax=1)
            if column == 0:
                above.set_ylabel(name, fontsize=9)
    return figure


def _on_white(picture: Image.Image) -> Image.Image:
    """Return a picture as a viewer shows it on white: upright, small, in a thin frame."""
    colours = ImageOps.exif_transpose(picture).convert("RGBA")
    page = Image.new("RGBA", colours.size, "white")
    page.alpha_composite(colours)
    small = ImageOps.contain(page.convert("RGB"), (SIDE, SIDE))
    return ImageOps.pad(ImageOps.expand(small, 1, "#bbbbbb"), (SIDE + 2, SIDE + 2), color="white")
