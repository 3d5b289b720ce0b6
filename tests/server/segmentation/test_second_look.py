"""Two networks weigh each digit: what both find likely wins, signs stay."""

import numpy as np
import pytest

from server.segmentation.second_look import in_mnist_form, look_again
from server.segmentation.text import Character, Text


def character(text: str, **digits: float) -> Character:
    probabilities = np.full(10, 0.001)
    for name, share in digits.items():
        probabilities[int(name[1:])] = share
    ink = np.zeros((20, 12), np.float32)
    ink[2:18, 5:8] = 1
    return Character(text, 0.9, probabilities / probabilities.sum(), (0, 0, 12, 20), ink)


def sees(*digits: int, accepted: bool = True):
    def classify(inputs):
        assert [one.shape for one in inputs] == [(28, 28)] * len(digits)
        found = np.full((len(digits), 10), 0.01)
        found[np.arange(len(digits)), digits] = 0.91
        return found, np.full(len(digits), accepted)

    return classify


TEXT = Text([[character("-"), character("1", d1=0.5, d7=0.4)], [character("3", d3=0.99)]])


def test_what_both_find_likely_wins() -> None:
    assert str(look_again(TEXT, sees(7, 8))) == "-7\n3"
    seven = look_again(TEXT, sees(7, 8)).lines[0][1]
    assert seven.digits.argmax() == 7
    assert abs(seven.digits.sum() - 1) < 1e-9


def test_what_the_other_network_refuses_it_does_not_weigh() -> None:
    assert str(look_again(TEXT, sees(7, 8, accepted=False))) == "-1\n3"


def test_signs_alone_are_not_looked_at() -> None:
    signs = Text([[character("+"), character("?")]])
    assert look_again(signs, lambda _: pytest.fail("looked at")) is signs


def test_no_ink_is_an_empty_input() -> None:
    assert not in_mnist_form(np.zeros((5, 5), np.float32)).any()
