"""The process of a run: ``python -m server.training_room.run FOLDER --service PID``.

It ends by itself: after its last epoch, at SIGTERM, a minute after a page last asked for it, and
when the process of its service is gone. Its service starts it (`server/training_room/room.py`).
"""

import argparse
import os
import resource
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType

from server.training_room.run_folder import SETTINGS, RunFolder
from server.training_room.settings import read
from server.training_room.training import Run, is_there

MOST_DATA = 3 << 30
"""Bytes of memory that the process may take; more is a MemoryError, which ends the run."""


def main(arguments: list[str] | None = None) -> int:
    """Train what the folder's settings say."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--service", type=int, default=os.getppid(), help="process to end with")
    options = parser.parse_args(arguments)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_DATA, MOST_DATA))
    folder = RunFolder(options.folder)
    if folder.was_removed():
        parser.error(f"{folder.path / SETTINGS} is not there: nothing says what to train")
    try:
        train(folder, options.service)
    except (ValueError, OSError, MemoryError) as error:
        if folder.was_removed():  # it was deleted: the run is not wanted any more
            return 0
        reason = str(error) or "it takes more memory than a run may have"
        folder.write("state.json", {"state": "failed", "reason": reason, "step": 0})
        return 1
    finally:
        if not is_there(options.service):
            shutil.rmtree(folder.path.parent, ignore_errors=True)
        elif folder.was_removed():  # by a service that ends, or that was told to
            folder.remove_remains()
    return 0


def train(folder: RunFolder, service: int) -> None:
    """Run until the end; SIGTERM and SIGINT end it after the present step."""
    run = Run(read(folder.read(SETTINGS)), folder, service)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        run.end("the run was told to end")

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    run.go()


if __name__ == "__main__":
    sys.exit(main())
