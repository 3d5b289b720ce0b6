"""All writing of a picture: what is small is looked at closer, rulings and boxes are no writing."""

import contextlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from server.finding.finder import OTHER, WRITING, shared_finder
from server.finding.page import find_writing
from server.images.errors import BlankImage


class Told:
    """A finder that takes black for writing, grey for other ink; and only sees what is large.

    Other ink is taken for writing in pictures without a corner of it, as real finders may.
    """

    def __init__(self, least: int = 0) -> None:
        self.least, self.sides = least, []

    def look_at(self, grey: np.ndarray) -> np.ndarray:
        self.sides.append(max(grey.shape))
        found = np.zeros((*grey.shape, 3), np.float32)
        if max(grey.shape) >= self.least:
            found[..., WRITING] = grey < 60
            found[..., OTHER if len(self.sides) == 1 else WRITING] += (grey >= 60) & (grey < 160)
        return found


def box_with_digit() -> np.ndarray:
    picture = Image.new("L", (256, 256), 230)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((60, 60, 200, 200), outline=110, width=6)
    pen.rectangle((110, 90, 150, 170), fill=20)
    return np.asarray(picture)


def test_what_the_first_look_takes_for_a_box_is_no_writing_in_the_second() -> None:
    found = find_writing(box_with_digit(), Told())
    rows, columns = (np.flatnonzero((found.ink > 0.5).any(axis=axis)) for axis in (1, 0))
    left = found.left + columns[0] * found.scale[0]
    right = found.left + columns[-1] * found.scale[0]
    assert abs(left - 110) < 4
    assert abs(right - 150) < 4
    assert len(rows) * found.scale[1] < 90


def test_small_writing_is_looked_at_again_at_twice_the_size() -> None:
    grey = np.full((600, 600), 230, np.uint8)
    grey[300:320, 300:312] = 20
    finder = Told()
    find_writing(grey, finder)
    assert finder.sides[0] < 150
    assert 250 < finder.sides[1] < 260


@pytest.mark.parametrize("shape", [(1, 4000), (4000, 1), (5, 200), (4, 4000), (3, 3), (3000, 7)])
def test_specks_on_pictures_of_any_shape_are_read_or_blank(
    shape: tuple[int, int], rng: np.random.Generator
) -> None:
    for share in (0.02, 0.2, 0.5):
        grey = np.where(rng.random(shape) < share, 0, 255).astype(np.uint8)
        with contextlib.suppress(BlankImage):
            assert find_writing(grey, shared_finder()).ink.max() > 0
