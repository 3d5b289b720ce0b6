"""Applications under gunicorn: start, ask, measure memory, stop."""

from __future__ import annotations

import contextlib
import http.client
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scripts.benchmarks.peers.process import environment
from scripts.clients.gunicorn_process import (
    HOST,
    ROOT,
    end,
    free_port,
    proportional_set_size,
    workers,
)

PATIENCE = 60.0
GRACE = 20.0


@dataclass(frozen=True)
class Application:
    """What to run, and with which arguments and environment."""

    name: str
    arguments: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Running:
    """A service that has answered.

    Attributes
    ----------
    first_answer : float
        Seconds from its start to its first answer.
    """

    process: subprocess.Popen[bytes]
    port: int
    first_answer: float

    def worker_memory(self) -> list[float]:
        """Return the memory of each worker in MiB, shared pages counted in parts (PSS)."""
        return [proportional_set_size(worker) for worker in workers(self.process.pid)]


@contextlib.contextmanager
def running(application: Application, picture: bytes, log: Path) -> Iterator[Running]:
    """Start an application on a free port, wait for its first answer, and stop it at the end.

    Raises
    ------
    RuntimeError
        If it ends, or does not answer in time; the message has the end of its log.
    """
    port = free_port()
    start = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--bind", f"{HOST}:{port}", *application.arguments],
            cwd=ROOT,
            env=environment() | application.environment,
            stdout=output,
            stderr=output,
        )
    try:
        _wait(process, port, picture, log)
        yield Running(process, port, time.perf_counter() - start)
    finally:
        end(process, GRACE, signal.SIGQUIT)  # at once: no client waits for an answer


def _wait(process: subprocess.Popen[bytes], port: int, picture: bytes, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not _answers(port, picture):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"no answer from the service:\n{log.read_text()[-2000:]}")
        time.sleep(0.005)


def _answers(port: int, picture: bytes) -> bool:
    """Return whether a posted picture gets an answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=PATIENCE)
    try:
        connection.request("POST", "/predict", picture, {"Content-Type": "image/png"})
        answer = connection.getresponse()
        answer.read()
    except ConnectionError:
        return False
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise RuntimeError(f"the service answered {answer.status} {answer.reason}")
    return True
