"""The ink of each cell of a grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from server.images.types import Ink
from server.preprocessing.connected_components import find_components
from server.preprocessing.foreground import INK_THRESHOLD
from server.segmentation.grid import Grid
from server.segmentation.text_lines import Line, cut_out, paint, require_few

# What is lower than this part of a cell is no digit, but what is left of a wall, or dirt.
_LOW = 0.22


@dataclass(frozen=True)
class Cell:
    """What is written in a cell.

    Attributes
    ----------
    row, column : int
    line : Line
    """

    row: int
    column: int
    line: Line


def find_cells(ink: Ink, grid: Grid, max_marks: int) -> list[Cell]:
    """Return what is written in the cells of a grid, row by row; empty ones are left out.

    A mark is in the cell that its middle is in; what is outside of the grid is left out.

    Parameters
    ----------
    ink : ndarray of float32, shape (H, W)
    grid : Grid
    max_marks : int
        How many marks there may be in the cells.

    Raises
    ------
    TooManyMarks
    """
    marks = find_components(ink > INK_THRESHOLD)
    boxes = marks.boxes
    middles = (boxes[:, 1::-1] + boxes[:, :1:-1]) / 2
    places = np.floor(grid.places(middles)).astype(np.int_)[:, ::-1]
    inside = ((places >= 0) & (places < (grid.rows, grid.columns))).all(axis=1)
    require_few(int(np.count_nonzero(inside)), max_marks)
    numbers = np.where(inside, 1 + places @ (grid.columns, 1), -1)
    painted = paint(marks, numbers)
    least, found = _LOW * grid.height_of_cell(), []
    for number in np.unique(numbers[inside]).tolist():
        own = boxes[numbers == number]
        if own[:, 2].max() - own[:, 0].min() >= least:
            row, column = divmod(number - 1, grid.columns)
            found.append(Cell(row, column, cut_out(ink, painted, number, own)))
    return found
