"""Small blocks of memory are kept for the next request; decoded pictures go back to the system.

glibc learns from freed blocks of up to 32 MB to keep such blocks, for each thread apart: a service
that has decoded one large picture in each of its threads would hold the memory of all of them.
Told not to learn, it returns all free memory above 128 KB instead, which every drawing takes
several times over: the system clears those pages anew for each, a quarter of the time that
preprocessing takes.
"""

from convnet.memory import keep_freed_memory

# Bytes: all arrays of a drawing are smaller, all large pictures larger.
_LARGEST = 1 << 20


def set_up_malloc() -> None:
    """Have malloc take larger blocks from the system one by one, and keep some of what is free.

    Where malloc has no such switch, or the environment has chosen already, do nothing.
    """
    keep_freed_memory(_LARGEST)
