"""Paths along which a line of digits may be cut."""

import itertools

import numpy as np
import pytest

from server.segmentation.seams import LOOSE, STIFF, find_seams
from tests.support.strokes import bars


def test_gaps_are_found_between_slanted_strokes():
    """Each seam leaves the whole of a stroke on one side, though no straight cut does."""
    rows, columns = np.mgrid[:64, :200]
    ink = np.zeros((64, 200), np.float32)
    for start in (0, 40, 80):
        offset = columns - start - (63 - rows)
        ink[(offset >= 0) & (offset < 10)] = 1
    seams = find_seams(ink[:, :155], LOOSE)
    gaps = seams.take(seams.strokes < 0.05)
    parts = np.diff(gaps.ink_left.sum(axis=1)) / ink.sum()
    assert parts == pytest.approx([1 / 3] * 3, abs=0.01)


def test_where_strokes_touch_the_seam_crosses_least_ink():
    ink = bars((10, 20), (50, 60))
    ink[30:34, 20:50] = 1  # a bridge, thin against the strokes
    seams = find_seams(ink, LOOSE, STIFF)
    inner = seams.strokes[1:-1]
    assert len(inner) >= 1
    assert 0 < inner.min() < 1


def test_seams_go_from_left_to_right_and_stay_in_the_line(rng):
    ink = (rng.random((40, 160)) < 0.2).astype(np.float32)
    seams = find_seams(ink, LOOSE, STIFF)
    assert seams.columns.min() == 0
    assert seams.columns.max() == 160
    assert (np.diff(seams.ink_left.sum(axis=1)) >= 0).all()
    assert (np.abs(np.diff(seams.columns, axis=1)) <= 1).all()
    assert (seams.ink_left[-1] == ink.sum(axis=1)).all()


def test_no_two_seams_are_alike(rng):
    ink = (rng.random((40, 160)) < 0.2).astype(np.float32)
    seams = find_seams(ink, LOOSE, STIFF)
    for one, other in itertools.combinations(seams.ink_left, 2):
        assert np.abs(one - other).sum() > seams.least_ink


def test_a_line_without_ink_to_cut_has_its_ends_alone():
    seams = find_seams(bars((0, 4), width=4), LOOSE)
    assert len(seams) == 2
