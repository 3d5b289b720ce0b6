"""Share one operation among the machine's cores.

NumPy releases the interpreter lock inside its loops, so Python threads run them in parallel: BLAS
products, copies and element-wise loops alike. BLAS itself is held to one thread
(`convnet/runtime/blas.py`): its own threads would speed up its products only, ours speed up
everything.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from convnet.arrays import Array

Task = Callable[[int, int], None]

# Below this many elements, a second thread costs more time than it saves: its core may have to wake
# up, and both need the interpreter lock between any two calls of NumPy (docs/performance.md).
SMALL = 1 << 19
# Below this many, even asking whether to share takes longer than the work.
TINY = 1 << 13
# From this many on, a sum is split into as many parts as there are threads, even if one thread adds
# up all of them: the number of parts decides the last bits of a sum, and so of the shipped weights.
LARGE_SUM = 1 << 17


def available_cores() -> int:
    """Return how many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every platform
        return os.cpu_count() or 1


_count = max(1, int(os.environ.get("CONVNET_THREADS", available_cores())))
_pool: ThreadPoolExecutor | None = None


class _Inside(threading.local):
    """Whether this thread is working on a share: what it calls then is not shared out again."""

    share = False


_inside = _Inside()


def get_threads() -> int:
    """Return the number of threads that one operation is shared among."""
    return _count


def set_threads(count: int) -> None:
    """Use `count` threads from now on; 1 runs everything in the calling thread."""
    global _count, _pool
    if count < 1:
        raise ValueError(f"`count` must be at least 1, got {count}")
    _count, _pool = count, None


def _forget_pool() -> None:
    """Let a forked process (a gunicorn worker) start its own threads: none survive a fork."""
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


def _executor() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(_count - 1, thread_name_prefix="convnet")
    return _pool


def shares(count: int) -> list[tuple[int, int]]:
    """Split ``range(count)`` into at most `get_threads()` contiguous, nearly equal parts."""
    parts = max(1, min(_count, count))
    edges = [count * part // parts for part in range(parts + 1)]
    return list(itertools.pairwise(edges))


def parallel(task: Task, count: int, *, work: int | None = None) -> None:
    """Call ``task(start, stop)`` for every share of ``range(count)``, at the same time.

    If a share raises, the error is raised again here, after all shares have ended.

    Parameters
    ----------
    task : callable
        Must touch disjoint memory for disjoint ranges.
    count : int
        Length of the range that is shared out.
    work : int, optional
        Size of the whole operation in elements that are read or written once (8 to 16
        multiply-adds in BLAS count as one); below `SMALL` the calling thread does it alone.
    """
    if _count == 1 or count < 2 or (work is not None and work < SMALL) or _inside.share:
        task(0, count)
        return
    (start, stop), *others = shares(count)
    executor = _executor()
    futures = [executor.submit(_run_share, task, *share) for share in others]
    try:
        _run_share(task, start, stop)
        for future, share in zip(futures, others, strict=True):
            # A share that no thread has begun is quicker done here than waited for: several
            # callers may be using the same pool.
            if future.cancel():
                _run_share(task, *share)
    finally:
        # Nothing may write to the caller's arrays after this function has ended or failed.
        running = [future for future in futures if not future.cancel()]
        for future in running:
            future.exception()  # waits
    for future in running:
        future.result()


def parallel_sum(
    partial_sum: Callable[[int, int], Array], count: int, *, work: int | None = None
) -> Array:
    """Add up ``partial_sum(start, stop)`` over the shares of ``range(count)``.

    They are added in their order, so that no bit of the sum depends on which thread was first. For
    `work` see `parallel`.
    """
    whole = work is not None and work < LARGE_SUM
    parts = [(0, count)] if whole else shares(count)
    sums: dict[int, Array] = {}

    def task(start: int, stop: int) -> None:
        for part in range(start, stop):
            sums[part] = partial_sum(*parts[part])

    parallel(task, len(parts), work=work)
    return np.asarray(sum(sums[part] for part in range(len(parts))))


def _run_share(task: Task, start: int, stop: int) -> None:
    _inside.share = True
    try:
        task(start, stop)
    finally:
        _inside.share = False


def elementwise(ufunc: Callable[..., object], *inputs: Array, out: Array | None = None) -> Array:
    """Apply `ufunc` to equally shaped arrays, shared among the threads.

    The threads share the axis that is outermost in memory. The result has the memory order of the
    first input (or is written into `out`).
    """
    first = inputs[0]
    if out is None:
        out = np.empty_like(first)
    if first.size < TINY:
        ufunc(*inputs, out=out)
        return out
    slowest = max(range(first.ndim), key=first.strides.__getitem__)
    order = (slowest, *(axis for axis in range(first.ndim) if axis != slowest))
    views = [array.transpose(order) for array in (*inputs, out)]

    def task(start: int, stop: int) -> None:
        ufunc(*(view[start:stop] for view in views[:-1]), out=views[-1][start:stop])

    parallel(task, len(views[0]), work=first.size)
    return out
