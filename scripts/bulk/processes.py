"""Chunks on all cores of this machine, in processes that may die."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

from scripts.bulk.chunks import Chunk
from scripts.bulk.reading import Job, Part, work

Numbered = tuple[int, Chunk]
Result = tuple[int, Chunk, Part]

AHEAD = 2  # chunks that wait for each process


def on_processes(job: Job, chunks: Iterable[Numbered], workers: int) -> Iterator[Result]:
    """Yield the parts of chunks, as they get ready.

    A picture that ends the process which reads it is found, and its row says so.
    """
    waiting, source = [], iter(chunks)
    while True:
        try:
            with pool_of(workers) as pool:
                yield from _through(pool, job, waiting, source, workers)
            return
        except BrokenProcessPool:
            for number, chunk in list(waiting):  # one of them did it
                yield number, chunk, carefully(job, chunk)
                waiting.remove((number, chunk))


def _through(
    pool: ProcessPoolExecutor,
    job: Job,
    waiting: list[Numbered],
    source: Iterator[Numbered],
    workers: int,
) -> Iterator[Result]:
    """Yield parts; what is begun and has no part yet is in `waiting`."""
    running: dict[Future[Part], Numbered] = {}
    more = True
    while more or running:
        while more and len(running) < AHEAD * workers:
            if (numbered := next(source, None)) is None:
                more = False
            else:
                waiting.append(numbered)
                running[pool.submit(work, job, numbered[1])] = numbered
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            numbered = running.pop(future)
            part = future.result()
            waiting.remove(numbered)
            yield (*numbered, part)


def carefully(job: Job, chunk: Chunk) -> Part:
    """Read a chunk to its end, whatever its pictures do: those that end a process are left out."""
    part = _alone(job, chunk)
    if part is not None:
        return part
    first, last = 0, len(chunk)  # the first deadly one is in here
    while last - first > 1:
        middle = (first + last) // 2
        rest = frozenset(range(middle, len(chunk)))
        if _alone(job, replace(chunk, deadly=chunk.deadly | rest)) is None:
            last = middle
        else:
            first = middle
    return carefully(job, replace(chunk, deadly=chunk.deadly | {first}))


def _alone(job: Job, chunk: Chunk) -> Part | None:
    """Read a chunk in a process of its own; None if that ends."""
    try:
        with pool_of(1) as pool:
            return pool.submit(work, job, chunk).result()
    except BrokenProcessPool:
        return None


def pool_of(workers: int) -> ProcessPoolExecutor:
    """Return processes that end with this one."""
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _begin)


def _begin() -> None:
    """End at Ctrl-C without a word, and when the parent does, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "this is called in a child"
    parent.join()
    os._exit(1)
