"""What a run notes of itself: shares that are shares, and numbers that JSON has."""

import os

import pytest

from server.training_room import settings
from server.training_room.run_folder import RunFolder
from server.training_room.training import Run
from tests.support.tiny_digits import tiny_digits, write_idx


@pytest.fixture
def train(tmp_path, monkeypatch):
    data = write_idx(tmp_path / "data", tiny_digits())
    monkeypatch.setenv("CONVNET_DATA_DIR", str(data))

    def train(**wanted):
        folder = RunFolder(tmp_path)
        folder.touch()
        Run(settings.read(wanted), folder, os.getpid()).go()
        return folder.read("state.json"), folder.lines("progress.jsonl", 0)[0]

    return train


def test_epochs_too_short_to_be_noted_have_shares_of_right_answers(train):
    state, progress = train(
        python="[Flatten(), Dense(10)]", pictures=15, batch=10, epochs=100, rate=0.01
    )
    assert state["step"] == 200
    assert all(0 <= point["accuracy"] <= 1 for point in progress)
    assert progress[-1]["accuracy"] > 0.5


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # as the numbers overflow
def test_a_run_that_diverges_ends_and_says_why(train):
    state, progress = train(
        python="[Flatten(), Dense(32), Dense(32), Dense(10)]",
        optimizer="sgd",
        rate=100,
        epochs=20,
        batch=10,
    )
    assert state["state"] == "ended"
    assert "the learning rate is too high" in state["reason"]
    assert state["test"]["loss"] == 1e9
    assert progress[-1]["loss"] == 1e9
