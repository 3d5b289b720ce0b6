"""The folder of a run: what its process and the workers of the service tell each other by files.

Whoever reads sees a file whole or not at all: it is written beside and renamed. Two files grow
instead, by whole lines of JSON: `progress.jsonl` (from the run) and `commands.jsonl` (to it).
"""

import contextlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

SETTINGS = "settings.json"
"""Written by the service when it makes the folder."""

MOST_PROGRESS = 1 << 19
"""Bytes of progress in one answer; a page that has less asks again."""


class RunFolder:
    """The files of one run, below `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.heartbeat = path / "heartbeat"
        self.weights = path / "network.npz"
        self.log = path / "log"

    def write(self, name: str, value: object) -> None:
        """Put a value into a file, in the place of the one before."""
        handle, beside = tempfile.mkstemp(dir=self.path)
        with os.fdopen(handle, "w") as stream:
            json.dump(value, stream, separators=(",", ":"), allow_nan=False)
        Path(beside).replace(self.path / name)

    def read(self, name: str) -> Any:
        """Return the value in a file; None if it is not there yet."""
        try:
            return json.loads((self.path / name).read_bytes())
        except FileNotFoundError:
            return None

    def append(self, name: str, value: object) -> None:
        """Add a line to a file."""
        line = json.dumps(value, separators=(",", ":"), allow_nan=False) + "\n"
        with (self.path / name).open("ab", buffering=0) as stream:
            stream.write(line.encode())

    def size(self, name: str) -> int:
        """Return the bytes of a file; 0 if it is not there."""
        try:
            return (self.path / name).stat().st_size
        except FileNotFoundError:
            return 0

    def lines(self, name: str, since: int) -> tuple[list[Any], int]:
        """Return the values of the lines after so many bytes, and how many bytes there are now.

        Raises
        ------
        ValueError
            If no line begins there.
        """
        try:
            with (self.path / name).open("rb") as stream:
                stream.seek(max(since - 1, 0))
                data = stream.read(MOST_PROGRESS)
        except FileNotFoundError:
            data = b""
        if since:
            if data[:1] != b"\n":
                raise ValueError("no line begins there")
            data = data[1:]
        whole = data[: data.rfind(b"\n") + 1]
        return [json.loads(line) for line in whole.splitlines()], since + len(whole)

    def touch(self) -> None:
        """Note that a page has just asked."""
        self.heartbeat.touch()

    def was_removed(self) -> bool:
        """Return whether the folder is gone, or was made again by a file that came too late."""
        return not (self.path / SETTINGS).exists()

    def remove_remains(self) -> None:
        """Remove what came too late, and the folder of all runs if nothing else is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        with contextlib.suppress(OSError):  # other runs, or the lock of a service that goes on
            self.path.parent.rmdir()

    def idle(self) -> float:
        """Return the seconds since a page last asked."""
        try:
            return time.time() - self.heartbeat.stat().st_mtime
        except FileNotFoundError:  # the folder was removed
            return float("inf")
