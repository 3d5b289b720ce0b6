"""The service as Procfile starts it, on a free port of the loopback interface."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.soaking.clients import HOST, PATIENCE

ROOT = Path(__file__).resolve().parents[2]


class Service:
    """A service that runs; `log` is the file that it writes to."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        pid = self.process.pid
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def memory(self) -> float:
        """Return the memory of all its processes in MiB, shared pages counted once (PSS)."""
        return sum(map(_memory_of, [self.process.pid, *self.workers()]))


def _memory_of(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # has just ended
        return 0.0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def eventually(condition: Callable[[], bool], patience: float = PATIENCE) -> float:
    """Wait until something is so; return the seconds it took.

    Raises
    ------
    TimeoutError
        If it does not come.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > patience:
            raise TimeoutError(f"not within {patience:.0f} seconds")
        time.sleep(0.01)
    return time.monotonic() - began


def answers(port: int) -> bool:
    """Whether somebody listens on a port."""
    try:
        socket.create_connection((HOST, port), 1).close()
    except OSError:
        return False
    return True


@contextmanager
def service(
    folder: Path, environment: dict[str, Any] | None = None, **how: Any
) -> Iterator[Service]:
    """Run the service with settings; `how` goes to `subprocess.Popen`.

    Raises
    ------
    RuntimeError
        If it does not start; the message has the end of its log.
    """
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    command = shlex.split((ROOT / "Procfile").read_text().removeprefix("web:"))
    settings = {"HOST": HOST, "PORT": port, "WEB_CONCURRENCY": 2} | (environment or {})
    base = how.pop("base", os.environ)
    log = folder / "service.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=dict(base) | {name: str(value) for name, value in settings.items()},
            **({"stdout": output, "stderr": output} | how),
        )
    running = Service(process, port, log)
    try:
        eventually(lambda: process.poll() is not None or answers(port))
        if process.poll() is not None:
            raise RuntimeError(f"the service does not start:\n{log.read_text()[-2000:]}")
        eventually(lambda: len(running.workers()) == int(settings["WEB_CONCURRENCY"]))
        yield running
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
