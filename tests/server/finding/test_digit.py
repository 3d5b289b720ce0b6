"""The digit in a picture of anything: its ink, wherever it is, and nothing else."""

import contextlib
import tracemalloc

import numpy as np
import pytest

from server.finding.digit import View, find_digit
from server.finding.finder import SIDE, shared_finder
from server.finding.prepare import preprocess
from server.images.errors import BlankImage
from server.recognizer import Recognizer
from tests.server.finding.papers import boxed, ringed, ruled, squared
from tests.support.strokes import DIGITS, draw, on_paper, unlikeness, wanted

every_paper = pytest.mark.parametrize("paper", [ruled, squared, boxed, ringed])
every_digit = pytest.mark.parametrize("digit", DIGITS)


@pytest.fixture(scope="module")
def network() -> Recognizer:
    return Recognizer.load("digits")


def read(network: Recognizer, grey: np.ndarray) -> int | None:
    return network.recognize(preprocess(grey)[np.newaxis])[0].digit


@every_paper
@every_digit
def test_digits_are_read_on_every_paper(network: Recognizer, paper, digit: int) -> None:
    grey, _, _ = paper(digit)
    assert read(network, grey) == digit
    assert read(network, 255 - grey) == digit


@every_digit
def test_a_digit_is_read_on_a_plate_of_another_tone(network: Recognizer, digit: int) -> None:
    grey = np.full((200, 300), 200, np.uint8)
    grey[40:160, 90:210] = on_paper(draw(DIGITS[digit], 120, size=0.6, at=(0.2, 0.2)), 60, 230)
    noise = np.random.default_rng(0).normal(0, 4, grey.shape)
    assert read(network, np.clip(grey + noise, 0, 255).astype(np.uint8)) == digit


@pytest.mark.parametrize("at", [(0.05, 0.1), (0.6, 0.55), (0.78, 0.1)])
def test_a_small_digit_of_a_large_photo_is_looked_at_closer(at: tuple[float, float]) -> None:
    rng = np.random.default_rng(1)
    drawn = draw(DIGITS[5], 900, size=0.14, at=at, width=0.1)
    grey = np.clip(on_paper(drawn, 190, 50) + rng.normal(0, 3, drawn.shape), 0, 255)
    found = find_digit(grey.astype(np.uint8), shared_finder())
    assert found.view.scale < 900 / SIDE / 2
    rows, columns = (np.flatnonzero((found.ink > 0.5).any(axis=a)) for a in (1, 0))
    top = found.view.top + rows[0] * found.view.scale
    left = found.view.left + columns[0] * found.view.scale
    inked = drawn > 0.5
    expected = (np.flatnonzero(inked.any(axis=1))[0], np.flatnonzero(inked.any(axis=0))[0])
    assert np.abs(np.subtract((top, left), expected)).max() < 9
    assert unlikeness(preprocess(grey.astype(np.uint8)), wanted(5)) < 0.45


def test_a_drawing_on_clean_paper_is_its_own_ink(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.finding.prepare.find_digit", lambda *_: pytest.fail("looked for"))
    for digit in DIGITS:
        preprocess(on_paper(draw(DIGITS[digit])))


def test_a_view_shows_its_place_and_continues_the_border() -> None:
    grey = np.tile(np.arange(100, dtype=np.uint8), (80, 1))
    view = View.of(grey, 20, 10, 64)
    assert view.square.shape == (SIDE, SIDE)
    assert view.scale == 0.5
    assert abs(int(view.square[60, 0]) - 20) <= 1
    assert abs(int(view.square[60, -1]) - 83) <= 1
    beyond = View.of(grey, -30, -5, 128).square
    assert (beyond[:, :28] == 0).all()
    assert abs(int(beyond[0, 80]) - 50) <= 1


@pytest.mark.parametrize("grain", [0, 2, 12])
def test_empty_paper_is_blank(network: Recognizer, grain: int) -> None:
    rng = np.random.default_rng(2)
    light = np.linspace(120, 230, 300)[:, np.newaxis] + rng.normal(0, grain, (300, 200))
    with contextlib.suppress(BlankImage):
        assert read(network, np.clip(light, 0, 255).astype(np.uint8)) is None


@pytest.mark.parametrize("shape", [(1, 4096), (4096, 1), (180, 4096), (4096, 180)])
def test_the_square_around_a_strip_is_not_made_at_its_full_size(
    shape: tuple[int, int], rng: np.random.Generator
) -> None:
    grey = rng.integers(0, 256, shape).astype(np.uint8)
    side = max(shape)
    tracemalloc.start()
    try:
        view = View.of(grey, (shape[1] - side) / 2, (shape[0] - side) / 2, side)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2e6  # and not the 17 MB of the square
    assert view.square.shape == (SIDE, SIDE)


def test_a_strip_is_seen_where_it_is() -> None:
    grey = np.full((200, 3000), 255, np.uint8)
    grey[80:120, 1500:2100] = 0
    seen = View.of(grey, 0, -1400, 3000)
    rows, columns = np.nonzero(seen.square < 128)
    to_picture = 3000 / SIDE
    assert abs(columns.min() * to_picture - 1500) < 50
    assert abs((columns.max() + 1) * to_picture - 2100) < 50
    assert abs((rows.mean() + 0.5) * to_picture - 1400 - 100) < 25
