"""The units of work of a correlation: every row of every image once, and evenly shared."""

from collections.abc import Iterator

import pytest

from convnet.correlation.partition import Grid
from convnet.runtime.threads import get_threads, set_threads, shares


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = get_threads()
    set_threads(2)
    yield
    set_threads(before)


@pytest.mark.parametrize("rows", [1, 3, 6, 9])
@pytest.mark.parametrize("batch", [1, 31, 64, 129, 300])
@pytest.mark.parametrize("block", [32, 128])
def test_the_shares_have_every_row_of_every_image_once(rows: int, batch: int, block: int) -> None:
    grid = Grid(rows, batch, block)
    done = [
        (row, image)
        for share in shares(grid.units)
        for part, images in grid.parts(*share)
        for row in part
        for image in range(batch)[images]
    ]
    assert len(done) == rows * batch
    assert len(set(done)) == rows * batch


@pytest.mark.parametrize(
    ("rows", "batch", "blocks"),
    [
        (3, 64, 2),  # a block for each thread is even, two rows and one are not
        (6, 64, 1),
        (9, 64, 1),  # five rows and four are even enough
        (3, 63, 1),  # too few images in each block
        (3, 128 + 64, 2),
        (3, 2 * 128 + 64, 4),
    ],
)
def test_blocks_are_shared_where_rows_cannot_be_shared_evenly(
    rows: int, batch: int, blocks: int
) -> None:
    assert Grid(rows, batch, 128).blocks == blocks


def test_no_block_is_larger_than_asked_for() -> None:
    grid = Grid(5, 1000, 48)
    parts = grid.parts(0, grid.units)
    assert max(images.stop - images.start for _, images in parts) <= 48
