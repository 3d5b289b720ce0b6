"""Connections whose client has the next move, and who of them is given up when room is short.

Whoever is given up must not be chosen by what an attacker can do cheaply: being the newest, being
many, or being silent a little longer than others. So connections are given up by how long they have
waited, and memory is taken back from whoever has used most of it, in bytes times seconds.
"""

import time
from collections import OrderedDict
from collections.abc import Iterator

from server.worker.connection import Connection


class WaitingClients:
    """Connections that wait for their client, the longest wait first."""

    def __init__(self) -> None:
        self.connections: OrderedDict[Connection, None] = OrderedDict()

    def __contains__(self, conn: Connection) -> bool:
        return conn in self.connections

    def __iter__(self) -> Iterator[Connection]:
        return iter(self.connections)

    def add(self, conn: Connection, seconds: float) -> None:
        """Begin to wait, for at most so long."""
        conn.since = time.monotonic()
        conn.deadline = conn.since + seconds
        self.connections[conn] = None
        self.connections.move_to_end(conn)

    def give_up_first(self, conn: Connection) -> None:
        """Count a connection as the one that has waited longest."""
        self.connections.move_to_end(conn, last=False)

    def remove(self, conn: Connection) -> None:
        """Wait no longer."""
        self.connections.pop(conn, None)

    def longest(self) -> Connection | None:
        """Return the connection that has waited longest, if there is one."""
        return next(iter(self.connections), None)

    def costliest(self) -> Connection | None:
        """Return the connection that has used most memory, in bytes times seconds, if any has."""
        now = time.monotonic()
        holding = (conn for conn in self.connections if conn.held)
        return max(holding, key=lambda conn: conn.held * (now - conn.since), default=None)

    def overdue(self) -> list[Connection]:
        """Return the connections whose time is over."""
        now = time.monotonic()
        return [conn for conn in self.connections if conn.deadline < now]
