"""The script that can be taken along does what a run does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import convnet
from server.training_room.building.script import LOSSES, OPTIMIZERS, SCHEDULES, script
from server.training_room.run_folder import RunFolder
from server.training_room.settings import CHOICES, Settings
from server.training_room.training import Run
from tests.support.tiny_digits import tiny_digits, write_idx

ROOT = Path(__file__).parents[4]


def test_everything_that_can_be_chosen_can_be_written():
    assert tuple(LOSSES) == CHOICES["loss"]
    assert tuple(OPTIMIZERS) == CHOICES["optimizer"]
    assert tuple(SCHEDULES) == CHOICES["schedule"]
    for name in CHOICES["optimizer"]:
        for schedule in CHOICES["schedule"]:
            settings = Settings(optimizer=name, schedule=schedule)
            compile(script(settings, settings.layers(Path())), "script", "exec")


@pytest.mark.parametrize("augmentation", [False, True])
def test_it_trains_the_same_weights(tmp_path, monkeypatch, augmentation):
    python = "[Conv2D(4, 5), ReLU(), Dropout(0.2), Flatten(), Dense(10)]"
    settings = Settings(
        python=python, batch=16, epochs=2, seed=3, optimizer="momentum", schedule="one-cycle",
        augmentation=augmentation, digits=(1, 2, 3), pictures=50,
    )  # fmt: skip
    monkeypatch.setenv("CONVNET_DATA_DIR", str(write_idx(tmp_path / "data", tiny_digits())))
    text = script(settings, settings.layers(Path()))
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    shown = subprocess.run(
        [sys.executable, "-c", text], cwd=tmp_path, env=environ, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert "of 18 held-out pictures are read right" in shown.stdout
    folder = RunFolder(tmp_path / "runs" / ("0" * 12))
    folder.path.mkdir(parents=True)
    folder.touch()
    Run(settings, folder, os.getpid()).go()
    ours, theirs = (
        convnet.load(path).arrays for path in (tmp_path / "trained-here.npz", folder.weights)
    )
    assert all((ours[name] == theirs[name]).all() for name in ours)


def test_what_only_the_room_has_is_not_written():
    settings = Settings(base="digits")
    assert script(settings, settings.layers(Path())) == ""
