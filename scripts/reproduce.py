#!/usr/bin/env python3
"""Train the five classic networks, and write each one's accuracy beside its author's.

    python scripts/reproduce.py                                 # the table in docs/classics.md
    python scripts/reproduce.py --only live-app --table /tmp/table.md

Each is trained by `python scripts/train.py --architecture NAME`, on MNIST in the format that its
author used. The weights go to runs/classics/. The exit status is 1 if a network stays below its
author's result.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.training.environment import use_environment

use_environment()

import convnet  # noqa: I001  (before NumPy, so that BLAS starts with one thread)

from convnet.datasets import Dataset
from scripts.training.download import DownloadError
from scripts.training import formats
from scripts.training.data import open_dataset
from scripts.training.machine import machine
from scripts.training.table import replace_table, table


@dataclass(frozen=True)
class Classic:
    """One network, its author's data, and the author's result.

    Attributes
    ----------
    test, train : float
        Accuracies that the author reports; 0 where there is no figure.
    loss : float, optional
        The loss that the author reports after the last epoch.
    """

    kind: str
    data: str
    write: Callable[[Path, Dataset], None]
    author: str
    test: float = 0.0
    train: float = 0.0
    loss: float = float("inf")


CLASSICS = {
    "cnn-from-scratch": Classic(
        "categorical cross-entropy, gradient descent",
        "arrays (IDX files)",
        formats.write_idx,
        "no figure: metrics are shown during and after training",
    ),
    "cnn-numpy": Classic(
        "cross-entropy, SGD, one image a step", "CSV", formats.write_csv, "“reasonable”"
    ),
    "simple-conv-net": Classic(
        "cross-entropy, one-hot labels",
        "IDX files in `archive/`",
        formats.write_archive,
        "training about 98 %, test about 97 %",
        test=0.97,
        train=0.98,
    ),
    "zero-vs-one": Classic(
        "binary cross-entropy",
        "0 and 1 only, 2,000 images",
        formats.write_gzipped_idx,
        "loss 0.69 → 0.41 in three epochs",
        loss=0.41,
    ),
    "live-app": Classic(
        "cross-entropy, Adam, batches of 32",
        "IDX files, gzipped",
        formats.write_gzipped_idx,
        "97.3 % after about 6 hours",
        test=0.973,
    ),
}


@dataclass(frozen=True)
class Result:
    """The result of one network; `seconds` are those of the whole command."""

    test: float
    train: float
    losses: tuple[float, ...]
    seconds: float

    def reaches(self, classic: Classic) -> bool:
        """Return whether it is as good as its author's, or better."""
        return (
            self.test >= classic.test
            and self.train >= classic.train
            and self.losses[-1] <= classic.loss
        )


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parse(argv)
    try:
        data = open_dataset(options.data)
    except (OSError, DownloadError, ValueError) as error:
        print(f"reproduce.py: {error}", file=sys.stderr)
        return 1
    results = {name: reproduce(name, data, options) for name in options.only or CLASSICS}
    replace_table(options.table, f"{_table(results)}\n\n{machine()}")
    print(f"\n{_table(results)}\n\nwritten to {options.table}")
    below = [name for name, result in results.items() if not result.reaches(CLASSICS[name])]
    if below:
        print(f"below the author's result: {', '.join(below)}", file=sys.stderr)
    return int(bool(below))


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with MNIST")
    parser.add_argument("--only", nargs="+", choices=CLASSICS, metavar="NAME",
                        help="these networks instead of all five")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of everything random")
    parser.add_argument("--out", type=Path, default=Path("runs/classics"), metavar="DIR",
                        help="where the weights go (default runs/classics)")  # fmt: skip
    parser.add_argument("--table", type=Path, default=ROOT / "docs" / "classics.md",
                        metavar="FILE", help="document whose table is replaced")  # fmt: skip
    return parser.parse_args(argv)


def reproduce(name: str, data: Dataset, options: argparse.Namespace) -> Result:
    """Train one network, in a process of its own and from files as its author had them."""
    out = options.out / f"{name}.npz"
    with tempfile.TemporaryDirectory() as folder:
        CLASSICS[name].write(Path(folder), data)
        command = [sys.executable, str(ROOT / "scripts" / "train.py"), "--architecture", name]
        command += ["--data", folder, "--out", str(out), "--seed", str(options.seed)]
        began = time.perf_counter()
        subprocess.run(command, check=True)
        seconds = time.perf_counter() - began
    record = convnet.load(out).metadata
    history = record["training"]["history"]
    losses = tuple(epoch["loss"] for epoch in history)
    return Result(record["test"]["accuracy"], history[-1]["accuracy"], losses, seconds)


def _table(results: dict[str, Result]) -> str:
    head = ["`--architecture`", "loss, optimizer", "data", "its author", "here: test, training",
            "loss by epoch", "seconds"]  # fmt: skip
    return table(head, [_row(name, result) for name, result in results.items()])


def _row(name: str, result: Result) -> list[str]:
    classic = CLASSICS[name]
    course = (result.losses[0], result.losses[-1])
    return [
        f"`{name}`",
        classic.kind,
        classic.data,
        classic.author,
        f"**{result.test:.2%}**, {result.train:.2%}",
        f"{course[0]:.3f} → {course[1]:.3f} ({len(result.losses)} epochs)",
        f"{result.seconds:.0f}",
    ]


if __name__ == "__main__":
    sys.exit(main())
