"""The same chunks on a Dask cluster: what one machine cannot do in time, several do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from scripts.bulk.chunks import Chunk
from scripts.bulk.processes import Numbered, Result, carefully
from scripts.bulk.reading import Job, work

try:
    import distributed
except ImportError:
    distributed = None

NEEDS = "a cluster needs Dask: pip install -e '.[scale]'"
AHEAD = 3  # chunks for each thread of the cluster
PATIENCE = 60  # seconds until there is a worker


def connect(address: str) -> Any:
    """Return a client of the scheduler at `address`, when it has a worker.

    Raises
    ------
    OSError
        If nobody answers there, or no worker comes.
    """
    if distributed is None:
        raise ModuleNotFoundError(NEEDS)
    client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        client.close()
        raise OSError(f"{address} has no workers") from None
    return client


def on_cluster(job: Job, chunks: Iterable[Numbered], client: Any) -> Iterator[Result]:
    """Yield the parts of chunks, as they get ready; those of workers that die are done again."""
    source = iter(chunks)
    running: dict[Any, Numbered] = {}
    ready = distributed.as_completed(loop=client.loop)

    def submit() -> bool:
        if (numbered := next(source, None)) is None:
            return False
        future = client.submit(work, job, numbered[1], pure=False, priority=-numbered[0])
        running[future] = numbered
        ready.add(future)
        return True

    while len(running) < AHEAD * threads(client) and submit():
        pass
    for future in ready:
        number, chunk = running.pop(future)
        part = _result(job, chunk, future)
        while len(running) < AHEAD * threads(client) and submit():
            pass
        yield number, chunk, part


def _result(job: Job, chunk: Chunk, future: Any) -> Any:
    try:
        return future.result()
    except distributed.scheduler.KilledWorker:  # several died of it: it is the chunk's fault
        return carefully(job, chunk)


def threads(client: Any) -> int:
    """Return how many chunks the cluster reads at a time; at least 1, for it may lose a worker."""
    return max(1, sum(client.nthreads().values()))
