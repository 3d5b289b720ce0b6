"""Keep the memory that one batch frees for the next one.

Every batch makes the same large arrays anew. By itself, glibc returns each of them to the system
when it is freed and asks for it again a moment later, and the system has to find, clear and map
every page of it once more: up to half of the time of a large prediction, and a sixth of a training
step (docs/performance.md). Told to keep what is freed, it hands out the same pages, often still in
the processor's cache. The peak stays what it was, but the process does not shrink between batches.

Other C libraries have no such switch: nothing happens there.

The setting holds for the whole process, so a program that knows better than the engine, such as a
service with many threads, chooses once at start with `set_thresholds`; the engine then leaves it.
"""

from __future__ import annotations

import ctypes
import os
import sys

# Of mallopt(3): what is larger is mapped on its own; what is free beyond that is returned; how many
# parts there are at most, which threads share.
_MMAP_THRESHOLD, _TRIM_THRESHOLD, _ARENA_MAX = -3, -1, -8
# Who has set one of these has chosen already.
_VARIABLES = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")

_kept = 0
_is_chosen = False


def set_thresholds(*, mmap: int, trim: int, arenas: int | None = None) -> bool:
    """Choose what malloc keeps, for good: later calls of `keep_freed_memory` change nothing.

    Parameters
    ----------
    mmap : int
        Blocks of at least so many bytes are mapped one by one, and returned when they are freed.
    trim : int
        Free bytes, in each thread's part of the memory, above which the rest is returned.
    arenas : int, optional
        How many such parts there are at most; by default eight for each core.

    Returns
    -------
    bool
        False, and nothing is changed, without glibc or where the environment has chosen already.
    """
    global _is_chosen
    if _mallopt(_MMAP_THRESHOLD, mmap):
        _is_chosen = _mallopt(_TRIM_THRESHOLD, trim)
        if arenas is not None:
            _mallopt(_ARENA_MAX, arenas)
    return _is_chosen


def keep_freed_memory(largest: int) -> bool:
    """Let the process keep what it frees, unless `set_thresholds` has chosen otherwise.

    Parameters
    ----------
    largest : int
        Bytes of the largest arrays that are kept, and a quarter of all that is. Never less than an
        earlier call said.

    Returns
    -------
    bool
        Whether the process now keeps as much as some call of this function asked for.
    """
    global _kept
    if not _is_chosen and largest > _kept and _mallopt(_MMAP_THRESHOLD, largest):
        _mallopt(_TRIM_THRESHOLD, min(4 * largest, 1 << 30))
        _kept = largest
    return _kept > 0


def _mallopt(option: int, value: int) -> bool:
    if not sys.platform.startswith("linux") or any(name in os.environ for name in _VARIABLES):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(option, value))
