"""The process of a gunicorn on a free port of this machine: what it holds, and how it ends."""

from __future__ import annotations

import shlex
import signal
import socket
import subprocess
from pathlib import Path

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """Return a port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def procfile_command() -> list[str]:
    """Return the command with which the Procfile starts the service."""
    return shlex.split((ROOT / "Procfile").read_text().removeprefix("web:"))


def workers(pid: int) -> list[int]:
    """Return the process ids of the workers of a gunicorn.

    Raises
    ------
    OSError
        If it has ended.
    """
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def proportional_set_size(pid: int) -> float:
    """Return the memory of a process in MiB, of what it shares its part (PSS).

    Raises
    ------
    OSError
        If it has ended.
    """
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def end(process: subprocess.Popen[bytes], patience: float, how: int = signal.SIGTERM) -> None:
    """Let a process end by a signal; it has ended then, whatever it does."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
