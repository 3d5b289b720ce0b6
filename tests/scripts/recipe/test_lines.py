"""The recipes of the line reader: what they learn from, and where the second one begins."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import convnet
from scripts.recipe import lines
from scripts.synthesis.lines.dataset import LONGEST, LineSet
from scripts.synthesis.material import Material
from server.segmentation.line_reader import WEIGHTS


def drawing(value: int):
    def draw(count: int, seed: int, material: Material) -> LineSet:
        frames = np.full((count, 32, 192), value, np.uint8)
        return LineSet(frames, np.full((count, LONGEST), -1, np.int8))

    return draw


def test_the_tuned_one_goes_on_from_the_shipped_one() -> None:
    network = lines.make_trainer(lines.TUNING).network
    for name, array in convnet.weights.load(WEIGHTS).arrays.items():
        np.testing.assert_array_equal(network.arrays[name], array)


def test_words_as_they_are_found_are_added_to_what_is_learnt_from_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "draw_lines", drawing(1))
    monkeypatch.setattr(lines, "draw_found", drawing(2))
    recipe = dataclasses.replace(lines.TUNING, lines=6, found=3, held_out=2, batch_size=2)
    drawn, held_out = lines.gather(recipe, Material(), tmp_path)
    assert drawn.frames[:, 0, 0].tolist() == [1] * 6 + [2] * 3
    assert held_out.frames[:, 0, 0].tolist() == [1] * 2
    assert recipe.steps_per_epoch == 5
    alone = dataclasses.replace(recipe, found=0)
    assert len(lines.gather(alone, Material(), tmp_path)[0].frames) == 6
