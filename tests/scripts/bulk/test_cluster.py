"""A real Dask scheduler and two workers on loopback, one of which is killed midway."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from convnet.datasets import idx
from scripts import predict_bulk
from tests.support.live import PATIENCE, end, eventually, free_port


@pytest.fixture
def cluster(tmp_path, root):
    """The address of a scheduler, and the processes of its two workers."""
    address = f"tcp://127.0.0.1:{free_port()}"
    environment = os.environ | {
        "OPENBLAS_NUM_THREADS": "1",
        "DASK_DISTRIBUTED__DASHBOARD__LINK": "",
    }

    def start(*arguments):
        log = (tmp_path / f"{arguments[0]}-{len(processes)}.log").open("w")
        command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
        processes.append(
            subprocess.Popen(command, cwd=root, env=environment, stdout=log, stderr=log)
        )
        log.close()

    processes: list[subprocess.Popen] = []
    start("scheduler", "--host", "127.0.0.1", "--port", address.rpartition(":")[2])
    for _ in range(2):
        arguments = ("--no-nanny", "--nthreads", "1", "--host", "127.0.0.1")
        start("worker", address, *arguments, "--local-directory", str(tmp_path / "dask"))
    try:
        yield address, processes[1:]
    finally:
        for process in reversed(processes):
            end(process, PATIENCE)


def test_the_same_rows_as_alone_though_a_worker_dies(cluster, tmp_path, rng, monkeypatch, root):
    monkeypatch.chdir(tmp_path)
    address, workers = cluster
    pictures = np.zeros((1000, 28, 28), np.uint8)
    pictures[:, 4:24, 7:21] = np.kron(rng.integers(0, 2, (1000, 5, 7)), np.ones((4, 2))) * 255
    pictures[17] = 0  # nothing drawn: a row with its reason
    pictures = np.maximum(pictures, pictures[:, ::-1, ::-1])
    (tmp_path / "many.idx").write_bytes(idx.encode(pictures))
    arguments = ["many.idx", "--chunk", "20", "--out"]
    script = [sys.executable, str(root / "scripts/predict_bulk.py"), *arguments]
    with subprocess.Popen([*script, "cluster.csv", "--scheduler", address]) as process:
        eventually(
            lambda: process.poll() or len(list(tmp_path.glob("cluster.csv.parts/0*-*"))) >= 5
        )
        workers[0].send_signal(signal.SIGKILL)
        assert process.wait(120) == 0
    assert workers[0].wait() == -signal.SIGKILL
    assert predict_bulk.main([*arguments, "alone.csv"]) == 0
    alone = (tmp_path / "alone.csv").read_bytes()
    assert (tmp_path / "cluster.csv").read_bytes() == alone
    assert alone.count(b"\n") == 1001
    assert alone.count(b"nothing is drawn") == 1


def test_a_scheduler_that_is_not_there_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("scripts.bulk.cluster.PATIENCE", 1)
    (tmp_path / "one.idx").write_bytes(idx.encode(np.zeros((1, 28, 28), np.uint8)))
    address = f"tcp://127.0.0.1:{free_port()}"
    arguments = ["one.idx", "--out", "out.csv", "--scheduler", address]
    assert predict_bulk.main(arguments) == 1
    assert address in capsys.readouterr().err
