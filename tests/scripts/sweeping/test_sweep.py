"""Sweeps: what is tried, what goes on, and that weights follow from the seed alone."""

import argparse
import csv
import os
import signal
import subprocess
import sys

import pytest

import convnet
from scripts import sweep, train
from scripts.sweeping.halving import planned, rungs
from scripts.sweeping.space import Values, draws, grid, numbers, whole_numbers
from scripts.sweeping.training import Run
from scripts.sweeping.training import train as train_run
from tests.support.live import PATIENCE, end, eventually, free_port
from tests.support.tiny_digits import tiny_digits, write_idx


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_idx(tmp_path_factory.mktemp("data"), tiny_digits(train=120, test=20))


@pytest.fixture(autouse=True)
def _threads():
    """A run sets how many threads compute."""
    before = convnet.get_threads()
    yield
    convnet.set_threads(before)


def table(folder):
    with (folder / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def weights(folder):
    """The arrays of the networks that went to the end."""
    return {
        path.name: {n: a.tobytes() for n, a in convnet.load(path).arrays.items()}
        for path in sorted(folder.glob("runs/*-epoch2.npz"))
    }


def arguments(data, out, *more):
    rates = ("--learning-rate", "1e-3,3e-3", "--seeds", "0,1", "--epochs", "2")
    return [*rates, "--data", str(data), "--out", str(out), *more]


@pytest.fixture(scope="module")
def alone(data, tmp_path_factory):
    """A sweep by one process of this machine."""
    out = tmp_path_factory.mktemp("alone")
    assert sweep.main(arguments(data, out, "--workers", "1")) == 0
    return out


def test_the_table_ranks_all_trials(alone):
    rows = table(alone)
    assert {row["learning_rate"] for row in rows} == {"0.001", "0.003"}
    accuracies = [float(row["held-out accuracy"].rstrip("%")) for row in rows]
    assert accuracies == sorted(accuracies, reverse=True)
    assert {(row["seeds"], row["epochs"]) for row in rows} == {("2", "2")}
    assert (alone / "results.md").read_text().count("\n") == 4
    assert (alone / "results.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_seed_gives_the_same_weights_in_any_process(alone, data, tmp_path):
    assert len(weights(alone)) == 4
    assert len({str(arrays) for arrays in weights(alone).values()}) == 4
    # Two processes, and a run that is interrupted after its first epoch.
    more = ("--workers", "2", "--halving", "2", "--learning-rate", "3e-3")
    assert sweep.main(arguments(data, tmp_path, *more)) == 0
    halved = weights(tmp_path)
    assert len(halved) == 2
    assert halved == {name: weights(alone)[name] for name in halved}


def test_the_same_weights_as_train_gives(alone, data, tmp_path, monkeypatch):
    convnet.set_threads(1)
    out = tmp_path / "trained.npz"
    chosen = ("--learning-rate", "3e-3", "--epochs", "2", "--seed", "1")
    assert train.main([*chosen, "--data", str(data), "--out", str(out)]) == 0
    arrays = {name: array.tobytes() for name, array in convnet.load(out).arrays.items()}
    assert arrays in weights(alone).values()


def test_what_was_killed_goes_on(data, tmp_path, root, capsys):
    script = [sys.executable, str(root / "scripts/sweep.py")]
    command = [*script, *arguments(data, tmp_path, "--workers", "1", "--learning-rate", "1e-3")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        eventually(lambda: list(tmp_path.glob("runs/*.json")))
        process.send_signal(signal.SIGKILL)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/*.json")}
    assert sweep.main(command[2:]) == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(table(tmp_path)) == 1


def test_what_is_hopeless_is_stopped(data, tmp_path):
    more = ("--learning-rate", "1e-3,3e-3,1e20", "--halving", "2", "--seeds", "0")
    assert sweep.main(arguments(data, tmp_path, *more, "--workers", "1")) == 0
    rows = table(tmp_path)
    assert [row["epochs"] for row in rows] == ["2", "1", "0"]
    assert rows[-1]["learning_rate"] == "1e+20"
    assert "no finite loss" in rows[-1][""]


def test_rungs_and_pieces():
    assert rungs(9, None) == [9]
    assert rungs(9, 3) == [1, 3, 9]
    assert rungs(4, 3) == [1, 4]
    assert planned(9, 2, [1, 3, 9], 3) == 2 * (9 + 3 + 1)
    assert planned(9, 2, [9], None) == 18


def test_all_combinations_or_some_at_random():
    space = {"architecture": Values(("a", "b")), "batch_size": Values((32, 64))}
    assert len(grid(space)) == 4
    with pytest.raises(ValueError, match="batch-size has bounds"):
        grid(space | {"batch_size": whole_numbers("16..64")})
    drawn = draws(
        {"learning_rate": numbers("1e-4..1e-2"), "batch_size": whole_numbers("16..64")}, 9, 0
    )
    assert len({str(trial) for trial in drawn}) == 9
    assert all(1e-4 <= trial["learning_rate"] <= 1e-2 for trial in drawn)
    assert all(isinstance(trial["batch_size"], int) for trial in drawn)
    assert drawn == draws(
        {"learning_rate": numbers("1e-4..1e-2"), "batch_size": whole_numbers("16..64")}, 9, 0
    )
    assert len(draws(space, 9, 0)) == 4  # there are no more


@pytest.mark.parametrize("text", ["", "0", "-1", "a", "1e-2..1e-4", "1..2..3", "inf"])
def test_what_are_no_numbers_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected numbers"):
        numbers(text)


def test_other_data_elsewhere_is_refused(data):
    run = Run((("architecture", "live-app"),), 0, 1, str(data), "ffffffff")
    with pytest.raises(ValueError, match="not the data set"):
        train_run(run, 1)


def test_on_a_cluster_the_weights_are_the_same(alone, data, tmp_path, root):
    address = f"tcp://127.0.0.1:{free_port()}"
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    dask = [sys.executable, "-m", "dask"]
    here = {"cwd": root, "env": environment, "stderr": subprocess.DEVNULL}
    scheduler = [*dask, "scheduler", "--host", "127.0.0.1", "--port", address.rpartition(":")[2]]
    worker = [*dask, "worker", address, "--no-nanny", "--nthreads", "1", "--no-dashboard"]
    with (
        subprocess.Popen([*scheduler, "--no-dashboard"], **here) as first,
        subprocess.Popen([*worker, "--local-directory", str(tmp_path / "dask")], **here) as second,
    ):
        try:
            assert sweep.main(arguments(data, tmp_path, "--scheduler", address)) == 0
        finally:
            end(second, PATIENCE)
            end(first, PATIENCE)
    assert weights(tmp_path) == weights(alone)
