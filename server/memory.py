"""Decoded pictures go back to the system as soon as they are done with.

glibc learns from freed blocks of up to 32 MB to keep such blocks, for each thread apart: a service
that has decoded one large picture in each of its threads would hold the memory of all of them.
"""

import contextlib
import ctypes

_M_MMAP_THRESHOLD = -3  # malloc.h
_LARGE_BLOCK = 8 * 1024 * 1024


def return_large_blocks() -> None:
    """Have malloc take large blocks from the system one by one; without glibc, do nothing."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)
