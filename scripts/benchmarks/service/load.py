"""A load generator: a few clients that each ask, wait for the answer and ask again.

    python -m scripts.benchmarks.service.load PORT SECONDS CLIENTS FOLDER

It posts the pictures of a folder to /predict on connections that are kept alive, and prints what
came back as JSON. One thread serves all sockets, so that the generator takes as little as possible
of the machine that it shares with the service.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import quantiles
from typing import Any

HOST = "127.0.0.1"
RECEIVE_BYTES = 65536


@dataclass
class Tally:
    """What came back: statuses with their counts, and the seconds that each answer took."""

    statuses: dict[int, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def note(self, status: int, seconds: float) -> None:
        """Count one answer."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.seconds.append(seconds)

    def report(self, spent: float) -> dict[str, Any]:
        """Return the figures of `spent` seconds."""
        cuts = quantiles(self.seconds, n=100)
        return {
            "requests_per_second": len(self.seconds) / spent,
            "p50": cuts[49],
            "p99": cuts[98],
            "statuses": self.statuses,
        }


class Client:
    """One connection that always has a request under way."""

    def __init__(self, port: int, requests: Iterator[bytes], tally: Tally) -> None:
        self.socket = socket.create_connection((HOST, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.requests, self.tally = requests, tally
        self.ask()

    def ask(self) -> None:
        """Send the next request."""
        self.answer = bytearray()
        self.began = time.perf_counter()
        self.socket.sendall(next(self.requests))

    def receive(self) -> None:
        """Take what has arrived; if that completes the answer, count it and ask again.

        Raises
        ------
        ConnectionError
            If the service closes the connection before its answer is complete.
        """
        arrived = self.socket.recv(RECEIVE_BYTES)
        if not arrived:
            raise ConnectionError("the service closed a connection during a request")
        self.answer += arrived
        if complete(self.answer):
            self.tally.note(status(self.answer), time.perf_counter() - self.began)
            self.ask()


def complete(answer: bytes | bytearray) -> bool:
    """Return whether an answer is complete, by its ``Content-Length``."""
    head, separator, body = bytes(answer).partition(b"\r\n\r\n")
    if not separator:
        return False
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return len(body) >= int(value)
    raise ValueError(f"an answer without Content-Length: {head[:200]!r}")


def status(answer: bytes | bytearray) -> int:
    """Return the status code of an answer."""
    return int(answer.split(b" ", 2)[1])


def request(picture: bytes) -> bytes:
    """Return a whole HTTP request that posts a picture to /predict."""
    head = (
        f"POST /predict HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: image/png\r\n"
        f"Content-Length: {len(picture)}\r\n\r\n"
    )
    return head.encode() + picture


def run(port: int, seconds: float, clients: int, pictures: list[bytes]) -> dict[str, Any]:
    """Ask for `seconds`; return rates, times and statuses."""
    tally, requests = Tally(), cycle([request(picture) for picture in pictures])
    with selectors.DefaultSelector() as selector:
        for _ in range(clients):
            client = Client(port, requests, tally)
            selector.register(client.socket, selectors.EVENT_READ, client)
        start = time.perf_counter()
        while (spent := time.perf_counter() - start) < seconds:
            for key, _ in selector.select(timeout=0.1):
                key.data.receive()
        for key in list(selector.get_map().values()):
            key.data.socket.close()
    return tally.report(spent)


def main() -> None:
    """Run as the command line says."""
    port, seconds, clients, folder = sys.argv[1:]
    pictures = [file.read_bytes() for file in sorted(Path(folder).glob("*.png"))]
    print(json.dumps(run(int(port), float(seconds), int(clients), pictures)))


if __name__ == "__main__":
    main()
