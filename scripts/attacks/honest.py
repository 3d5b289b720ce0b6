"""An honest client beside an attack: how long does it wait?

    python -m scripts.attacks.honest HOST PORT

A process of its own, so that the attack's work is not counted. It asks /livez and /predict in turn
until its standard input ends, and prints the seconds that each answer took as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from http.client import HTTPException

from scripts.attacks.target import ROOT, Target
from server.self_test import known_picture

PAUSES = {"/livez": 0.02, "/predict": 0.04}
"""Seconds between two requests."""

NEVER = 60.0
"""What a request counts for that was not answered with 200."""


@dataclass(frozen=True)
class Waits:
    """How long an honest client has waited.

    Attributes
    ----------
    seconds : dict
        Path → seconds of each answer; `NEVER` where there was none, or none of status 200.
    """

    seconds: dict[str, list[float]]

    def p99(self, path: str) -> float:
        """Return the seconds within which 99 % of the requests were answered."""
        found = sorted(self.seconds[path])
        return found[min(len(found) - 1, int(0.99 * len(found)))] if found else NEVER

    def refused(self) -> int:
        """Return how many requests were not answered with 200."""
        return sum(seconds == NEVER for found in self.seconds.values() for seconds in found)


class HonestClient:
    """A client that asks from the beginning of a block to its end."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.waits = Waits({})

    def __enter__(self) -> HonestClient:
        command = [sys.executable, "-m", __spec__.name, self.target.host, str(self.target.port)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it has begun
        return self

    def __exit__(self, *_: object) -> None:
        printed, _nothing = self._process.communicate(timeout=2 * NEVER)
        self.waits = Waits(json.loads(printed))


def ask(target: Target, path: str, until: threading.Event, seconds: list[float]) -> None:
    """Ask again and again, on a new connection each time; once at least, however short it is."""
    body = known_picture() if path == "/predict" else None
    while True:
        began = time.perf_counter()
        try:
            status = target.ask(path, body)
        except (OSError, HTTPException):
            status = 0
        seconds.append(time.perf_counter() - began if status == 200 else NEVER)
        if until.wait(PAUSES[path]):
            return


def main() -> None:
    """Ask until the standard input ends."""
    target, end = Target(sys.argv[1], int(sys.argv[2])), threading.Event()
    seconds: dict[str, list[float]] = {path: [] for path in PAUSES}
    threads = [
        threading.Thread(target=ask, args=(target, path, end, found))
        for path, found in seconds.items()
    ]
    for thread in threads:
        thread.start()
    print("asking", flush=True)
    sys.stdin.read()
    end.set()
    for thread in threads:
        thread.join()
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
