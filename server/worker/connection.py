"""A client's connection: what has come of a request, and what is still to be sent of an answer."""

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from server.worker.framing import RequestReader

RECEIVE_BYTES = 64 * 1024
SEND_BYTES = 256 * 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Connection:
    """One connection, whose socket never blocks.

    Parameters
    ----------
    sock : socket.socket
    client, server : tuple or str
        The addresses of its two ends.
    max_body_bytes : int

    Attributes
    ----------
    handler : callable or None
        What to do when the client has moved; None while the answer is worked out.
    since : float
        When the client's turn began, by the monotonic clock.
    deadline : float
        When it ends.
    last_deadline : float
        When it ends for good, where `deadline` is put off while bytes move.
    began : float or None
        When the request began to arrive, by `time.perf_counter`; None before.
    is_kept : bool
        Whether another request may follow the answer.
    has_ended : bool
        Whether the client has said that it sends no more.
    is_gone : bool
        Whether the connection is broken.
    counted : int
        How many of the bytes that are held here the worker has counted.
    """

    def __init__(self, sock: socket.socket, client: Any, server: Any, max_body_bytes: int) -> None:
        sock.setblocking(False)
        self.sock, self.client, self.server = sock, client, server
        self.reader = RequestReader(max_body_bytes)
        self.answer, self.sent = b"", 0
        self.handler: Callable[[Connection], None] | None = None
        self.since = self.deadline = self.last_deadline = 0.0
        self.began: float | None = None
        self.is_kept = self.has_ended = self.is_gone = self.has_continued = False
        self.counted = 0

    def fileno(self) -> int:
        """Let a selector watch the socket."""
        return self.sock.fileno()

    def receive(self) -> bytes | None:
        """Return what has come: None if nothing has, no bytes if the client has ended or gone."""
        try:
            data = self.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        self.has_ended = not data
        return data

    def send(self) -> bool:
        """Send what the system takes of the answer, and return whether it has taken any."""
        try:
            end = self.sent + SEND_BYTES
            taken = self.sock.send(memoryview(self.answer)[self.sent : end])
        except BlockingIOError:
            taken = 0
        except OSError:
            taken, self.is_gone = 0, True
        self.sent += taken
        return taken > 0

    def send_continue(self) -> None:
        """Tell a client that waits for it, once, to send the body."""
        head = self.reader.head
        if head is None or self.has_continued or self.reader.held or not head.awaits_continue:
            return
        self.has_continued = True
        with suppress(OSError):
            self.sock.send(CONTINUE)

    def next_request(self) -> None:
        """Be ready for the request that follows the one that has been answered."""
        self.reader.restart()
        self.began = None
        self.has_continued = False

    @property
    def is_answered(self) -> bool:
        """Whether all of the answer has been sent."""
        return self.sent == len(self.answer)

    @property
    def held(self) -> int:
        """Bytes in memory, received and to be sent."""
        return self.reader.held + len(self.answer)
