"""Keep the memory that one batch frees for the next one.

Every batch makes the same large arrays anew. By itself, glibc returns each of them to the system
when it is freed and asks for it again a moment later, and the system has to find, clear and map
every page of it once more: up to half of the time of a large prediction, and a sixth of a training
step (docs/performance.md). Told to keep what is freed, it hands out the same pages, often still in
the processor's cache. The peak stays what it was, but the process does not shrink between batches.

Other C libraries have no such switch: nothing happens there.
"""

from __future__ import annotations

import ctypes
import os
import sys

# Of mallopt(3): what is larger is mapped on its own; what is free beyond that is returned.
_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1
# Who has set one of these has chosen already.
_VARIABLES = ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES")

_kept = 0


def keep_freed_memory(largest: int) -> bool:
    """Let the process keep what it frees; return whether it does.

    Parameters
    ----------
    largest : int
        Bytes of the largest arrays that are kept, and a quarter of all that is. Never less than an
        earlier call said.
    """
    global _kept
    if largest > _kept and _mallopt(_MMAP_THRESHOLD, largest):
        _mallopt(_TRIM_THRESHOLD, min(4 * largest, 1 << 30))
        _kept = largest
    return _kept > 0


def _mallopt(option: int, value: int) -> bool:
    if not sys.platform.startswith("linux") or any(name in os.environ for name in _VARIABLES):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(option, value))
