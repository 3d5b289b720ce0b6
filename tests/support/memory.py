"""Hold a block of a test to the memory that it may take."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def memory_limit(most: int) -> Iterator[None]:
    """Fail if at some moment Python and NumPy have asked for more than `most` bytes."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= most, f"took {peak:,} bytes, limit {most:,}"
