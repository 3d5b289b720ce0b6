"""Lines: what is written is what the label says, in a frame of the line reader's form."""

import numpy as np
import pytest

from scripts.synthesis.lines import texts
from scripts.synthesis.lines.dataset import LONGEST, NOTHING, draw_lines
from scripts.synthesis.lines.form import WIDTH, to_frame
from scripts.synthesis.lines.printing import display_line, print_line
from scripts.synthesis.lines.writing import write_line
from scripts.synthesis.material import Material
from server.preprocessing.connected_components import find_components
from server.segmentation.line_form import HEIGHT


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def columns_inked(coverage: np.ndarray) -> int:
    """How many runs of columns have ink."""
    inked = np.concatenate([[False], (coverage > 60).any(axis=0)])
    return int(np.count_nonzero(inked[1:] & ~inked[:-1]))


def test_classes_and_characters_are_two_ways_to_say_the_same() -> None:
    assert texts.text_of(tuple(texts.classes_of(texts.ALPHABET))) == texts.ALPHABET
    assert min(texts.classes_of(texts.ALPHABET)) == 1  # 0 is the blank
    with pytest.raises(ValueError, match="substring not found"):
        texts.classes_of("12a")


def test_every_kind_of_text_is_made_of_the_alphabet() -> None:
    generator = rng()
    drawn = {texts.choose_text(generator) for _ in range(3000)}
    assert set("".join(drawn)) == set(texts.ALPHABET)
    assert all(text.strip() == text for text in drawn)


def test_characters_stand_in_order_with_wider_gaps_for_spaces() -> None:
    right = 0
    for seed in range(9):
        line = write_line("11 11", rng(seed))
        inked = np.flatnonzero((line > 60).any(axis=0))
        gaps = np.diff(inked)
        middle = (inked[0] + inked[-1]) / 2
        widest = inked[gaps.argmax()] + gaps.max() / 2
        right += abs(widest - middle) < 0.25 * (inked[-1] - inked[0])
    assert right >= 7  # some hands leave gaps within a character


def test_signs_keep_their_size_and_place() -> None:
    def ink(text: str) -> np.ndarray:
        return np.flatnonzero((write_line(text, rng(3)) > 60).any(axis=1))

    assert len(ink("-")) < 0.7 * len(ink("1"))
    with_dot = find_components(write_line("8.", rng(2)) > 60)
    top, _, bottom, _ = with_dot.boxes[with_dot.areas().argmin()]
    assert top > 0.7 * with_dot.boxes[:, 2].max()
    assert bottom > top


@pytest.mark.fonts
def test_fonts_print_what_they_have() -> None:
    line = print_line("40719", rng(1))
    assert columns_inked(line) == 5
    assert line.shape[1] > line.shape[0]


def test_displays_show_as_many_digits_at_one_pitch() -> None:
    assert columns_inked(display_line("0000", np.random.default_rng(8))) >= 4


def test_a_frame_has_all_of_the_ink_or_there_is_none() -> None:
    bar = np.zeros((40, 60), np.uint8)
    bar[10:30, 10:50] = 255
    for seed in range(30):
        frame = to_frame(bar, rng(seed))
        assert frame is not None
        assert frame.shape == (HEIGHT, WIDTH)
        assert frame.max() > 150
    long = np.zeros((30, 600), np.uint8)
    long[5:25, 5:595] = 255
    assert to_frame(long, rng()) is None


@pytest.mark.fonts
def test_the_same_seed_draws_the_same_lines_with_longer_and_shorter_texts() -> None:
    one, two = (draw_lines(12, 4, Material(), workers=1) for _ in range(2))
    np.testing.assert_array_equal(one.frames, two.frames)
    np.testing.assert_array_equal(one.labels, two.labels)
    assert one.frames.shape == (12, HEIGHT, WIDTH)
    assert one.labels.shape == (12, LONGEST)
    assert ((one.labels >= 1) | (one.labels == NOTHING)).all()
    assert (one.labels[:, 0] != NOTHING).all()
