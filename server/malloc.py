"""Small blocks of memory are kept for the next request; decoded pictures go back to the system.

glibc learns from freed blocks of up to 32 MB to keep such blocks, for each thread apart: a service
that has decoded one large picture in each of its threads would hold the memory of all of them.
Told not to learn, it returns all free memory above 128 KB instead, which every drawing takes
several times over: the system clears those pages anew for each, a quarter of the time that
preprocessing takes. Parts of the memory that threads have for themselves would each keep their own.

The engine would keep more, for its own large arrays, as soon as many inputs come at once. Here this
is chosen once, before the first request, and the recognizer computes in blocks that fit.
"""

from convnet.runtime.malloc import set_thresholds

LARGE_BLOCK = 8 * 1024 * 1024
KEPT = 4 * 1024 * 1024
"""Bytes of free memory that are kept."""

ARENAS = 1
"""Parts of the memory: threads share it, because one of them computes at a time."""


def set_up_malloc() -> None:
    """Have malloc take large blocks from the system one by one, and keep what little else is free.

    Without glibc, and where the environment says otherwise (``MALLOC_TRIM_THRESHOLD_`` …), nothing
    changes.
    """
    set_thresholds(mmap=LARGE_BLOCK, trim=KEPT, arenas=ARENAS)
