"""The caller's side of a peer's process: call its methods as if it were in this process."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any, BinaryIO, cast

ROOT = Path(__file__).resolve().parents[3]
MODULE = "scripts.benchmarks.peers.worker"


class PeerError(Exception):
    """A peer failed; the message is its traceback."""


class PeerProcess:
    """A peer, started by name; use it in a ``with`` statement.

    Parameters
    ----------
    name : str
        One of `scripts.benchmarks.peers.worker.PEERS`.
    threads : int
        How many threads it may compute with.
    """

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", MODULE, name, str(threads)],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._calls = cast(BinaryIO, self._process.stdin)
        self._answers = cast(BinaryIO, self._process.stdout)

    def call(self, method: str, *arguments: Any) -> Any:
        """Return what the peer's method returns.

        Raises
        ------
        PeerError
            If it raises something, or if the process has ended.
        """
        try:
            pickle.dump((method, arguments), self._calls)
            self._calls.flush()
            well, answer = pickle.load(self._answers)
        except (EOFError, BrokenPipeError):
            raise PeerError(f"{self.name}: the process ended while asked to {method}") from None
        if not well:
            raise PeerError(f"{self.name}: {method} failed\n{answer}")
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def __enter__(self) -> PeerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def environment() -> dict[str, str]:
    """Return the environment without variables that set numbers of threads."""
    return {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
