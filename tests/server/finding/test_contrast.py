"""How much ink a pixel has, by its brightness: what the finder closed is open again."""

import numpy as np
import pytest

from server.finding.contrast import ink_by_contrast


def picture(ground: float, ink: float) -> tuple[np.ndarray, np.ndarray]:
    """Two strokes, and a gap between them that is as dark as a fifth of ink."""
    grey = np.full((64, 64), ground)
    grey[20:44, 20:28] = grey[20:44, 32:40] = ink
    grey[20:44, 28:32] = ground + 0.2 * (ink - ground)
    where = np.zeros((64, 64), np.bool_)
    where[20:44, 20:40] = True
    return grey.astype(np.uint8), where


@pytest.mark.parametrize(("ground", "ink"), [(200, 60), (40, 180), (120, 100)])
def test_strokes_are_ink_and_a_gap_between_them_is_hardly(ground: float, ink: float) -> None:
    grey, where = picture(ground, ink)
    amount = ink_by_contrast(grey, where.astype(np.float32), where, 24)
    assert amount[30, 24] > 0.9
    assert amount[30, 30] < 0.15
    assert (amount[:10] == 0).all()


def test_the_ground_is_that_of_the_place() -> None:
    grey, where = picture(200, 60)
    light = grey * np.linspace(0.5, 1, 64)[:, np.newaxis]
    amount = ink_by_contrast(light.astype(np.uint8), where.astype(np.float32), where, 24)
    assert amount[[22, 41], 24].min() > 0.6
    assert amount[:, :10].max() < 0.2


def test_without_ground_all_may_be_ink() -> None:
    grey, _ = picture(200, 60)
    everywhere = np.ones((64, 64), np.bool_)
    assert (ink_by_contrast(grey, everywhere.astype(np.float32), everywhere, 24) == 1).all()


def test_writing_as_bright_as_the_ground_has_no_amount() -> None:
    grey, where = np.full((64, 64), 90, np.uint8), picture(0, 0)[1]
    assert (ink_by_contrast(grey, where.astype(np.float32), where, 24) == 1).all()


def test_beyond_the_picture_is_no_ground() -> None:
    grey, where = picture(200, 60)
    grey[:, 44:] = 60  # as the border is continued
    amount = ink_by_contrast(grey, where.astype(np.float32), where, 24, (slice(None), slice(0, 44)))
    assert amount[30, 24] > 0.9
    assert amount[30, 36] > 0.9


def test_where_nothing_is_written_there_is_nothing_to_compare() -> None:
    grey, nowhere = np.full((64, 64), 90, np.uint8), np.zeros((64, 64), np.bool_)
    assert (ink_by_contrast(grey, nowhere.astype(np.float32), nowhere, 24) == 1).all()
