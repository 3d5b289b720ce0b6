"""Timing one thing, and several things fairly."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

Burst = Callable[[], list[float]]

# Before a peer is timed, all of them rest: the threads of PyTorch and ONNX Runtime keep spinning
# for some milliseconds after their work is done, and would take a core from the next peer.
REST_SECONDS = 0.05
WARM_UP = 2


@dataclass(frozen=True)
class Effort:
    """How long measuring may take.

    Attributes
    ----------
    rounds : int
        How many turns each peer has.
    seconds : float
        How long a turn lasts, at least.
    """

    rounds: int
    seconds: float


FULL, QUICK = Effort(15, 0.4), Effort(3, 0.1)


def stopwatch(
    call: Callable[[], object],
    seconds: float,
    least: int = 3,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """Call again and again for `seconds`; return the seconds of each call.

    There are at least `least` of them, after some that are not counted. `clock` may be
    `time.process_time`: what other programs take of a core then counts for nothing.
    """
    for _ in range(WARM_UP):
        call()
    times: list[float] = []
    begin = start = clock()
    while start - begin < seconds or len(times) < least:
        call()
        stop = clock()
        times.append(stop - start)
        start = stop
    return times


def alternate(bursts: Mapping[str, Burst], rounds: int) -> dict[str, list[float]]:
    """Time each in turn, `rounds` times over; return the median seconds of every burst.

    When the machine is slow for a while, it is slow for all of them; the order changes from round
    to round, so that none is always first.
    """
    medians: dict[str, list[float]] = {name: [] for name in bursts}
    for turn in range(rounds):
        names = list(bursts)
        for name in names if turn % 2 == 0 else reversed(names):
            time.sleep(REST_SECONDS)
            medians[name].append(median(bursts[name]()))
    return medians


def ratio(seconds: list[float], others: list[float]) -> float:
    """How many times faster `seconds` is than `others`: the median of the rounds' ratios."""
    return median(other / own for own, other in zip(seconds, others, strict=True))
