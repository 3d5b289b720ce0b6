"""Many connections at the same time, moved by one thread."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector, SelectorKey

from scripts.attacks.target import Target
from scripts.attacks.wire import Outcome


class Member:
    """A connection with bytes that it still has to send, and those that it has received.

    Parameters
    ----------
    connection : socket.socket
    data : bytes
    reads : int
        Bytes that it reads at a time; 0 never.
    """

    def __init__(self, connection: socket.socket, data: bytes, reads: int = 65536) -> None:
        self.connection, self.reads = connection, reads
        self.left = memoryview(data)
        self.received = bytearray()
        self.is_open = True
        connection.setblocking(False)

    def move(self, key: SelectorKey, events: int) -> bool:
        """Do what the system allows, and return whether there is more to wait for."""
        try:
            if events & EVENT_WRITE:
                self.left = self.left[self.connection.send(self.left[:262144]) :]
            if events & EVENT_READ:
                data = self.connection.recv(self.reads)
                self.received += data
                self.is_open = bool(data)
        except BlockingIOError:
            return True
        except OSError:
            self.is_open = False
        return self.is_open

    @property
    def waits_for(self) -> int:
        """What it would do next."""
        return (EVENT_WRITE if self.left else 0) | (EVENT_READ if self.reads else 0)


class Crowd:
    """Connections to a service, as many as the attack and this system's limits allow."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.members: list[Member] = []
        self.selector = DefaultSelector()

    def join(self, data: bytes, reads: int = 65536, receive_buffer: int = 0) -> Member | None:
        """Open one more connection that sends `data`; None if it cannot be opened."""
        with contextlib.suppress(OSError):
            member = Member(self.target.connect(2.0, receive_buffer), data, reads)
            self.members.append(member)
            if member.waits_for:
                self.selector.register(member.connection, member.waits_for, member)
            return member
        return None

    def go_on(self, seconds: float, pause: float = 0.0) -> None:
        """Send and receive for so long, or until no connection has anything to do."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self.selector.get_map():
            for key, events in self.selector.select(min(left, 0.1)):
                self._move(key, events)
            time.sleep(min(pause, max(0.0, left)))

    def _move(self, key: SelectorKey, events: int) -> None:
        member: Member = key.data
        if not member.move(key, events) or not member.waits_for:
            self.selector.unregister(member.connection)
        elif member.waits_for != key.events:
            self.selector.modify(member.connection, member.waits_for, member)

    def listen(self) -> None:
        """Let everyone read from now on."""
        for member in self.members:
            member.reads = 65536
            with contextlib.suppress(KeyError):
                self.selector.unregister(member.connection)
            if member.is_open:
                self.selector.register(member.connection, member.waits_for, member)

    def count(self, outcome: Outcome, requests: int | None = None) -> None:
        """Note what every connection has received; those that received nothing are not counted."""
        for member in self.members:
            if member.received:
                outcome.note(bytes(member.received), requests)

    def leave(self) -> None:
        """Close all connections."""
        for member in self.members:
            with contextlib.suppress(KeyError):
                self.selector.unregister(member.connection)
            member.connection.close()
        self.members = []


@contextlib.contextmanager
def crowd(target: Target) -> Iterator[Crowd]:
    """Yield a crowd that leaves at the end."""
    gathered = Crowd(target)
    try:
        yield gathered
    finally:
        gathered.leave()
        gathered.selector.close()


Attack = Callable[[Target, float], Outcome]
"""Attacks a service for about so many seconds, and returns what came of it."""
