"""Which runs go on: all of them, or after each rung of epochs the best part.

Successive halving (K. Jamieson, A. Talwalkar, *Non-stochastic Best Arm Identification and
Hyperparameter Optimization*, AISTATS 2016): with a factor of 3 and 9 epochs all trials are trained
for 1 epoch, the best third of them for 3, and the best third of those for 9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, as_completed
from dataclasses import replace
from statistics import fmean

from scripts.sweeping.store import Store
from scripts.sweeping.training import Outcome, Run, train

Group = tuple[Run, ...]
"""The runs of one trial: the same settings with each seed."""

Outcomes = dict[Run, Outcome]


def rungs(epochs: int, factor: int | None) -> list[int]:
    """Return the epochs after which trials are compared; the last of them is `epochs`."""
    found = [epochs]
    while factor is not None and found[0] // factor >= 1:
        found.insert(0, found[0] // factor)
    return found


def planned(groups: int, seeds: int, steps: list[int], factor: int | None) -> int:
    """Return how many pieces of training there will be."""
    total, left = 0, groups
    for _ in steps:
        total += left * seeds
        left = max(1, left // factor) if factor else left
    return total


def sweep(
    groups: list[Group],
    steps: list[int],
    factor: int | None,
    executor: Callable[[], Executor],
    store: Store,
    done: Callable[[int], None],
) -> Outcomes:
    """Train all trials, rung after rung; return where each run came to.

    `done` is told of each piece of training.
    """
    outcomes: Outcomes = {}
    left = groups
    for place, until in enumerate(steps):
        last = steps[place - 1] if place else 0
        runs = [run for group in left for run in group]
        outcomes |= dict(_rung(runs, until, last, executor, store, done))
        if factor is not None:
            keep = max(1, len(left) // factor)
            left = sorted(left, key=lambda group: -score(group, outcomes))[:keep]
    return outcomes


def score(group: Group, outcomes: Outcomes) -> float:
    """Return the mean held-out accuracy of a trial's seeds."""
    return fmean(outcomes[run].accuracy for run in group)


def _rung(
    runs: Iterable[Run],
    until: int,
    last: int,
    executor: Callable[[], Executor],
    store: Store,
    done: Callable[[int], None],
) -> Iterator[tuple[Run, Outcome]]:
    """Yield the outcomes of runs at an epoch: those that are there, then those that get ready."""
    todo = []
    for run in runs:
        found = store.get(run, until)
        before = store.get(run, last) if last else None
        if found is None and before is not None and before.error:
            found = replace(before)  # what has failed fails again
        if found is None:
            todo.append((run, before.state if before else b""))
        else:
            done(1)
            yield run, found
    if not todo:
        return
    with executor() as pool:
        futures = {pool.submit(train, run, until, state): run for run, state in todo}
        for future in as_completed(futures):
            run = futures[future]
            outcome = future.result()
            store.put(run, until, outcome)
            done(1)
            yield run, outcome
