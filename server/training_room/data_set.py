"""The data set that runs learn from: whether it is there, and fetching it once.

A thread of the worker that was asked fetches it, with a lock on a file for as long as it does; how
far it is stands in a file beside, so that any worker can say.
"""

import fcntl
import threading
import time
from pathlib import Path
from typing import Any, TextIO

from convnet.datasets import mnist
from convnet.datasets.dataset import DatasetError
from convnet.datasets.download import DownloadError
from convnet.datasets.folder import default_folder, find
from server.training_room.run_folder import RunFolder

EVERY = 0.2
"""Seconds between two notes of how far a download is."""


def status(room: Path) -> dict[str, Any]:
    """Return whether there is a data set, or how far it is being fetched."""
    said = RunFolder(room).read("data.json")
    with (room / "data-lock").open("a+") as lock:
        fetching = not _take(lock)
    if fetching and said:
        return {"state": "fetching", **said}
    try:
        _, place = find(default_folder())
    except DatasetError as error:
        reason = said.get("reason") if said else None
        return {"state": "missing", "reason": reason or str(error)}
    return {"state": "here", "folder": str(place.resolve())}


def fetch(room: Path) -> bool:
    """Begin to fetch MNIST into the folder of data sets; False if that is under way already."""
    lock = (room / "data-lock").open("a+")
    if not _take(lock):
        lock.close()
        return False
    notes = _Notes(RunFolder(room))
    threading.Thread(target=_fetch, args=(lock, notes), daemon=True).start()
    return True


def _take(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _fetch(lock: TextIO, notes: "_Notes") -> None:
    with lock:
        try:
            mnist.download(default_folder(), notes.begin, mnist.MIRRORS)
        except (DownloadError, OSError) as error:
            notes.write(reason=str(error))


class _Notes:
    """Writes how far a download is, as the bar of each file."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.name, self.done, self.total = "", 0, 0
        self.written = 0.0
        self.write()

    def begin(self, name: str, done: int, total: int | None) -> "_Notes":
        """Begin with a file of which so many bytes are there."""
        self.name, self.done, self.total = name, done, total or 0
        self.write()
        return self

    def update(self, count: int) -> None:
        """Note that so many bytes more are there."""
        self.done += count
        if time.monotonic() - self.written > EVERY:
            self.write()

    def close(self) -> None:
        """Note that the file is whole."""
        self.write()

    def write(self, **more: Any) -> None:
        """Write it down."""
        self.written = time.monotonic()
        known = {"file": self.name, "done": self.done, "total": self.total}
        self.folder.write("data.json", known | more)
