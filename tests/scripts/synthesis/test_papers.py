"""Papers: what is written on them is what they say, and half of them are photographed."""

import numpy as np
import pytest

from scripts.synthesis.lines import papers
from scripts.synthesis.lines.papers import KINDS, Sheet, draw_page
from scripts.synthesis.lines.texts import ALPHABET
from scripts.synthesis.material import Material
from scripts.synthesis.scenes.board import OTHER, WRITING
from scripts.synthesis.scenes.subjects import Box
from server.preprocessing.connected_components import find_components

pytestmark = pytest.mark.fonts


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_writes_what_it_says(kind: str) -> None:
    for seed in range(4):
        page = draw_page(kind, np.random.default_rng(seed), Material())
        assert page.grey.shape == page.truth.shape
        assert page.grey.dtype == np.uint8
        assert set(page.text) <= set(ALPHABET + "\n")
        written = page.truth == WRITING
        assert written.any() == bool(page.text)
        if written.any():
            assert page.grey[written].std() + page.grey[~written].std() > 1


def test_boxes_and_grids_have_a_piece_of_ink_for_each_digit_or_more() -> None:
    for kind in ("boxes", "grid"):
        page = draw_page(kind, np.random.default_rng(3), Material())
        digits = sum(map(str.isdigit, page.text))
        pieces = find_components(page.truth == WRITING)
        assert digits <= len(pieces) * 1.3
        assert page.text.count("\n") == (0 if kind == "boxes" else len(page.text.split()) - 1)


def test_captions_stand_outside_of_the_cells_and_are_no_writing() -> None:
    rng = np.random.default_rng(0)
    below = set()
    for _ in range(12):
        sheet = Sheet.of(300, 200, rng, Material())
        cells = Box(60, 60, 300, 200)
        papers._put_caption(sheet, cells, 50)
        top, _, bottom, _ = find_components(sheet.board.truth == OTHER).boxes.T
        assert (top >= 260).all() or (bottom <= 60).all()
        below.add(bool(top.min() >= 260))
        assert not (sheet.board.truth == WRITING).any()
        assert not sheet.lines
    assert below == {False, True}


def test_the_same_generator_draws_the_same_page() -> None:
    one, two = (draw_page("signs", np.random.default_rng(5), Material()) for _ in range(2))
    assert one.text == two.text
    np.testing.assert_array_equal(one.grey, two.grey)
