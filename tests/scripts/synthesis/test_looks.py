"""Squares of pages: the writing as high as at a look of the finder, its truth with it."""

import numpy as np
import pytest

from scripts.synthesis.lines.looks import draw_looks, look_at
from scripts.synthesis.lines.papers import Page
from scripts.synthesis.material import Material
from scripts.synthesis.scenes.board import OTHER, WRITING
from scripts.synthesis.scenes.dataset import OUTSIDE
from server.finding.finder import SIDE
from server.finding.page import usual_height


def page(height: int = 60) -> Page:
    """Black writing in a thin frame, on a page of 300 by 700 pixels."""
    truth = np.zeros((300, 700), np.uint8)
    truth[50, 40:600] = truth[250, 40:600] = truth[50:250, 40] = truth[50:250, 600] = OTHER
    truth[100 : 100 + height, 300:330] = WRITING
    return Page(np.where(truth > 0, np.uint8(0), np.uint8(255)), truth, "1")


def test_writing_is_as_high_as_at_the_first_look_or_the_closer_one() -> None:
    looks = [look_at(page(), np.random.default_rng(seed)) for seed in range(60)]
    heights = [usual_height(truth == WRITING) for _, truth in looks]
    assert min(heights) < 16
    assert max(heights) > 36
    assert max(heights) < 60
    for grey, truth in looks:
        assert grey.shape == truth.shape == (SIDE, SIDE)
        assert (grey[truth == WRITING] < 170).all()
        assert (grey[truth == 0] > 80).all()


def test_thin_lines_keep_their_truth_where_the_page_is_made_smaller() -> None:
    for seed in range(20):
        grey, truth = look_at(page(), np.random.default_rng(seed))
        dark = (grey < 150) & (truth >= 0)
        assert (truth[dark] > 0).all()


def test_beyond_a_small_page_nothing_is_known() -> None:
    small = Page(*(part[:, 280:360] for part in page()[:2]), "1")
    _, truth = look_at(small, np.random.default_rng(0))
    assert (truth == OUTSIDE).any()
    assert (truth == WRITING).any()


@pytest.mark.fonts
def test_the_same_seed_draws_the_same_looks() -> None:
    one, two = (draw_looks(6, 3, Material(), workers=1) for _ in range(2))
    np.testing.assert_array_equal(one.greys, two.greys)
    np.testing.assert_array_equal(one.truths, two.truths)
    assert set(np.unique(one.truths)) <= {OUTSIDE, 0, 1, 2}
