"""How often each client may ask, counted by all workers together.

The count is the generic cell rate algorithm: for each client one number, the time at which it will
have used up what it may have. It lies in memory that workers share, because the application is made
before they are forked from it.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from ipaddress import IPv6Address, ip_address
from pathlib import Path

PERIOD = 60.0

_CLIENT = struct.Struct("<8sd")  # a digest of who it is, and the time
_WAYS = 8
_SETS = 4096


class RateLimit:
    """At most so many requests of each client within a minute.

    A client that has not asked for a minute may send all of them at once; later ones come at the
    same average rate. Of clients beyond some 30,000 at a time, the quietest are forgotten.

    Parameters
    ----------
    requests : int
        How many a minute.
    """

    def __init__(self, requests: int) -> None:
        self.interval = PERIOD / requests
        self._memory = mmap.mmap(-1, _CLIENT.size * _WAYS * _SETS)
        self._threads = threading.Lock()
        self._processes = process_lock(self)

    def wait(self, client: str, now: float | None = None) -> float:
        """Count a request of `client`; return 0, or the seconds until it may ask (uncounted)."""
        now = time.monotonic() if now is None else now
        digest = hashlib.blake2b(client.encode(), digest_size=8).digest()
        start = int.from_bytes(digest[:4], "little") % _SETS * _WAYS * _CLIENT.size
        with self._alone():
            place, used_up = self._find(digest, start)
            used_up = max(used_up, now) + self.interval
            if used_up - now > PERIOD + 1e-9:
                return used_up - now - PERIOD
            _CLIENT.pack_into(self._memory, place, digest, used_up)
        return 0.0

    def _find(self, digest: bytes, start: int) -> tuple[int, float]:
        """Return where a client's time lies, or that of the one to be forgotten for it."""
        places = range(start, start + _WAYS * _CLIENT.size, _CLIENT.size)
        times = []
        for place in places:
            found, used_up = _CLIENT.unpack_from(self._memory, place)
            if found == digest:
                return place, used_up
            times.append((used_up, place))
        return min(times)[1], 0.0

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep out other threads and workers; a worker that dies lets go."""
        with self._threads, self._processes():
            yield


def process_lock(owner: object) -> Callable[[], AbstractContextManager[None]]:
    """Return a lock between this process and those that are forked from it.

    It is one of the file system's, by POSIX: unlike a semaphore it is let go of when its process
    is killed. It is there as long as `owner` is.
    """
    if sys.platform == "win32":  # there is one process
        return nullcontext
    import fcntl

    file, path = tempfile.mkstemp()
    Path(path).unlink()
    weakref.finalize(owner, os.close, file)

    @contextmanager
    def locked() -> Iterator[None]:
        fcntl.lockf(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(file, fcntl.LOCK_UN)

    return locked


def network_of(address: str) -> str:
    """Return what a client has of its own: its IPv4 address, or the first half of an IPv6 one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64))
