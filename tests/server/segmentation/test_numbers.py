"""Numbers in a text: words between gaps, and what they are worth."""

import numpy as np
import pytest

from server.segmentation.numbers import find_numbers, value_of
from server.segmentation.text import Character, Text


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("0", 0.0),
        ("007", 7.0),
        ("-12.5", -12.5),
        ("+3,25", 3.25),
        ("1.234,50", 1234.5),
        ("1,234,567", 1234567.0),
        ("50%", 0.5),
        ("-5", -5.0),
        ("12.05.2024", None),
        ("1/2", None),
        ("12:30", None),
        ("(12)", None),
        ("1?", None),
        ("-", None),
        ("1.", None),
        ("", None),
    ],
)
def test_values(word: str, value: float | None) -> None:
    assert value_of(word) == value


def text(*lines: str) -> Text:
    """A text whose characters are 10 wide and stand 20 apart."""

    def place(character: str, column: int, row: int) -> Character:
        box = (20 * column, 50 * row, 10, 30)
        return Character(character, 0.9, np.zeros(10), box, np.zeros((30, 10), np.float32))

    return Text([[place(c, i, row) for i, c in enumerate(line)] for row, line in enumerate(lines)])


def test_words_are_parted_by_gaps_and_lines() -> None:
    found = find_numbers(text("-1.5  40", "? 7"))
    assert [(n.text, n.value) for n in found] == [("-1.5", -1.5), ("40", 40.0), ("7", 7.0)]
    assert found[0].box == (0, 0, 70, 30)
    assert found[1].box == (120, 0, 30, 30)
    assert found[2].box == (40, 50, 10, 30)


def test_a_text_is_written_line_by_line() -> None:
    written = text(" 12 3", "4 ")
    assert str(written) == "12 3\n4"
    assert [c.text for c in written] == ["1", "2", "3", "4"]
    assert next(c.box for c in written.scaled(2, 3)) == (40, 0, 20, 90)
