"""Small blocks of memory are kept for the next request; decoded pictures go back to the system.

glibc learns from freed blocks of up to 32 MB to keep such blocks, for each thread apart: a service
that has decoded one large picture in each of its threads would hold the memory of all of them.
Told not to learn, it returns all free memory above 128 KB instead, which every drawing takes
several times over: the system clears those pages anew for each, a quarter of the time that
preprocessing takes.

The engine has a like switch (convnet/runtime/malloc.py) for its own, larger arrays. This one is
set first, when the service starts, and does without the engine, which only the recognizer knows.
"""

import contextlib
import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h
_KEPT = 4 * 1024 * 1024  # for each thread
_LARGE_BLOCK = 8 * 1024 * 1024


def set_up_malloc() -> None:
    """Have malloc take large blocks from the system one by one, and keep what little else is free.

    Without glibc, do nothing.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
