"""Bytes over a connection as they are, and the answers that come back."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from scripts.attacks.target import Target

HOST = b"Host: localhost\r\n"
MARK = b"nobody-asked-this"
LIVE = b"GET /livez HTTP/1.1\r\n" + HOST
HIDDEN = LIVE + b"X-Request-Id: " + MARK + b"\r\n\r\n"
"""A request that stands where no request is: whoever answers it has read bytes in two ways."""

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class Outcome:
    """What came of an attack.

    Attributes
    ----------
    statuses : Counter
        How many answers of each status came; 0 counts connections closed without an answer.
    faults : list of str
        What may never be.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def note(self, received: bytes, requests: int | None = None) -> None:
        """Count the answers in what one connection has received.

        `requests` is how many there may be at most, if that is certain.
        """
        found = answers(received)
        self.statuses.update(found or [0])
        if 200 in found and MARK in received:
            self.faults.append("answered a request that nobody sent")
        if requests is not None and len([status for status in found if status != 100]) > requests:
            self.faults.append(f"{len(found)} answers to {requests} requests")
        if 500 in found:
            self.faults.append("answered 500")

    def require(self, condition: bool, fault: str) -> None:
        """Note a fault unless a condition holds."""
        if not condition:
            self.faults.append(fault)

    def __str__(self) -> str:
        words = [
            f"{status or 'closed'} ×{count}" for status, count in sorted(self.statuses.items())
        ]
        return ", ".join(words) or "nothing"


def answers(received: bytes) -> list[int]:
    """Return the statuses of the answers in a row, the last of which may be cut off."""
    statuses, at = [], 0
    while match := _STATUS.match(received, at):
        statuses.append(int(match[1]))
        end = received.find(b"\r\n\r\n", at)
        if end < 0:
            break
        length = _LENGTH.search(received[at : end + 2])
        at = end + 4 + (int(length[1]) if length and statuses[-1] not in (100, 204, 304) else 0)
    return statuses


def send(connection: socket.socket, data: bytes) -> bool:
    """Send bytes, and return whether the other side has taken them all."""
    with contextlib.suppress(OSError):
        connection.sendall(data)
        return True
    return False


def receive(connection: socket.socket, seconds: float) -> bytes:
    """Read until the service closes the connection, or for so long."""
    received, end = [], time.monotonic() + seconds
    with contextlib.suppress(OSError):
        while (left := end - time.monotonic()) > 0:
            connection.settimeout(left)
            data = connection.recv(65536)
            if not data:
                break
            received.append(data)
    return b"".join(received)


def exchange(target: Target, parts: Sequence[bytes], seconds: float, pause: float = 0.0) -> bytes:
    """Send parts on a connection of their own, end it, and return all that comes back."""
    with target.connect() as connection:
        for part in parts:
            send(connection, part)
            if part is not parts[-1]:
                time.sleep(pause)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        return receive(connection, seconds)


def posted(
    body: bytes, path: bytes = b"/predict", kind: bytes = b"image/png", more: bytes = b""
) -> bytes:
    """Return a whole request with a body, the last of its connection."""
    fields = b"Content-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n" % (kind, len(body))
    return b"POST %s HTTP/1.1\r\n" % path + HOST + fields + more + b"\r\n" + body
