#!/usr/bin/env python3
"""Train a network with many settings and seeds; show which are best.

    python scripts/sweep.py --learning-rate 3e-4,1e-3,3e-3 --seeds 0,1,2     # all combinations
    python scripts/sweep.py --architecture live-app,resnet --batch-size 32,128 --epochs 3
    python scripts/sweep.py --random 20 --learning-rate 1e-4..1e-1 --batch-size 16..256 --halving 3
    python scripts/sweep.py --learning-rate 1e-3,3e-3 --scheduler tcp://10.0.0.1:8786

The recipe of each network is that of scripts/train.py, changed by the settings; runs are compared
by the training pictures that are held out, and the test set is not read. --halving F stops what is
hopeless: all trials are trained for a few epochs, the best one in F goes on for F times as many.
A run that was begun is kept below --out, and the same command goes on where it was. The same seed
gives the same weights wherever a run is trained, here or on a Dask cluster (docs/scale.md).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.training.environment import use_environment

use_environment()

from scripts.sweeping.command import run
from scripts.sweeping.space import Values, numbers, whole_numbers
from scripts.training.architecture import architecture
from scripts.training.options import add_places, positive_int, run_resumable


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    return run_resumable(run, parse(argv), "sweep.py")


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--architecture", type=networks, default=Values(("live-app",)),
                        metavar="A,B", help="as for train.py (default live-app)")  # fmt: skip
    parser.add_argument("--learning-rate", type=numbers, metavar="A,B or A..B", help="(peak) rates")
    parser.add_argument("--batch-size", type=whole_numbers, metavar="A,B or A..B",
                        help="images a step")  # fmt: skip
    parser.add_argument("--limit", type=whole_numbers, metavar="A,B or A..B",
                        help="only the first so many for training")  # fmt: skip
    parser.add_argument("--epochs", type=positive_int, default=3, metavar="N",
                        help="passes over the data (default 3)")  # fmt: skip
    parser.add_argument("--seeds", type=seeds, default=(0,), metavar="A,B",
                        help="each trial is trained with each of them (default 0)")  # fmt: skip
    parser.add_argument("--random", type=positive_int, metavar="N",
                        help="draw N trials instead of all combinations")  # fmt: skip
    parser.add_argument("--halving", type=factor, metavar="F", help="stop what is hopeless")
    parser.add_argument("--data", type=Path, metavar="PATH", help="the data set: folder or file")
    parser.add_argument("--out", type=Path, default=Path("runs/sweep"), metavar="DIR",
                        help="where runs, table and plot go (default runs/sweep)")  # fmt: skip
    add_places(parser)
    return parser.parse_args(argv)


def networks(text: str) -> Values:
    """Read names of networks, with commas between them."""
    for name in text.split(","):
        architecture(name)
    return Values(tuple(text.split(",")))


def seeds(text: str) -> tuple[int, ...]:
    """Read whole numbers from 0 on, with commas between them."""
    if not all(part.isascii() and part.isdecimal() for part in text.split(",")):
        raise argparse.ArgumentTypeError(f"expected seeds such as 0,1,2, got {text!r}")
    return tuple(dict.fromkeys(int(part) for part in text.split(",")))


def factor(text: str) -> int:
    """Read a whole number of at least 2."""
    if (value := positive_int(text)) < 2:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 2, got {text!r}")
    return value


if __name__ == "__main__":
    sys.exit(main())
