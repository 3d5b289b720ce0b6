"""A gunicorn worker whose threads only ever get whole requests, and never wait for a client.

One loop waits for all sockets at once. It takes in requests as their bytes come, hands those that
are whole to threads, and sends what the threads have answered as fast as each client reads it. A
connection has one request at a time: the next is not looked at before the answer to the last has
been sent. What cannot be taken is refused here, at once: what is no HTTP, too large, too late, or
too much at a time.

At every moment it is the client's turn (to send, to read, to close) or ours. Whose client has the
next move can be given up when connections or memory run short; `server.worker.waiting` says who.
"""

import os
import socket
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import Any

from server.config import Config
from server.problems import Problem
from server.worker import gunicorn_wsgi
from server.worker.accepting import Listeners
from server.worker.answering import answer, refusal
from server.worker.connection import Connection
from server.worker.framing import RequestReader
from server.worker.waiting import WaitingClients

TICK = 0.25
"""Longest time between two looks at deadlines, in seconds."""

SEND_SECONDS = 10.0
"""Longest time in which a client reads nothing of its answer."""

LINGER_SECONDS = 2.0
LINGER_LIMIT = 20.0
"""How long a client that has been answered for the last time may be silent, and go on sending."""

BUFFER_BUDGET = 24 * 1024 * 1024
"""Most bytes of requests and answers in memory."""

LARGE_BODY = 1024 * 1024
"""Bodies above this are answered one at a time: the application takes several times their size."""

TOO_MUCH_AT_ONCE = "too many large requests have come at once"

ALWAYS_ADMITTED = (
    *(b"/livez", b"/readyz", b"/metrics"),
    *(b"/v2/health/live", b"/v2/health/ready"),
)


class Lane:
    """Threads, how many requests they have or will have, and the bytes of their bodies."""

    def __init__(self, name: str, threads: int) -> None:
        self.pool = ThreadPoolExecutor(threads, name)
        self.requests = self.body_bytes = 0


class BufferingWorker(gunicorn_wsgi.Worker):  # type: ignore[misc]
    """The worker that `server.gunicorn_conf` names."""

    alive: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        gunicorn_wsgi.check(self)
        self.settings = Config.from_environment()
        self.capacity = self.settings.threads + self.settings.queue_limit
        self.budget = max(BUFFER_BUDGET, 2 * self.settings.max_body_bytes)
        self.connections: set[Connection] = set()
        self.waiting = WaitingClients()
        self.answered: deque[tuple[Connection, Lane]] = deque()
        self.held = 0
        self.next_check = 0.0

    # -- the loop ---------------------------------------------------------------------------

    def init_process(self) -> None:
        """Begin to work; gunicorn calls this in the new process."""
        self.poller = DefaultSelector()
        self.usual = Lane("usual", self.settings.threads)
        self.large = Lane("large", 1)
        # Whoever watches the service is not to wait behind the pictures of others.
        self.express = Lane("express", 1)
        super().init_process()

    def run(self) -> None:
        """Serve until told to stop, then end what has begun."""
        self.poller.register(self.PIPE[0], EVENT_READ, self.empty_pipe)
        self.listeners = Listeners(self.sockets, self.poller, self.log, self.give_up_longest)
        while self.alive and self.ppid == os.getppid():
            self.turn()
        self.alive = False
        self.stop()

    def turn(self) -> None:
        """Wait for something to happen, and do what follows from it."""
        self.notify()
        patience = min(TICK, self.listeners.seconds_to_wait())
        for key, _ in self.poller.select(patience):
            key.data()
        while self.answered:
            self.finish(*self.answered.popleft())
        # Dispatch first, evict after: a later event may belong to an evicted connection.
        for sock, client, server in self.listeners.accept(self.is_busy()):
            self.welcome(sock, client, server)
        if time.monotonic() >= self.next_check:
            self.next_check = time.monotonic() + TICK
            for conn in self.waiting.overdue():
                self.expire(conn)

    def stop(self) -> None:
        """Take in what the system has accepted, answer what comes soon, and close."""
        end = time.monotonic() + self.cfg.graceful_timeout
        for sock, client, server in self.listeners.close(self.settings.backlog):
            self.welcome(sock, client, server)
        for conn in self.waiting:
            if not conn.reader.has_begun:
                conn.deadline = min(conn.deadline, time.monotonic() + LINGER_SECONDS)
        while self.connections and time.monotonic() < end:
            self.turn()
        for conn in tuple(self.connections):
            self.close(conn)
        self.shut_down_threads()

    def handle_quit(self, sig: int, frame: Any) -> None:
        """End at once; gunicorn calls this on SIGQUIT and SIGINT."""
        self.shut_down_threads()
        super().handle_quit(sig, frame)

    def shut_down_threads(self) -> None:
        """Let the threads end what they have begun, and nothing more."""
        for lane in (self.usual, self.large, self.express):
            lane.pool.shutdown(wait=False, cancel_futures=True)

    def empty_pipe(self) -> None:
        """Take out what threads and signals have written to wake the loop."""
        with suppress(BlockingIOError):
            os.read(self.PIPE[0], 4096)

    def is_busy(self) -> bool:
        """Whether a request is being answered, or waits for that."""
        return any(lane.requests for lane in (self.usual, self.large, self.express))

    # -- in ---------------------------------------------------------------------------------

    def welcome(self, sock: socket.socket, client: Any, server: Any) -> None:
        """Begin with a new connection; if it is one too many, another has to go."""
        if len(self.connections) >= self.settings.connection_limit:
            self.give_up_longest()
        conn = Connection(sock, client, server, self.settings.max_body_bytes)
        self.connections.add(conn)
        self.wait_for(conn, self.receive, self.settings.receive_timeout)
        self.receive(conn)

    def receive(self, conn: Connection) -> None:
        """Take what has come of a request."""
        data = conn.receive()
        if data or (data is not None and conn.reader.has_begun):
            self.read(conn, data)
        elif data is not None:
            self.close(conn)

    def read(self, conn: Connection, data: bytes) -> None:
        """Read on in a request; hand it on when it is whole, and refuse it if it is none."""
        if conn.began is None:
            conn.began = time.perf_counter()
            self.waiting.add(conn, self.settings.receive_timeout)
        try:
            if conn.reader.feed(data):
                self.admit(conn)
            elif conn.has_ended:
                raise Problem("bad_request", "the connection ended before the request did")
            else:
                conn.send_continue()
        except Problem as problem:
            self.refuse(conn, problem)
        self.count(conn)
        self.free_memory()

    def admit(self, conn: Connection) -> None:
        """Let a thread answer a whole request, if not too many wait for that already."""
        lane = self.lane(conn.reader)
        waiting = self.usual.requests + self.large.requests
        if lane is not self.express and waiting >= self.capacity:
            raise self.busy("more requests are waiting than can be answered soon")
        size = conn.reader.body_bytes
        if lane is self.large and lane.body_bytes + size > self.budget // 2:
            raise self.busy(TOO_MUCH_AT_ONCE)  # the other half is left to smaller requests
        self.wait_no_longer(conn)
        lane.requests += 1
        lane.body_bytes += size
        self.nr += 1
        if self.nr >= self.max_requests and self.alive:
            self.log.info("Autorestarting worker after current request.")
            self.alive = False
        lane.pool.submit(self.work_out, conn, lane)

    def lane(self, reader: RequestReader) -> Lane:
        """Choose the threads that answer a request."""
        head = reader.head_so_far()
        if head.method == b"GET" and head.target.partition(b"?")[0] in ALWAYS_ADMITTED:
            return self.express
        return self.large if reader.body_bytes > LARGE_BODY else self.usual

    def busy(self, detail: str) -> Problem:
        """Ask a client to come back later."""
        return Problem("busy", detail, {"Retry-After": str(self.settings.retry_after)})

    # -- out --------------------------------------------------------------------------------

    def work_out(self, conn: Connection, lane: Lane) -> None:
        """Answer a request, in a thread, and send as much as goes at once."""
        try:
            conn.answer, conn.is_kept = answer(self, conn)
            conn.send()
        finally:
            self.answered.append((conn, lane))
            with suppress(BlockingIOError):  # full, so the loop wakes anyway
                os.write(self.PIPE[1], b".")

    def finish(self, conn: Connection, lane: Lane) -> None:
        """Take a connection back from a thread."""
        lane.requests -= 1
        lane.body_bytes -= conn.reader.body_bytes
        conn.next_request()
        self.send_on(conn)
        self.free_memory()

    def refuse(self, conn: Connection, problem: Problem) -> None:
        """Answer from here, without a thread, and close."""
        conn.answer, conn.is_kept = refusal(self, conn, problem), False
        conn.reader.clear()
        self.wait_no_longer(conn)
        conn.send()
        self.send_on(conn)

    def send_on(self, conn: Connection) -> None:
        """Go on with a connection of which a first part of the answer has been sent."""
        if conn.is_gone:
            self.close(conn)
        elif not conn.is_answered:
            self.wait_for(conn, self.send, SEND_SECONDS, EVENT_WRITE)
        elif not conn.is_kept:
            self.linger(conn)
        else:
            self.await_next(conn)

    def send(self, conn: Connection) -> None:
        """Send more of an answer; the client has read some."""
        if conn.send():
            conn.deadline = time.monotonic() + SEND_SECONDS
        if conn.is_gone or conn.is_answered:
            self.wait_no_longer(conn)
            self.send_on(conn)

    def await_next(self, conn: Connection) -> None:
        """Wait for the next request, which may have come with the last."""
        conn.answer, conn.sent = b"", 0
        self.wait_for(conn, self.receive, self.settings.keepalive)
        if conn.reader.has_begun:
            self.read(conn, b"")

    def linger(self, conn: Connection) -> None:
        """Say that nothing more comes, and read on until the client has closed, or for a while.

        Closing a socket that still receives would reset the connection, and the client might
        lose the answer.
        """
        conn.answer, conn.sent = b"", 0
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.close(conn)
            return
        self.wait_for(conn, self.discard, LINGER_SECONDS)
        self.waiting.give_up_first(conn)
        conn.last_deadline = conn.since + LINGER_LIMIT

    def discard(self, conn: Connection) -> None:
        """Throw away what a client still sends after it has been answered."""
        if conn.receive():
            conn.deadline = min(conn.last_deadline, time.monotonic() + LINGER_SECONDS)
        if conn.has_ended:
            self.close(conn)

    # -- whose turn it is -------------------------------------------------------------------

    def wait_for(
        self,
        conn: Connection,
        handler: Callable[[Connection], None],
        seconds: float,
        event: int = EVENT_READ,
    ) -> None:
        """Wait for a client; `handler` is called when it has moved."""
        if not self.alive and handler == self.receive:
            seconds = min(seconds, LINGER_SECONDS)
        conn.handler = handler
        self.waiting.add(conn, seconds)
        self.poller.register(conn.sock, event, partial(self.dispatch, conn))
        self.count(conn)

    def dispatch(self, conn: Connection) -> None:
        """Do what is to be done when a client has moved, unless it has been given up meanwhile."""
        if conn.handler is not None:
            conn.handler(conn)

    def wait_no_longer(self, conn: Connection) -> None:
        """No longer wait for a client."""
        if conn in self.waiting:
            self.waiting.remove(conn)
            self.poller.unregister(conn.sock)
            conn.handler = None
        self.count(conn)

    def count(self, conn: Connection) -> None:
        """Keep account of the bytes that all connections hold."""
        self.held += conn.held - conn.counted
        conn.counted = conn.held

    def close(self, conn: Connection) -> None:
        """Close a connection for good."""
        conn.answer = b""
        conn.reader.clear()
        self.wait_no_longer(conn)
        self.connections.discard(conn)
        conn.sock.close()

    def expire(self, conn: Connection) -> None:
        """End what has taken too long."""
        if conn.handler == self.receive and conn.reader.has_begun:
            limit = self.settings.receive_timeout
            detail = f"the request did not arrive within {limit} seconds"
            self.refuse(conn, Problem("request_timeout", detail))
        else:
            self.close(conn)

    def give_up_longest(self) -> bool:
        """Close the connection whose client has had the next move for longest, if there is one."""
        conn = self.waiting.longest()
        if conn is None:
            return False
        if conn.handler == self.receive and conn.reader.has_begun:
            problem = self.busy("there are more connections than can be held")
            conn.answer = refusal(self, conn, problem)
            conn.send()
        self.close(conn)
        return True

    def free_memory(self) -> None:
        """Give up whoever has used most memory, while all together hold too much."""
        while self.held > self.budget and (conn := self.waiting.costliest()):
            if conn.handler == self.receive:
                self.refuse(conn, self.busy(TOO_MUCH_AT_ONCE))
            else:
                self.close(conn)
