"""Composing numbers from digits, and the script that measures how they are read."""

import itertools
import re

import numpy as np
import pytest
from PIL import Image

from convnet.datasets import Split
from scripts import compose_numbers
from scripts.evaluation import papers
from scripts.synthesis.lines.papers import Page
from scripts.synthesis.material import Material
from scripts.synthesis.mnist.numbers import SIDE, compose
from tests.support.tiny_digits import tiny_digits, write_idx

BARS = Split(np.zeros((1, SIDE, SIDE), np.uint8), np.array([1], np.uint8))
BARS.images[0, 4:24, 12:16] = 255


def ink(grey: np.ndarray) -> np.ndarray:
    return grey if grey[0, 0] == 0 else 255 - grey


def runs(columns: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(columns.astype(int), prepend=0, append=0))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


@pytest.fixture
def plain(monkeypatch):
    """Numbers of one scale and size, so that widths can be counted."""
    monkeypatch.setattr("scripts.synthesis.mnist.numbers.SCALES", (2.0, 2.0))
    monkeypatch.setattr("scripts.synthesis.mnist.numbers.SIZES", (1.0, 1.0))


def test_digits_stand_apart_by_gaps_from_none_to_wide(plain, rng):
    widths = []
    for _ in range(200):
        found = runs((ink(compose(BARS, 0, rng).grey) > 100).any(axis=0))
        assert 1 <= len(found) <= 5
        widths += [b[0] - a[1] for a, b in itertools.pairwise(found)]
        widths += [0] * (5 - len(found))
    assert min(widths) == 0
    assert max(widths) > 20 * 2


def test_overlapping_digits_take_as_much_less_room(plain, rng):
    room = [
        np.ptp(np.flatnonzero((ink(compose(BARS, 3, rng).grey) > 0).any(axis=0)))
        for _ in range(200)
    ]
    assert min(room) >= 5 * 8 - 4 * 6 - 2  # five bars of 8 pixels, overlaps of 0 to 6
    assert max(room) <= 5 * 8 + 2
    assert np.ptp(room) > 12


def test_both_polarities_and_all_digits_occur(rng):
    digits = tiny_digits().test
    numbers = [compose(digits, 0, rng) for _ in range(40)]
    assert {int(number.grey[0, 0]) for number in numbers} == {0, 255}
    assert {len(number.text) for number in numbers} == {5}
    assert set("".join(number.text for number in numbers)) == set("0123456789")


def test_the_same_seed_composes_the_same_numbers():
    one, other = (compose(BARS, 2, np.random.default_rng(7)) for _ in range(2))
    assert one.text == other.text
    assert np.array_equal(one.grey, other.grey)


@pytest.fixture
def data(tmp_path):
    return write_idx(tmp_path / "data", tiny_digits())


def test_the_script_counts_outcomes_and_keeps_pictures(data, tmp_path, capsys):
    out = tmp_path / "numbers"
    arguments = ["--data", str(data), "--count", "4", "--out", str(out)]
    assert compose_numbers.main(arguments) == 0
    shares = [float(s) for s in re.findall(r"([\d.]+)%", capsys.readouterr().out)]
    assert len(shares) == 4
    assert sum(shares) == pytest.approx(100, abs=0.1)
    files = sorted(out.iterdir())
    assert len(files) == 4
    assert all(re.match(r"(right|wrong|refused|misread)-\d{5}-\d{5}-", f.name) for f in files)
    with Image.open(files[0]) as picture:
        assert picture.mode == "L"


def test_the_script_says_what_is_missing(data, tmp_path, capsys):
    assert compose_numbers.main(["--data", str(tmp_path)]) == 1
    assert "compose_numbers.py:" in capsys.readouterr().err
    assert compose_numbers.main(["--data", str(data), "--model", "./model"]) == 1
    assert "compose_numbers.py: no such network: './model' (shipped:" in capsys.readouterr().err


@pytest.mark.mnist
@pytest.mark.parametrize(("overlap", "count", "least"), [(0, 80, 0.9), (3, 60, 0.75)])
def test_numbers_of_held_out_digits_are_read(overlap, count, least, capsys):
    """Fewer than the full measurement, with room for chance."""
    assert compose_numbers.main(["--count", str(count), "--overlap", str(overlap)]) == 0
    right = float(re.search(r"([\d.]+)% right", capsys.readouterr().out)[1]) / 100
    assert right >= least


class Known:
    """A reader that answers what it is told to."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)

    def __call__(self, picture: bytes, route: str) -> dict:
        assert picture.startswith(b"\x89PNG")
        assert route == "read"
        text = self.texts.pop(0)
        if not text:
            raise ValueError("nothing is written there")
        return {"text": text}


def test_papers_are_scored_by_digits_by_text_and_by_order():
    blank = np.zeros((4, 4), np.uint8)
    pages = [Page(blank, blank, text) for text in ("12.5", "3 4", "56", "78")]
    score = papers.score("signs", pages, Known("12,5", "3 4", "", "71"))
    assert score.pages == 4
    assert score.digits == 0.5
    assert score.text == 0.25
    assert score.order == pytest.approx((1 + 1 + 0 + 0.5) / 4)
    assert papers.table([score])[-1] == "| signs | 4 | 50.0% | 25.0% | 62.5% |"


@pytest.mark.fonts
def test_the_same_seed_draws_the_same_papers():
    first, second = (list(papers.draw_pages("plain", 2, 4, Material())) for _ in range(2))
    assert [page.text for page in first] == [page.text for page in second]
    assert first[0].text != first[1].text
