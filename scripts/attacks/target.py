"""The service under attack: its address, and what its workers hold."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from scripts.clients.gunicorn_process import HOST, ROOT, end, free_port, procfile_command, workers

PATIENCE = 60.0
GRACE = 20.0


@dataclass(frozen=True)
class Target:
    """Where a service listens.

    Attributes
    ----------
    host : str
    port : int
    master : int, optional
        Process id of the gunicorn whose workers answer there.
    """

    host: str
    port: int
    master: int | None = None

    @classmethod
    def of(cls, url: str, master: int | None = None) -> Target:
        """Take an address apart.

        Raises
        ------
        ValueError
            If it is not an address of this machine's loopback interface: these attacks are for a
            service of one's own.
        """
        parts = urlsplit(url if "//" in url else f"http://{url}")
        host = HOST if parts.hostname == "localhost" else parts.hostname or ""
        try:
            is_loopback = ip_address(host).is_loopback
        except ValueError:
            is_loopback = False
        if not is_loopback or parts.scheme != "http":
            raise ValueError(f"only services on loopback, by http://, are attacked; got {url}")
        return cls(host, parts.port or 80, master)

    def connect(self, timeout: float = PATIENCE, receive_buffer: int = 0) -> socket.socket:
        """Open a connection; with a receive buffer, one that takes no more than that by itself."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        connection = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        connection.settimeout(timeout)
        connection.connect((self.host, self.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def ask(self, path: str, body: bytes | None = None) -> int:
        """Send one request as an honest client does, and return the status of its answer."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
        try:
            headers = {} if body is None else {"Content-Type": "image/png"}
            connection.request("GET" if body is None else "POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        return answer.status

    def memory(self) -> float | None:
        """Return the MiB that the largest worker holds now; None where that cannot be seen."""
        if self.master is None:
            return None
        with contextlib.suppress(OSError):
            return max(map(_resident, workers(self.master)), default=None)
        return None


def _resident(pid: int) -> float:
    with contextlib.suppress(OSError):
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        if found:
            return int(found[1]) / 1024
    return 0.0


@contextlib.contextmanager
def running(log: Path) -> Iterator[Target]:
    """Start the service of this checkout as the Procfile does, and stop it at the end.

    Raises
    ------
    RuntimeError
        If it does not start; the message has the end of its log.
    """
    port = free_port()
    environment = os.environ | {"HOST": HOST, "PORT": str(port), "LOG_LEVEL": "warning"}
    environment["TRAINING_ROOM"] = "1"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *procfile_command()],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    try:
        target = Target(HOST, port, process.pid)
        _wait(process, target, log)
        yield target
    finally:
        end(process, GRACE)


def _wait(process: subprocess.Popen[bytes], target: Target, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(OSError):
            if target.ask("/readyz") == http.client.OK:
                return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the service does not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.05)
