"""Where a line may be cut, and the cheapest way through what lies between the cuts."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.segmentation.candidates import (
    Candidate,
    best_way,
    find_candidates,
    find_pairs,
    reading_costs,
)
from server.segmentation.seams import LOOSE, find_seams
from server.segmentation.text_lines import Line
from tests.support.strokes import bars

NOTHING = np.zeros((28, 28), np.float32)


# -- candidates


def test_candidates_are_runs_of_pieces_that_are_narrow_enough():
    line = Line(bars((0, 10), (30, 40), (60, 70), (140, 150), width=150), (0, 0), (1.0, 1.0))
    seams = find_seams(line.ink, LOOSE)
    seams = seams.take(seams.strokes < 0.05)
    found = {(c.box[0], c.box[0] + c.box[2]) for c in find_candidates(line, seams)}
    one_by_one = {(0, 10), (30, 40), (60, 70), (140, 150)}
    assert found == one_by_one | {(0, 40), (30, 70), (0, 70)}


def test_what_is_too_wide_is_a_candidate_only_if_it_cannot_be_cut():
    line = Line(bars((0, 200), width=200), (0, 0), (1.0, 1.0))
    seams = find_seams(line.ink, LOOSE)
    first, last, alone = find_pairs(line, seams.take(np.array([0, len(seams) - 1])))
    assert (first.tolist(), last.tolist(), alone.tolist()) == ([0], [1], [True])


def test_what_is_low_can_only_be_passed_over():
    ink = bars((0, 20), width=60)
    ink[50:, 40:54] = 1
    line = Line(ink, (0, 0), (1.0, 1.0))
    seams = find_seams(ink, LOOSE)
    digit, *_, dot = find_candidates(line, seams.take(seams.strokes < 0.05))
    assert digit.speck_cost == np.inf
    assert dot.cost == np.inf
    assert dot.speck_cost < 12


# -- the way


def test_costs_are_log_probabilities_with_none_of_these():
    scores = np.array([[0.0] * 10, [30.0] + [0.0] * 9, [-60.0] * 10])
    certain, sure, none = reading_costs(scores)
    assert certain == pytest.approx(np.log(11))
    assert sure < 0.01
    assert none == 12


def candidate(first: int, last: int, cost: float) -> Candidate:
    return Candidate(first, last, (0, 0, 1, 1), NOTHING, cost, np.inf)


@given(st.data(), st.integers(1, 6))
@settings(max_examples=80)
def test_the_way_is_the_cheapest_of_all(data, pieces):
    """Compared with every way to cut there is."""
    pairs = list(itertools.combinations(range(pieces + 1), 2))
    costs = data.draw(st.lists(st.integers(0, 50), min_size=len(pairs), max_size=len(pairs)))
    candidates = [candidate(a, b, float(c)) for (a, b), c in zip(pairs, costs, strict=True)]
    scores = np.zeros((len(pairs), 10))
    price = dict(zip(pairs, costs + np.log(11), strict=True))
    way, specks = best_way(candidates, scores)
    chosen = [(candidates[i].first, candidates[i].last) for i in way]
    assert not specks
    assert chosen[0][0] == 0
    assert chosen[-1][1] == pieces
    assert all(a[1] == b[0] for a, b in itertools.pairwise(chosen))
    cheapest = min(
        sum(price[pair] for pair in itertools.pairwise([0, *inner, pieces]))
        for count in range(pieces)
        for inner in itertools.combinations(range(1, pieces), count)
    )
    assert sum(price[pair] for pair in chosen) == pytest.approx(cheapest)


def test_specks_are_kept_apart_from_digits():
    dot = Candidate(1, 2, (0, 0, 1, 1), NOTHING, np.inf, 2.0)
    way, specks = best_way([candidate(0, 1, 0), dot, candidate(2, 3, 0)], np.zeros((3, 10)))
    assert way == [0, 2]
    assert specks == [1]


def test_pieces_of_a_digit_are_joined_however_far_the_next_one_is():
    """The seam in a wide gap may lie anywhere in it; what counts is where ink begins and ends."""
    ink = bars((0, 10), (200, 210), (230, 260), (500, 510), width=510)
    line = Line(ink, (0, 0), (1.0, 1.0))
    seams = find_seams(ink, LOOSE)
    found = {
        (c.box[0], c.box[0] + c.box[2])
        for c in find_candidates(line, seams.take(seams.strokes < 0.05))
    }
    assert found == {(0, 10), (200, 210), (230, 260), (500, 510), (200, 260)}


def test_a_mark_of_little_ink_is_no_digit_however_high():
    ink = bars((0, 12), (40, 42), width=60)
    ink[:, 40:] *= 0.7
    line = Line(ink, (0, 0), (1.0, 1.0))
    seams = find_seams(ink, LOOSE)
    *_, mark = find_candidates(line, seams.take(seams.strokes < 0.05))
    assert mark.box[3] > 60
    assert mark.cost == np.inf
