"""Words as they are found: each with what it reads, and none where that is not clear."""

import numpy as np
import pytest

from scripts.synthesis.lines.dataset import NOTHING
from scripts.synthesis.lines.found import draw_found, words_of
from scripts.synthesis.lines.papers import Page
from scripts.synthesis.lines.texts import text_of
from scripts.synthesis.material import Material
from server.segmentation.line_form import HEIGHT
from tests.support.strokes import in_cells


def page(text: str, *rows: str) -> Page:
    grey = in_cells(rows)
    return Page(grey, np.zeros_like(grey), text)


def test_each_digit_in_a_box_is_a_word() -> None:
    found = list(words_of(page("42\n8\n51", "4 2", " 8 ", "51 ")))
    assert [text for text, _ in found] == ["4", "2", "8", "5", "1"]
    assert all(0.2 < ink.shape[1] / ink.shape[0] < 1.3 for _, ink in found)


def test_what_was_found_otherwise_than_written_teaches_nothing() -> None:
    assert not list(words_of(page("42\n8", "4 2", " 8 ", "51 ")))
    assert not list(words_of(Page(np.full((90, 90), 255, np.uint8), np.zeros((90, 90)), "1")))


@pytest.mark.fonts
def test_words_are_drawn_in_the_form_that_the_line_reader_takes() -> None:
    one, two = (draw_found(8, 4, Material(), workers=1) for _ in range(2))
    np.testing.assert_array_equal(one.frames, two.frames)
    assert one.frames.shape[:2] == (8, HEIGHT)
    texts = [text_of(tuple(row[row != NOTHING].tolist())) for row in one.labels]
    assert all(texts)
    assert (one.frames.max(axis=(1, 2)) > 150).all()
