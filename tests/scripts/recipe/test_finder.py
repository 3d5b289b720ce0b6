"""The recipe of the finder: the order of its outputs, what it measures, and a run from nothing."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import convnet
from scripts.recipe import finder
from scripts.synthesis.material import Material
from scripts.synthesis.scenes.compose import SIDE
from scripts.synthesis.scenes.dataset import OUTSIDE, Scenes
from server.finding.finder import WEIGHTS, Finder


def test_blocks_are_taken_apart_again_by_who_serves_the_network() -> None:
    from server.finding.finder import _unblocked

    truths = np.random.default_rng(0).integers(0, 3, (2, SIDE, SIDE))
    one_hot = np.eye(3, dtype=np.float32)[finder.blocks(truths)]
    np.testing.assert_array_equal(_unblocked(one_hot).argmax(axis=-1), truths)


def test_a_picture_counts_for_as_much_as_is_right_of_it() -> None:
    truths = np.array([[0, 1, OUTSIDE, 2], [0, 0, OUTSIDE, 1]])
    outputs = np.eye(3)[[[0, 1, 2, 2], [0, 0, 0, 1]]]
    assert finder.count_correct(outputs, truths) == 2
    outputs[:, :2] = np.eye(3)[2]
    assert finder.count_correct(outputs, truths) == 1


def test_inverted_pictures_look_the_same_but_for_their_sign(rng: np.random.Generator) -> None:
    pictures = rng.random((2, 40, 40), np.float32)
    found, inverted = finder.planes(pictures), finder.planes(1 - pictures)
    np.testing.assert_allclose(found, -inverted, atol=1e-4)


def test_a_small_run_learns_where_the_ink_is(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    greys = np.full((48, SIDE, SIDE), 230, np.uint8)
    truths = np.zeros((48, SIDE, SIDE), np.int8)
    for grey, truth in zip(greys, truths, strict=True):
        y, x = generator.integers(10, 80, 2)
        grey[y : y + 30, x : x + 12], truth[y : y + 30, x : x + 12] = 20, 1
    scenes = Scenes(greys, truths)
    recipe = finder.FinderRecipe(scenes=48, epochs=8, channels=8, dilations=(1, 2), average=0.5)
    trainer = finder.make_trainer(recipe)
    losses = []
    for _ in range(recipe.epochs):
        for start in range(0, 48, 16):
            part = slice(start, start + 16)
            seen = finder.augment(greys[part] / np.float32(255), generator)
            losses.append(trainer.step(seen, finder.blocks(truths[part])))
    convnet.training.weight_average.measure_statistics(
        trainer.network, (finder.planes(greys[:16] / np.float32(255)) for _ in range(20))
    )
    finder.describe(recipe, trainer.network, scenes)
    overlap = trainer.network.metadata["held_out"]["overlap"]
    assert overlap["ground"] > 0.5
    assert overlap["other"] == 0
    trainer.network.save(tmp_path / "small.npz")
    probabilities = Finder(str(tmp_path / "small.npz")).look(greys[:1])[0]
    assert probabilities.shape == (SIDE, SIDE, 3)
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-5)
    assert losses[-1] < 0.7 * losses[0]


def test_the_finder_of_pages_goes_on_from_the_other_one() -> None:
    network = finder.make_trainer(finder.PAGES).network
    shipped = convnet.weights.load(WEIGHTS)
    for name, array in shipped.arrays.items():
        np.testing.assert_array_equal(network.arrays[name], array)


def test_it_learns_from_pages_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = []

    def draw(count: int, seed: int, material: Material) -> Scenes:
        drawn.append((count, seed))
        return Scenes(np.zeros((count, 4, 4), np.uint8), np.zeros((count, 4, 4), np.int8))

    monkeypatch.setattr(finder, "draw_looks", draw)
    monkeypatch.setattr(finder, "draw_scenes", lambda *_: pytest.fail("scenes"))
    recipe = dataclasses.replace(finder.PAGES, scenes=8, held_out=4)
    for _ in range(2):  # the second time, what was drawn is read
        scenes, held_out = finder.gather(recipe, Material(), tmp_path)
        assert (len(scenes.greys), len(held_out.greys)) == (8, 4)
    assert drawn == [(8, 0), (4, 1000)]
    assert "drawing 8 pages" in capsys.readouterr().out


def test_the_command_refuses_what_is_no_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    from scripts.train import main

    with pytest.raises(SystemExit):
        main(["--recipe", "nothing"])
    assert "invalid choice: 'nothing'" in capsys.readouterr().err
