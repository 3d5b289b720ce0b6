"""Scenes: the truth is where the ink is, whatever the camera does."""

import numpy as np
import pytest

from scripts.synthesis.material import Material
from scripts.synthesis.pages.geometry import corners
from scripts.synthesis.scenes import compose, dataset, marks, subjects
from scripts.synthesis.scenes.board import GROUND, OTHER, WRITING, Board, paste
from scripts.synthesis.scenes.camera import dark_corner
from scripts.synthesis.scenes.compose import KINDS, SIDE, draw_scene

BOX = subjects.Box(40, 30, 50, 60)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def board() -> Board:
    return Board.of(np.full((120, 140), 0.9, np.float32))


def test_what_is_laid_last_is_what_a_pixel_is() -> None:
    made, bar = board(), np.zeros((120, 140), np.uint8)
    bar[50:60] = 255
    made.lay(bar, 0.5, OTHER)
    made.lay(bar.T[:120].repeat(2, axis=1)[:, :140], 0.1, WRITING)
    assert made.truth[55, 0] == OTHER
    assert made.light[55, 0] == pytest.approx(0.5)
    assert (made.truth[made.light < 0.2] == WRITING).all()
    assert (made.truth[made.light > 0.8] == GROUND).all()


def test_truth_is_seen_through_the_same_frame_as_the_ink() -> None:
    made, blot = board(), np.zeros((120, 140), np.uint8)
    blot[40:80, 50:90] = 255
    made.lay(blot, 0.0, WRITING)
    quad = corners(100, 90) + np.array([[14, 9], [20, 4], [11, 17], [25, 12]])
    seen = made.seen_through(quad, (100, 90))
    inside = seen.light < 0.45
    assert (inside == (seen.truth == WRITING)).mean() > 0.99
    assert 1000 < inside.sum() < 2200


def test_what_leaves_the_board_is_cut() -> None:
    shape = np.arange(1, 13, dtype=np.uint8).reshape(3, 4)
    assert paste(shape, -1, -2, (6, 5)).tolist() == [[10, 11, 12, 0, 0, 0]] + [[0] * 6] * 4
    assert paste(shape, 5, 4, (6, 5))[4, 5] == 1
    assert not paste(shape, 6, 0, (6, 5)).any()


def test_faint_shapes_are_shown_in_full_strength() -> None:
    shape = np.zeros((200, 100), np.uint8)
    shape[:, 50:52] = 255
    small = subjects.scaled(shape, 20)
    assert small.shape == (20, 10)
    assert small.max() > 150


@pytest.mark.parametrize("seed", range(5))
def test_a_ring_leaves_the_inside_alone(seed: int) -> None:
    made = board()
    marks.ring(made, BOX, 0.2, rng(seed))
    assert (made.truth == OTHER).any()
    assert (made.truth[45:75, 55:75] == GROUND).all()


@pytest.mark.parametrize("seed", range(5))
def test_cut_neighbours_are_no_digits(seed: int) -> None:
    made, frame = board(), subjects.Box(16, 16, 108, 88)
    subjects.put_cut_neighbours(made, frame, 0.1, subjects.written, rng(seed), Material())
    assert not (made.truth == WRITING).any()
    assert (made.truth == OTHER).any()
    outside = made.truth.copy()
    outside[16:104, 16:124] = GROUND
    assert outside.any(), "the frame cuts them"


@pytest.mark.parametrize("seed", range(8))
def test_beyond_the_sheet_is_ground_with_an_edge(seed: int) -> None:
    made = board()
    marks.edge_of_sheet(made, subjects.Box(16, 16, 108, 88), rng(seed))
    assert (made.truth == OTHER).any()
    assert (made.truth == OTHER).mean() < 0.1
    assert not (made.truth == WRITING).any()


@pytest.mark.fonts
@pytest.mark.parametrize("kind", KINDS)
def test_digits_stand_out_where_the_truth_says(kind: str) -> None:
    different = []
    for seed in range(30):
        scene = draw_scene(rng(seed), kind=kind)
        assert max(scene.grey.shape) == SIDE
        assert scene.grey.shape == scene.truth.shape
        assert scene.grey.dtype == scene.truth.dtype == np.uint8
        assert set(np.unique(scene.truth)) <= {GROUND, WRITING, OTHER}
        digit = scene.truth == WRITING
        if digit.sum() < 20:
            continue
        rows, columns = (np.flatnonzero(digit.any(axis=axis)) for axis in (1, 0))
        near = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        ground = scene.grey[near][scene.truth[near] == GROUND]
        if len(ground) > 20:
            ink = scene.grey[digit].astype(float)
            different.append(abs(ink.mean() - ground.mean()) > 1.0 * min(ground.std(), 30))
    assert len(different) > 15
    assert np.mean(different) > 0.5  # some are blurred, or hardly lit


@pytest.mark.fonts
def test_some_scenes_are_empty_and_most_are_not() -> None:
    shown = [compose.has_digit(draw_scene(rng(seed))) for seed in range(120)]
    assert 0.7 < np.mean(shown) < 0.95


@pytest.mark.fonts
def test_the_same_generator_draws_the_same_scene() -> None:
    first, second = (draw_scene(rng(4)) for _ in range(2))
    assert (first.grey == second.grey).all()
    assert (first.truth == second.truth).all()


def test_one_corner_is_dark() -> None:
    light = dark_corner((128, 96), rng(2))
    assert light.shape == (96, 128)
    ends = light[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert ends.min() < 0.75 < ends.max() <= 1


@pytest.mark.fonts
def test_the_same_seed_draws_the_same_scenes() -> None:
    one, two = (dataset.draw_scenes(8, 3, Material(), workers=1) for _ in range(2))
    np.testing.assert_array_equal(one.greys, two.greys)
    np.testing.assert_array_equal(one.truths, two.truths)
    assert one.greys.shape == one.truths.shape == (8, SIDE, SIDE)


def test_a_scene_is_continued_to_a_square_of_unknown_truth() -> None:
    grey = np.arange(6, dtype=np.uint8).reshape(2, 3)
    truth = np.full((2, 3), WRITING, np.uint8)
    square, known = dataset.squared(compose.Scene(grey, truth, "paper"), rng())
    assert square.shape == known.shape == (SIDE, SIDE)
    rows, columns = np.nonzero(known == WRITING)
    assert (np.ptp(rows), np.ptp(columns)) == (1, 2)
    np.testing.assert_array_equal(square[known == WRITING], grey.ravel())
    assert [int(square[end, end]) for end in (0, -1)] == [0, 5]
    assert (known == dataset.OUTSIDE).sum() == SIDE * SIDE - 6


@pytest.mark.fonts
@pytest.mark.parametrize("kind", compose.WITH_ONE)
def test_a_scene_shows_the_digit_that_is_asked_for(kind: str) -> None:
    one = [draw_scene(rng(seed), kind=kind, digit=1) for seed in range(12)]
    assert all(scene.digit is not None for scene in one)
    shapes = [draw_scene(rng(seed), kind=kind, digit=0).digit for seed in range(12)]
    slender = [np.divide(*scene.digit.shape) for scene in one if scene.digit is not None]
    round_ = [np.divide(*shape.shape) for shape in shapes if shape is not None]
    assert np.median(slender) > np.median(round_)


@pytest.mark.fonts
def test_an_empty_scene_has_no_digit() -> None:
    scenes = [draw_scene(rng(seed), kind="sign", empty=True) for seed in range(10)]
    assert not any(compose.has_digit(scene) for scene in scenes)
