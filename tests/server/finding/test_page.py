"""All writing of a picture: what is small is looked at closer, rulings and boxes are no writing."""

import contextlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from server.finding.finder import OTHER, WRITING, shared_page_finder
from server.finding.page import find_writing
from server.images.errors import BlankImage


class Told:
    """A finder that takes black for writing and grey for other ink, and sees what is `sure`."""

    def __init__(self, sure: float = 1.0) -> None:
        self.sure, self.sides = sure, []

    def look_at(self, grey: np.ndarray) -> np.ndarray:
        self.sides.append(max(grey.shape))
        found = np.zeros((*grey.shape, 3), np.float32)
        found[..., WRITING] = (grey < 60) * self.sure
        found[..., OTHER] = (grey >= 60) & (grey < 160)
        return found


def box_with_digit() -> np.ndarray:
    picture = Image.new("L", (400, 400), 230)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((60, 60, 300, 300), outline=110, width=6)
    pen.rectangle((110, 90, 150, 170), fill=20)
    return np.asarray(picture)


def test_walls_around_the_writing_are_seen_and_are_no_ink() -> None:
    found = find_writing(box_with_digit(), Told())
    ink = np.argwhere(found.ink > 0.5)[:, ::-1]
    (left, top), (right, bottom) = (
        found.points_in_picture(ends) for ends in (ink.min(axis=0), ink.max(axis=0))
    )
    np.testing.assert_allclose([left, right, top, bottom], [110, 150, 90, 170], atol=4)
    assert found.other is not None
    walls = found.points_in_picture(np.argwhere(found.other)[:, ::-1])
    np.testing.assert_allclose(walls.min(axis=0), [60, 60], atol=4)
    np.testing.assert_allclose(walls.max(axis=0), [300, 300], atol=4)


def test_rulings_that_run_to_the_border_are_no_reason_to_look_at_all_of_the_picture() -> None:
    grey = np.full((400, 400), 230, np.uint8)
    grey[180:184] = 110
    grey[100:160, 180:200] = 20
    found = find_writing(grey, Told())
    assert found.left > 100
    assert found.scale[0] * found.ink.shape[1] < 200


def test_what_is_surely_writing_in_no_pixel_is_none() -> None:
    with pytest.raises(BlankImage):
        find_writing(box_with_digit(), Told(sure=0.6))


class Fading(Told):
    """Sees writing at the first look alone."""

    def look_at(self, grey: np.ndarray) -> np.ndarray:
        found = super().look_at(grey)
        return found if len(self.sides) == 1 else np.zeros_like(found)


def test_where_the_closer_look_sees_nothing_nothing_is_written() -> None:
    with pytest.raises(BlankImage):
        find_writing(box_with_digit(), Fading())


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
            assert find_writing(grey, shared_page_finder()).ink.max() > 0
