"""Where connections come from."""

import errno
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from logging import Logger
from selectors import EVENT_READ, BaseSelector
from typing import Any

COURTESY_SECONDS = 0.001
"""How long a busy worker leaves new connections to others."""

RETRY_SECONDS = 1.0
"""How long a worker waits that cannot accept, and is silent after it has said so in the log."""

ACCEPT_AT_ONCE = 64
NONE_THERE = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED)

Accepted = tuple[socket.socket, Any, Any]
"""A socket, and the addresses of the client and of this side."""


class Listeners:
    """The sockets that all workers accept connections from.

    The system tells all workers of a new connection, and whichever comes first gets it, and all
    that is asked on it later. A busy worker lets the others go first, or else it could soon have
    everyone.

    Parameters
    ----------
    sockets : iterable of socket.socket
    poller : selectors.BaseSelector
        What the worker's loop waits for.
    log : logging.Logger
    give_up_one : callable
        Closes a connection, where the system has no more file descriptors, and returns whether
        there was one to close.
    """

    def __init__(
        self,
        sockets: Iterable[socket.socket],
        poller: BaseSelector,
        log: Logger,
        give_up_one: Callable[[], bool],
    ) -> None:
        self.sockets, self.poller = list(sockets), poller
        self.log, self.give_up_one = log, give_up_one
        self.is_ready = False
        self.resume_at: float | None = None
        self.silent_until = 0.0
        for listener in self.sockets:
            listener.setblocking(False)
        self._watch()

    def seconds_to_wait(self) -> float:
        """Return how soon `accept` has to be called, if nothing happens before."""
        if self.resume_at is None:
            return float("inf")
        return max(self.resume_at - time.monotonic(), 0.0)

    def accept(self, is_busy: bool) -> Iterator[Accepted]:
        """Yield new connections, if there are any and it is this worker's turn."""
        if self.resume_at is not None:
            if time.monotonic() < self.resume_at:
                return
            self._watch()
        elif not self.is_ready:
            return
        elif is_busy:
            self._pause(COURTESY_SECONDS)
            return
        self.is_ready = False
        for listener in self.sockets:
            yield from self._take(listener, ACCEPT_AT_ONCE)

    def close(self, most: int) -> Iterator[Accepted]:
        """Yield what the system has accepted already, at most so many, and take no more."""
        if self.resume_at is None:
            self._pause(0.0)
        for listener in self.sockets:
            yield from self._take(listener, most)
            listener.close()
        self.sockets, self.resume_at = [], None

    def _take(self, listener: socket.socket, most: int) -> Iterator[Accepted]:
        for _ in range(most):
            try:
                sock, client = listener.accept()
            except OSError as error:
                if error.errno in NONE_THERE or not self._make_up_for(error):
                    return
                continue
            yield sock, client, listener.getsockname()

    def _make_up_for(self, error: OSError) -> bool:
        """Say that something is wrong, and return whether a connection less has helped."""
        now = time.monotonic()
        if now >= self.silent_until:
            self.silent_until = now + RETRY_SECONDS
            self.log.error("Cannot accept connections: %s", error)
        if self.give_up_one():
            return True
        self._pause(RETRY_SECONDS)
        return False

    def _note(self) -> None:
        self.is_ready = True

    def _watch(self) -> None:
        self.resume_at = None
        for listener in self.sockets:
            self.poller.register(listener, EVENT_READ, self._note)

    def _pause(self, seconds: float) -> None:
        if self.resume_at is None:
            for listener in self.sockets:
                self.poller.unregister(listener)
        self.resume_at = time.monotonic() + seconds
