"""Threads that call one function side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from scripts.benchmarks.peers.blueprint import Array


@dataclass(frozen=True)
class Shared:
    """The result of all threads together.

    Attributes
    ----------
    images_per_second : float
    same : bool
        Whether every answer was, to the last bit, the one that a single thread gets.
    """

    images_per_second: float
    same: bool


def share(predict: Callable[[Array], Array], parts: Sequence[Array], seconds: float) -> Shared:
    """Let a thread for each part predict it, again and again for `seconds`."""
    expected = [predict(part) for part in parts]
    ready = threading.Barrier(len(parts))

    def caller(part: Array, answer: Array) -> tuple[int, float, bool]:
        predict(part)  # a thread's buffers are made at its first prediction
        ready.wait()
        count, spent, same = 0, 0.0, True
        start = time.perf_counter()
        while spent < seconds or count == 0:
            same &= np.array_equal(predict(part), answer)
            count += len(part)
            spent = time.perf_counter() - start
        return count, spent, same

    with ThreadPoolExecutor(len(parts)) as pool:
        results = list(pool.map(caller, parts, expected))
    counts, spent, same = zip(*results, strict=True)
    return Shared(sum(counts) / max(spent), all(same))
