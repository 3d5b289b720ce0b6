"""A run learns, is one at a time, does as it is told, and never outlives its service."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

import convnet
from server import create_app
from server.training_room import run
from server.training_room.room import Occupied, Room
from server.training_room.run_folder import RunFolder
from server.training_room.settings import Settings
from server.training_room.views import picture
from tests.support.live import eventually, serve
from tests.support.tiny_digits import tiny_digits, write_idx

QUICK = Settings(
    python="[Conv2D(4, 5), ReLU(), Flatten(), Dense(10)]", batch=16, epochs=5, pictures=240
)
# Longer than any test waits, however slowly the machine runs that: 600,000 steps take minutes.
LONG = Settings(python=QUICK.python, batch=1, epochs=100, pictures=6000)


@pytest.fixture
def data(tmp_path, monkeypatch):
    folder = write_idx(tmp_path / "data", tiny_digits(train=6000))
    monkeypatch.setenv("CONVNET_DATA_DIR", str(folder))
    return folder


@pytest.fixture
def service():
    """A process that a run may take for its service."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def room(tmp_path, data, service):
    (tmp_path / "runs").mkdir()
    return Room(service.pid, tmp_path / "runs")


def reach(room, name, *states):
    def status():
        found = room.status(name, room.find(name))
        assert found["state"] in (*states, "starting", "running", "paused"), found
        return found if found["state"] in states else None

    return eventually(status)


def test_a_run_learns_and_shows_how(room):
    name = room.start(QUICK)
    ended = reach(room, name, "ended")
    assert ended["test"]["accuracy"] > 0.9
    assert ended["reason"] == "all epochs are done"
    folder = room.find(name)
    progress, _ = folder.lines("progress.jsonl", 0)
    assert progress[-1]["step"] == ended["steps"] == 75
    assert progress[-1]["loss"] < progress[0]["loss"]
    answers, inside = folder.read("answers.json"), folder.read("inside.json")
    assert sum(map(sum, answers["confusion"])) == len(answers["places"]["points"]) == 60
    assert [row["layer"] for row in inside["histograms"]] == [
        "conv1",
        "relu1",
        "flatten1",
        "dense1",
    ]
    assert len(inside["kernels"]["values"]) == 4
    network = convnet.load(folder.weights)
    assert network.parameter_count == ended["parameters"]
    eventually(lambda: not room.is_training(name))


def drawn(kinds, count=10):
    """Return drawings of kinds that are no digits, as a client sends them."""
    split = tiny_digits(train=count * 10, seed=7).train
    return {
        name: tuple(map(picture, split.images[split.labels == i][:count] / 255))
        for i, name in enumerate(kinds)
    }


def test_own_kinds_are_taught_on_trained_layers_and_served(room, seven):
    base = room.start(QUICK)
    reach(room, base, "ended")
    name = room.start(
        Settings(drawings=drawn("ABCDE"), digits=(), base=base, epochs=5, batch=16, rate=0.01)
    )
    ended = reach(room, name, "ended")
    assert ended["test"] == ended["test"] | {"accuracy": 1.0, "pictures": 5}
    assert ended["classes"] == list("ABCDE")
    old, new = (convnet.load(room.find(one).weights) for one in (base, name))
    assert (old.params["conv1.w"] == new.params["conv1.w"]).all()
    assert new.params["dense1.w"].shape[1] == 5
    assert new.metadata["classes"] == list("ABCDE")
    served = create_app({"MODEL": str(room.find(name).weights)}).test_client()
    answer = served.post("/predict", data=seven, content_type="image/png").get_json()
    assert {one["label"] for one in answer["top"]} <= set("ABCDE")


def test_own_kinds_are_learnt_beside_digits(room, monkeypatch, tmp_path):
    both = Settings(epochs=3, batch=16, digits=(0, 1), drawings=drawn("x1"), pictures=48)
    ended = reach(room, room.start(both), "ended")
    assert ended["classes"] == ["0", "1", "x"]
    assert ended["test"]["pictures"] == 12 + 2
    monkeypatch.setenv("CONVNET_DATA_DIR", str(tmp_path / "nothing"))  # nor is any needed
    eventually(lambda: not room.is_training((room.folder / "current").read_text()))
    alone = Settings("cnn-numpy", epochs=2, digits=(), drawings=drawn("xy"))
    assert reach(room, room.start(alone), "ended")["test"]["pictures"] == 2


def test_the_same_seed_gives_the_same_weights(room):
    arrays = []
    for _ in range(2):
        name = room.start(QUICK)
        reach(room, name, "ended")
        arrays.append(convnet.load(room.find(name).weights).arrays)
    assert all((arrays[0][key] == arrays[1][key]).all() for key in arrays[0])


def test_one_at_a_time_pause_step_rate_and_stop(room):
    name = room.start(LONG)
    with pytest.raises(Occupied) as caught:
        room.start(QUICK)
    assert caught.value.run == name
    folder = room.find(name)
    folder.append("commands.jsonl", {"command": "pause"})
    before = reach(room, name, "paused")
    folder.append("commands.jsonl", {"command": "rate", "value": 0.25})
    folder.append("commands.jsonl", {"command": "step"})
    after = eventually(lambda: (s := room.status(name, folder))["step"] > before["step"] and s)
    assert (after["state"], after["step"]) == ("paused", before["step"] + 1)
    assert after["rate"] == 0.25
    told = eventually(lambda: folder.read("by_hand.json"))
    assert (told["step"], told["batch"], told["rate"]) == (after["step"], 1, 0.25)
    folder.append("commands.jsonl", {"command": "go"})
    eventually(lambda: room.status(name, folder)["step"] > after["step"])
    folder.append("commands.jsonl", {"command": "stop"})
    assert reach(room, name, "ended")["reason"] == "stopped"
    eventually(lambda: not room.is_training(name))


def test_a_rate_that_is_too_high_is_said(room):
    name = room.start(Settings(python=QUICK.python, optimizer="sgd", rate=100, pictures=240))
    assert reach(room, name, "ended")["reason"]


def test_without_pictures_the_reason_says_how_to_get_some(room, monkeypatch, tmp_path):
    monkeypatch.setenv("CONVNET_DATA_DIR", str(tmp_path / "nothing"))
    failed = reach(room, room.start(QUICK), "failed")
    assert "download_data.py" in failed["reason"]


def test_removing_a_run_ends_it(room):
    name = room.start(LONG)
    reach(room, name, "running")
    room.remove(name, room.find(name))
    eventually(lambda: not room.is_training(name))
    assert room.find(name) is None


def test_a_run_that_no_page_asks_for_ends(room):
    name = room.start(LONG)
    reach(room, name, "running")
    heartbeat = room.find(name).heartbeat
    long_ago = time.time() - 61
    os.utime(heartbeat, (long_ago, long_ago))
    assert reach(room, name, "ended")["reason"] == "no page has asked for a minute"


def test_a_run_ends_with_its_service_and_leaves_nothing(room, service):
    name = room.start(LONG)
    reach(room, name, "running")
    service.kill()
    service.wait()
    eventually(lambda: not room.folder.exists())


def test_a_file_that_is_written_too_late_does_not_stay(tmp_path, monkeypatch):
    folder = RunFolder(tmp_path / "runs" / ("0" * 12))

    def train(folder, _service):
        shutil.rmtree(folder.path.parent)  # as a service does that ends
        convnet.load_pretrained("digits").save(folder.weights)

    monkeypatch.setattr(run, "train", train)
    monkeypatch.setattr(run.resource, "setrlimit", lambda *_: None)  # this process goes on
    for others in (False, True):
        folder.path.mkdir(parents=True)
        folder.write("settings.json", {})
        if others:
            monkeypatch.setattr(run, "train", lambda folder, _: shutil.rmtree(folder.path))
            (folder.path.parent / "lock").touch()
        assert run.main([str(folder.path), "--service", str(os.getpid())]) == 0
        assert not folder.path.exists()
        assert folder.path.parent.exists() == others


def runs_of(folder):
    """Return the processes of runs in a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"server.training_room.run" in words and str(folder).encode() in b" ".join(words):
            found.append(int(path.parent.name))
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_service_leaves_no_run(tmp_path, data, number):
    with serve(tmp_path, TRAINING_ROOM=1, WEB_CONCURRENCY=2, CONVNET_DATA_DIR=data) as service:
        answer = requests.post(f"{service.url}/train/runs", json=LONG.as_json(), timeout=60).json()
        url = f"{service.url}/train/runs/{answer['run']}"
        eventually(lambda: requests.get(url, timeout=60).json()["status"]["state"] == "running")
        for _ in range(6):  # whichever worker it is, it says so
            second = requests.post(f"{service.url}/train/runs", json={}, timeout=60)
            assert (second.status_code, second.json()["run"]) == (409, answer["run"])
        (process,) = runs_of(answer["run"])
        command = Path(f"/proc/{process}/cmdline").read_bytes().decode().split("\0")
        (folder,) = (Path(word) for word in command if word.endswith(answer["run"]))
        workers = service.workers()
        service.signal(number)
        service.wait()
        eventually(lambda: not Path(f"/proc/{process}").exists())
        assert not folder.parent.exists()
        for worker in workers:
            eventually(lambda worker=worker: not Path(f"/proc/{worker}").exists())
