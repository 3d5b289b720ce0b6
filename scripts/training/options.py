"""Types of command-line options: each returns the value, or says what was expected."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from convnet.runtime.threads import available_cores
from scripts.training.download import DownloadError

LEAST_SIDE, MOST_SIDE = 4, 256  # pixels; the service takes no larger inputs


def positive_int(text: str) -> int:
    """Read a whole number of at least 1."""
    if not text.isascii() or not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def positive_float(text: str) -> float:
    """Read a finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return value


def digits(text: str) -> tuple[int, ...]:
    """Read digits with commas between them, as ``0,1``: in order, each once."""
    parts = [part.strip() for part in text.split(",")]
    if any(len(part) != 1 or part not in "0123456789" for part in parts):
        raise argparse.ArgumentTypeError(f"expected digits such as 0,1, got {text!r}")
    return tuple(sorted({int(part) for part in parts}))


def size(text: str) -> tuple[int, int]:
    """Read height and width in pixels: ``32`` or ``24x32``."""
    sides = text.lower().split("x")
    if len(sides) > 2 or not all(side.isascii() and side.isdecimal() for side in sides):
        raise argparse.ArgumentTypeError(f"expected a size such as 32 or 24x32, got {text!r}")
    height, width = int(sides[0]), int(sides[-1])
    if not (LEAST_SIDE <= height <= MOST_SIDE and LEAST_SIDE <= width <= MOST_SIDE):
        raise argparse.ArgumentTypeError(
            f"expected {LEAST_SIDE} to {MOST_SIDE} pixels a side, got {text!r}"
        )
    return height, width


def require_writable(file: Path) -> None:
    """Make the folder of a file that is written after long work; check that it can be.

    Raises
    ------
    OSError
        If the folder cannot be made or the file cannot be written.
    """
    if file.is_dir():
        raise IsADirectoryError(f"{file} is a folder; it should name a file")
    require_writable_folder(file.parent)


def require_writable_folder(folder: Path) -> None:
    """Make a folder into which files are written later, and check that this is possible.

    Raises
    ------
    OSError
        If it cannot be made, or may not be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file; it should name a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"the folder {folder} cannot be made: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{folder} may not be written to")


def refuse(
    parser: argparse.ArgumentParser, options: argparse.Namespace, names: Iterable[str], with_: str
) -> None:
    """Exit if an option is given that has no effect together with another one."""
    for name in names:
        if getattr(options, name) is not None:
            parser.error(f"--{name.replace('_', '-')} does not go with {with_}")


def require_matplotlib(parser: argparse.ArgumentParser) -> None:
    """Exit before any work is done if matplotlib is missing; say how to install it."""
    try:
        import scripts.figures  # noqa: F401
    except ImportError as error:
        parser.error(str(error))


def add_places(parser: argparse.ArgumentParser) -> None:
    """Let the command line say where a job is done: here, on some cores, or on a Dask cluster."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", type=positive_int, default=available_cores(), metavar="N",
                       help="processes on this machine (default: one for each core)")  # fmt: skip
    where.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="of a Dask cluster")


def run_resumable(
    run: Callable[[argparse.Namespace], int], options: argparse.Namespace, name: str
) -> int:
    """Run a command that goes on where it was; return its exit status."""
    try:
        return run(options)
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130
    except (OSError, ValueError, DownloadError, ModuleNotFoundError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
