"""What every section of the benchmark gets: data, threads, time, and peers to start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from convnet.datasets import Split
from scripts.benchmarks.clock import Effort, alternate
from scripts.benchmarks.peers.peer import Images, Labels
from scripts.benchmarks.peers.process import PeerProcess

NETWORKS = ("live-app", "torch-example", "digits")
TRAIN_BATCH = 128

Call = tuple[PeerProcess, tuple[Any, ...]]
Seconds = dict[str, list[float]]


@dataclass(frozen=True)
class Bench:
    """The conditions of a run.

    Parameters
    ----------
    data : Split
        Training images, of which the first few thousand are used.
    threads : int
        Threads that each peer may compute with.
    effort : Effort
    networks : tuple of str
        Names of architectures.
    """

    data: Split
    threads: int
    effort: Effort
    networks: tuple[str, ...] = NETWORKS

    @contextmanager
    def peers(self, *names: str) -> Iterator[list[PeerProcess]]:
        """Start peers in new processes, and end them."""
        with ExitStack() as stack:
            yield [stack.enter_context(PeerProcess(name, self.threads)) for name in names]

    def images(self, count: int) -> Images:
        """Return the first `count` images."""
        return self.data.images[:count]

    def batches(self, count: int) -> tuple[Images, Labels]:
        """Return the first `count` images with their labels."""
        return self.data.images[:count], self.data.labels[:count]

    def alternate(self, calls: Mapping[str, Call]) -> Seconds:
        """Time calls of peers in turn; each is told for how many seconds."""
        bursts = {
            name: partial(peer.call, *arguments, self.effort.seconds)
            for name, (peer, arguments) in calls.items()
        }
        return alternate(bursts, self.effort.rounds)
