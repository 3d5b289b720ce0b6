"""The sweep that the command line asks for, from the first run to the table."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path

from convnet import datasets
from scripts.bulk.cluster import connect
from scripts.bulk.processes import pool_of
from scripts.bulk.progress import Progress
from scripts.sweeping import report
from scripts.sweeping.halving import Group, planned, rungs, sweep
from scripts.sweeping.space import draws, grid
from scripts.sweeping.store import Store
from scripts.sweeping.training import Run
from scripts.training.data import fingerprint, open_dataset
from scripts.training.options import require_writable_folder

TRIED = ("architecture", "learning_rate", "batch_size", "limit")


def run(options: argparse.Namespace) -> int:
    """Train everything; return the exit status."""
    require_writable_folder(options.out)
    groups = runs_of(options)
    steps = rungs(options.epochs, options.halving)
    total = planned(len(groups), len(options.seeds), steps, options.halving)
    print(
        f"{len(groups)} trials with {len(options.seeds)} seeds each, compared after epochs {steps}"
    )
    store = Store(options.out)
    progress = Progress(total, "pieces of training")
    with ExitStack() as stack:
        executor = _executor(options, stack)
        outcomes = sweep(groups, steps, options.halving, executor, store, progress.add)
    progress.close()
    print(report.write(options.out, groups, outcomes))
    best = report.ranked(groups, outcomes)[0][0]
    print(f"\nThe best network is {store.weights(best, len(outcomes[best].history))}.")
    return 0


def runs_of(options: argparse.Namespace) -> list[Group]:
    """Return the runs of each trial."""
    data = open_dataset(options.data)
    path = str((options.data or datasets.default_folder()).absolute())
    space = {name: values for name in TRIED if (values := getattr(options, name)) is not None}
    trials = grid(space) if options.random is None else draws(space, options.random, 0)
    digest = fingerprint(data.train)
    return [
        tuple(
            Run(tuple(_absolute(trial).items()), seed, options.epochs, path, digest)
            for seed in options.seeds
        )
        for trial in trials
    ]


def _absolute(trial: dict[str, str | int | float]) -> dict[str, str | int | float]:
    """Name a network of one's own by its whole path: whoever trains it may be elsewhere."""
    name = str(trial["architecture"])
    return trial | {"architecture": str(Path(name).absolute()) if name.endswith(".py") else name}


def _executor(options: argparse.Namespace, stack: ExitStack) -> Callable[[], Executor]:
    """Return what makes processes to train in, here or on a cluster."""
    if options.scheduler is None:
        return lambda: pool_of(options.workers)
    client = stack.enter_context(connect(options.scheduler))
    return lambda: client.get_executor(pure=False, retries=3)
