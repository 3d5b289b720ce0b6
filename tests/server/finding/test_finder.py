"""The finder: squares of any picture, and what it makes of papers that it has never seen."""

import numpy as np
import pytest

from server.finding.finder import OTHER, OVERLAP, SIDE, WRITING, shared_finder
from tests.server.finding.papers import boxed, ringed, ruled, squared
from tests.support.strokes import DIGITS, draw, on_paper


def truth(probabilities: np.ndarray) -> np.ndarray:
    return probabilities.argmax(axis=-1)


@pytest.mark.parametrize("shape", [(SIDE, SIDE), (60, 90), (128, 300), (260, 200)])
def test_a_picture_of_any_size_is_looked_at_once_everywhere(shape: tuple[int, int]) -> None:
    grey = on_paper(draw(DIGITS[5], min(shape), shape=shape, size=0.6, at=(0.2, 0.2)))
    found = shared_finder().look_at(grey)
    assert found.shape == (*shape, 3)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=-1), 1, atol=1e-4)
    inked = grey < 100
    assert (truth(found)[inked] == WRITING).mean() > 0.8
    assert (truth(found)[grey == 255] == WRITING).mean() < 0.05


def test_where_squares_do_not_overlap_each_is_seen_as_it_is() -> None:
    grey = on_paper(draw(DIGITS[8], 128, shape=(128, 400), size=0.7, at=(1.2, 0.15)))
    whole = shared_finder().look_at(grey)
    left = shared_finder().look(grey[np.newaxis, :, :SIDE])[0]
    apart = SIDE - OVERLAP - 30
    np.testing.assert_allclose(whole[:, :apart], left[:, :apart], atol=1e-5)


@pytest.mark.parametrize("paper", [ruled, squared, boxed, ringed])
@pytest.mark.parametrize("digit", DIGITS)
def test_lines_and_rings_are_other_ink(paper, digit: int) -> None:
    grey, ink, other = paper(digit)
    found = truth(shared_finder().look_at(grey))
    assert (found[ink] == WRITING).mean() > 0.7
    assert (found[other & ~ink] == WRITING).mean() < 0.15
    assert (found[other & ~ink] == OTHER).mean() > 0.5
