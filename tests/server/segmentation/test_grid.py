"""Grids: rows and columns are found however the paper is turned, and where walls are broken."""

import tracemalloc

import numpy as np
import pytest
from PIL import Image, ImageDraw

from server.images.errors import TooManyMarks
from server.segmentation.cells import find_cells
from server.segmentation.grid import find_grid, fit_projection, project

SIDE = 40


def walls(rows: int, columns: int, gap: int = 0, thick: int = 2) -> np.ndarray:
    """Boxes of SIDE pixels with shared walls, or so many pixels apart."""
    size = 30 + columns * (SIDE + gap), 30 + rows * (SIDE + gap)
    picture = Image.new("L", (size[0] + 30, size[1] + 30))
    pen = ImageDraw.Draw(picture)
    for row in range(rows):
        for column in range(columns):
            left, top = 30 + column * (SIDE + gap), 30 + row * (SIDE + gap)
            pen.rectangle((left, top, left + SIDE, top + SIDE), outline=255, width=thick)
    return np.asarray(picture) > 0


def through(mask: np.ndarray, quad: list[tuple[float, float]]) -> np.ndarray:
    """See the four corners of a mask where `quad` says (top left, top right, …)."""
    height, width = mask.shape
    there = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    terms = fit_projection(np.array(quad, float), there)
    terms = (terms / terms[2, 2]).ravel()[:8].tolist()
    picture = Image.fromarray(mask.astype(np.uint8) * 255)
    return np.asarray(picture.transform((600, 600), Image.Transform.PERSPECTIVE, terms)) > 127


@pytest.mark.parametrize(("rows", "columns", "gap"), [(9, 9, 0), (4, 4, 0), (2, 5, 0), (3, 4, 8)])
def test_rows_and_columns_are_counted(rows: int, columns: int, gap: int) -> None:
    grid = find_grid(walls(rows, columns, gap))
    assert grid is not None
    assert (grid.rows, grid.columns) == (rows, columns)
    pitch = SIDE + gap
    wanted = 30 - gap / 2 + pitch * np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)])
    np.testing.assert_allclose(grid.corners, wanted, atol=2)
    assert abs(grid.height_of_cell() - pitch) < 1


def test_a_grid_seen_from_the_side_has_its_corners_where_they_are_seen() -> None:
    mask = walls(9, 9)
    quad = [(60.0, 40.0), (520.0, 90.0), (560.0, 560.0), (20.0, 500.0)]
    grid = find_grid(through(mask, quad))
    assert grid is not None
    assert (grid.rows, grid.columns) == (9, 9)
    height, width = mask.shape
    there = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    end = 30 + 9 * SIDE
    corners = np.array([(30, 30), (end, 30), (end, end), (30, end)], float)
    wanted = project(fit_projection(there, np.array(quad)), corners)
    np.testing.assert_allclose(grid.corners, wanted, atol=6)


def test_cells_whose_walls_are_broken_are_counted_by_the_others() -> None:
    mask = walls(9, 9)
    mask[40:60, 25:160] = False  # upright walls of the first row, and the outer one
    mask[200:206, 150:170] = mask[240:260, 236:246] = False
    grid = find_grid(mask)
    assert grid is not None
    assert (grid.rows, grid.columns) == (9, 9)


@pytest.mark.parametrize("mask", [np.zeros((80, 80), bool), np.ones((80, 80), bool)])
def test_nothing_and_everything_is_no_grid(mask: np.ndarray) -> None:
    assert find_grid(mask) is None


def test_rulings_and_squared_paper_that_go_on_beyond_the_border_are_counted_inside_of_it() -> None:
    mask = np.zeros((200, 300), bool)
    mask[20::30] = True
    assert find_grid(mask) is None
    mask[:, 10::30] = True
    grid = find_grid(mask)
    assert grid is not None
    assert (grid.rows, grid.columns) == (5, 9)


def test_a_row_of_boxes_is_a_grid_where_one_is_asked_for() -> None:
    mask = walls(1, 5, gap=10)
    assert find_grid(mask) is None
    grid = find_grid(mask, least=1)
    assert grid is not None
    assert (grid.rows, grid.columns) == (1, 5)
    np.testing.assert_allclose(grid.corners[:, 1], [30, 30, 71, 71], atol=4)


def test_finely_squared_paper_is_no_grid_and_costs_little() -> None:
    mask = np.zeros((640, 640), bool)
    mask[::11] = mask[:, ::11] = True  # 3,364 cells
    tracemalloc.start()
    try:
        assert find_grid(mask) is None
        assert tracemalloc.get_traced_memory()[1] < 60e6
    finally:
        tracemalloc.stop()


def test_more_marks_than_are_allowed_count_in_the_cells_alone() -> None:
    grid = find_grid(walls(2, 3))
    assert grid is not None
    ink = np.zeros((200, 250), np.float32)
    ink[2:26, 40:60:4] = ink[40:60, 40:60:4] = 1  # five marks above the grid, five in a cell
    assert len(find_cells(ink, grid, 5)) == 1
    with pytest.raises(TooManyMarks, match="5 marks"):
        find_cells(ink, grid, 4)


def test_texture_is_no_grid(rng: np.random.Generator) -> None:
    for share in (0.05, 0.3, 0.6):
        grid = find_grid(rng.random((200, 200)) < share)
        assert grid is None


def test_marks_are_in_the_cell_of_their_middle_and_what_is_low_is_none() -> None:
    grid = find_grid(walls(2, 3))
    assert grid is not None
    ink = np.zeros((200, 250), np.float32)
    ink[36:62, 45:55] = 1  # in the first cell
    ink[80:100, 115:122] = ink[80:100, 128:135] = 1  # two marks of one cell
    ink[40:44, 120:130] = 1  # what is left of a wall
    ink[2:20, 40:50] = 1  # above the grid
    cells = find_cells(ink, grid, 100)
    assert [(cell.row, cell.column) for cell in cells] == [(0, 0), (1, 2)]
    assert cells[0].line.in_picture((0, 0, *cells[0].line.ink.shape[::-1])) == (45, 36, 10, 26)
    assert cells[1].line.in_picture((0, 0, *cells[1].line.ink.shape[::-1]))[2] == 20
