"""The service as Procfile starts it, on a free port of the loopback interface."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.clients.gunicorn_process import (
    HOST,
    ROOT,
    end,
    free_port,
    procfile_command,
    proportional_set_size,
    workers,
)
from scripts.soaking.clients import PATIENCE


class Service:
    """A service that runs; `log` is the file that it writes to."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        return workers(self.process.pid)

    def memory(self) -> float:
        """Return the memory of all its processes in MiB, shared pages counted once (PSS)."""
        return sum(map(_memory_of, [self.process.pid, *self.workers()]))


def _memory_of(pid: int) -> float:
    try:
        return proportional_set_size(pid)
    except OSError:  # has just ended
        return 0.0


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
    port = free_port()
    settings = {"HOST": HOST, "PORT": port, "WEB_CONCURRENCY": 2} | (environment or {})
    base = how.pop("base", os.environ)
    log = folder / "service.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *procfile_command()],
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
        end(process, PATIENCE)
