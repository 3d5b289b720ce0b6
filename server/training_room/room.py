"""The room as the workers of a service see it: start a run, ask how it is, tell it what to do.

There is one run at a time for each service. Its process holds a lock on a file as long as it
lives, so who finds the lock free knows that nobody trains, whatever became of the process.
"""

import atexit
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from functools import cache
from pathlib import Path
from typing import Any, TextIO

from server.training_room.run_folder import SETTINGS, RunFolder
from server.training_room.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
OVER = ("ended", "failed")
KEPT_RUNS = 8
"""Runs whose files are kept, so that they can be compared; of older ones they are removed."""


class Occupied(Exception):
    """A run is under way already; `run` is its name."""

    def __init__(self, run: str) -> None:
        super().__init__(f"run {run} is under way: one at a time; stop it first")
        self.run = run


@cache
def folder_of(service: int) -> Path:
    """Make the folder of all runs of a service, by its process; it is removed when that ends."""
    memory = "/dev/shm"  # noqa: S108 - mkdtemp makes a folder of its own in it
    place = memory if os.access(memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="training-room-", dir=place))
    atexit.register(_remove, folder, service)
    return folder


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # and not in a worker, which ends earlier
        shutil.rmtree(folder, ignore_errors=True)


def _take(lock: TextIO, seconds: float) -> bool:
    """Take the lock alone, within so many seconds."""
    patience = time.monotonic() + seconds
    while time.monotonic() < patience:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02)
        else:
            return True
    return False


class Room:
    """The runs of one service.

    Parameters
    ----------
    service : int
        The process whose end ends every run.
    folder : path, optional
        By default one of the service's own.
    """

    def __init__(self, service: int, folder: Path | None = None) -> None:
        self.service = service
        self.folder = folder_of(service) if folder is None else folder

    def start(self, settings: Settings) -> str:
        """Start a run, and return its name.

        Raises
        ------
        Occupied
            If one is under way.
        """
        with (self.folder / "lock").open("a+") as lock:
            # `is_training` may hold the lock for an instant, and a run that has ended a little
            # longer: until its process has gone.
            if not _take(lock, 5.0 if self._has_ended() else 0.1):
                raise Occupied((self.folder / "current").read_text())
            name = uuid.uuid4().hex[:12]
            (self.folder / "current").write_text(name)
            run = RunFolder(self.folder / name)
            run.path.mkdir(mode=0o700)
            run.write(SETTINGS, settings.as_json())
            run.touch()
            self._launch(run, lock.fileno())
        self._forget_old(name)
        return name

    def _has_ended(self) -> bool:
        """Return whether the newest run has said that it is over."""
        current = self.folder / "current"
        run = self.find(current.read_text()) if current.exists() else None
        return run is None or (run.read("state.json") or {}).get("state") in OVER

    def _launch(self, run: RunFolder, lock: int) -> None:
        command = [sys.executable, "-m", "server.training_room.run", str(run.path)]
        environ = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        environ.pop("CONVNET_THREADS", None)  # a worker has one; training takes what there is
        data = environ.get("CONVNET_DATA_DIR") or "data"
        environ["CONVNET_DATA_DIR"] = str(Path(data).resolve())
        with run.log.open("wb") as log:
            process = subprocess.Popen(
                [*command, "--service", str(self.service)],
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock,),
                start_new_session=True,  # a signal to the terminal is the service's
            )
        threading.Thread(target=process.wait, daemon=True).start()  # or it stays, as a zombie

    def _forget_old(self, newest: str) -> None:
        runs = sorted(
            (path for path in self.folder.iterdir() if path.is_dir()),
            key=lambda path: path.stat().st_ctime,
        )
        for path in [path for path in runs if path.name != newest][: -KEPT_RUNS + 1]:
            shutil.rmtree(path, ignore_errors=True)

    def find(self, name: str) -> RunFolder | None:
        """Return the folder of a run, or None if there is none of that name."""
        known = name.isalnum() and len(name) == 12
        path = self.folder / name
        return RunFolder(path) if known and path.is_dir() else None

    def is_training(self, name: str) -> bool:
        """Return whether the process of a run is there."""
        with (self.folder / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return (self.folder / "current").read_text() == name
        return False

    def status(self, name: str, run: RunFolder) -> dict[str, Any]:
        """Return how a run is: what its process says last, unless it is gone."""
        alive = self.is_training(name)  # before its last words are read
        state = run.read("state.json") or {"state": "starting", "step": 0}
        if not alive and state["state"] not in OVER:
            state |= {"state": "failed", "reason": "the process of the run has gone"}
        return dict(state)

    def remove(self, name: str, run: RunFolder) -> None:
        """End a run, if it is under way, and remove its files: its process sees that they go.

        They are moved aside first, or the process might write one while the others are removed.
        """
        aside = run.path.with_name(f"{name}-removed")
        run.path.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)
