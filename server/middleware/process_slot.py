"""A number for each process of the service, which a later process takes over.

The metrics of each process are counted in files that are named after it. By process id, each
generation of workers would leave its files behind, and counts must not be thrown away. By slot, a
new worker goes on counting where one that has ended stopped.
"""

import fcntl
import os
from pathlib import Path


class ProcessSlot:
    """The lowest number that no other living process has.

    A process holds its number by a lock on a file, which the system lets go of when the process
    ends, however it ends.

    Parameters
    ----------
    folder : str
        Where all processes of the service keep their locks.
    """

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self.owner = 0
        self.number = -1
        self.lock: int | None = None  # a file descriptor, open as long as the process lives

    def __call__(self) -> int:
        """Return the number of the process that calls; a new process takes one first."""
        if self.owner != os.getpid():
            self.owner = os.getpid()
            self._take()
        return self.number

    def _take(self) -> None:
        if self.lock is not None:  # of the process that this one was made from
            os.close(self.lock)
        self.number = 0
        while not self._has_locked(self.folder / f"process-{self.number}.lock"):
            self.number += 1

    def _has_locked(self, path: Path) -> bool:
        self.lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self.lock)
            return False
        return True
