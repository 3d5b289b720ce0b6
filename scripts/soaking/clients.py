"""Clients that ask without pause: what came back, how soon, and what was lost.

One thread serves all sockets, so that many clients take little of the machine that they share with
the service.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle

from scripts.clients.gunicorn_process import HOST

PATIENCE = 30.0
PAUSE_AFTER_503 = 0.05
"""Seconds that a client waits which was told to come back later. (It was told 1.)"""


def request(body: bytes, path: str = "/predict") -> bytes:
    """Return a whole request."""
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@dataclass
class Tally:
    """What came back.

    Attributes
    ----------
    statuses : Counter of int
    seconds : dict of int to list of float
        How long the answers of each status took.
    lost : int
        Requests whose connection ended without a whole answer.
    refused : int
        Connections that could not be made.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: dict[int, list[float]] = field(default_factory=dict)
    lost: int = 0
    refused: int = 0

    def note(self, status: int, seconds: float) -> None:
        """Count an answer."""
        self.statuses[status] += 1
        self.seconds.setdefault(status, []).append(seconds)

    @property
    def requests(self) -> int:
        """All requests that were sent."""
        return sum(self.statuses.values()) + self.lost

    def slowest(self, *statuses: int) -> float:
        """Return the longest time that an answer of these statuses took; 0 without any."""
        return max((s for status in statuses for s in self.seconds.get(status, ())), default=0.0)

    def percentile(self, share: float, status: int) -> float:
        """Return the time in which this share of the answers came."""
        times = sorted(self.seconds.get(status, ()))
        return times[min(len(times) - 1, int(share * len(times)))] if times else 0.0


class Client:
    """One connection with at most one request under way."""

    def __init__(self, port: int, requests: Iterator[bytes], tally: Tally) -> None:
        self.port, self.requests, self.tally = port, requests, tally
        self.socket: socket.socket | None = None
        self.next_time = 0.0

    def ask(self) -> bool:
        """Send the next request; return whether there is something to wait for."""
        self.answer = bytearray()
        try:
            if self.socket is None:
                self.socket = socket.create_connection((HOST, self.port), PATIENCE)
            self.began = time.perf_counter()
            self.socket.sendall(next(self.requests))
        except ConnectionRefusedError:
            self.tally.refused += 1
            self.next_time = time.perf_counter() + PAUSE_AFTER_503
            return False
        except OSError:
            self.lose()
            return False
        return True

    def receive(self) -> bool:
        """Take what has come; return whether the answer is complete, or will never be."""
        assert self.socket is not None, "it has asked"
        try:
            arrived = self.socket.recv(65536)
        except OSError:
            arrived = b""
        if not arrived:
            self.lose()
            return True
        self.answer += arrived
        head, found, body = bytes(self.answer).partition(b"\r\n\r\n")
        if not found or len(body) < length_of(head):
            return False
        status = int(head.split(b" ", 2)[1])
        self.tally.note(status, time.perf_counter() - self.began)
        if status == 503:
            self.next_time = time.perf_counter() + PAUSE_AFTER_503
        if b"connection: close" in head.lower():
            self.close()
        return True

    def lose(self) -> None:
        """Count a request without an answer."""
        self.tally.lost += 1
        self.close()

    def close(self) -> None:
        """End the connection; the next request has a new one."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def length_of(head: bytes) -> int:
    """Return the length of the body that follows a head."""
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def ask_until(
    is_over: Callable[[], bool],
    port: int,
    requests: list[bytes],
    clients: int,
    rate: float | None = None,
) -> Tally:
    """Let clients ask until it is over; with a `rate`, so many requests a second together."""
    tally, endless = Tally(), cycle(requests)
    waiting = {Client(port, endless, tally) for _ in range(clients)}
    asked, began = 0, time.perf_counter()
    with selectors.DefaultSelector() as selector:
        while True:
            over, now = is_over(), time.perf_counter()
            due = len(waiting) if rate is None else int((now - began) * rate) - asked
            for client in sorted(waiting, key=lambda client: client.next_time)[: max(0, due)]:
                if over or client.next_time > now:
                    break
                asked += 1
                if client.ask() and client.socket is not None:
                    waiting.discard(client)
                    selector.register(client.socket, selectors.EVENT_READ, client)
            if over and not selector.get_map():
                break
            for key, _ in selector.select(0.005):
                client = key.data
                if client.receive():
                    selector.unregister(key.fileobj)
                    waiting.add(client)
    for client in waiting:
        client.close()
    return tally


@contextmanager
def load(port: int, requests: list[bytes], clients: int) -> Iterator[Callable[[], Tally]]:
    """Load the service while the block runs; what is yielded ends it, and returns the tally."""
    over, found = threading.Event(), []
    thread = threading.Thread(
        target=lambda: found.append(ask_until(over.is_set, port, requests, clients))
    )
    thread.start()

    def stop() -> Tally:
        over.set()
        thread.join()
        return found[0]

    try:
        yield stop
    finally:
        over.set()
        thread.join()
