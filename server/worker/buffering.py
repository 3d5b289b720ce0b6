"""A gunicorn worker whose threads only ever get whole requests.

gunicorn's ``gthread`` hands a connection to a thread as soon as its first byte is there, and the
thread waits for the rest: as many slow clients as there are threads stop the service. Here the
main loop, which waits for all sockets at once, collects each request in memory and hands it on
when it is whole. It also says no at once, with 503 and ``Retry-After``, when too many requests
wait already; refuses bodies over the limit before they fill the memory; ends requests that do not
arrive in time; and on SIGTERM takes in what the system has accepted before it stops.
"""

import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn import http
from gunicorn.http import errors as parse_errors
from gunicorn.workers.gthread import TConn, ThreadWorker

from server import problems
from server.config import Config
from server.middleware import access_log, metrics
from server.problems import Problem, too_large
from server.worker.framing import HEAD_LIMIT, Arrival
from server.worker.raw_response import reply

RECEIVE_BYTES = 256 * 1024
SEND_BUFFER = 256 * 1024
SEND_TIMEOUT = struct.pack("ll", 10, 0)  # struct timeval: seconds, microseconds
LINGER_SECONDS = 2.0
LINGER_LIMIT = 20.0
COURTESY_SECONDS = 0.001
BUFFER_BUDGET = 64 * 1024 * 1024
ALWAYS_ADMITTED = (b"GET /livez ", b"GET /readyz ", b"GET /v2/health/", b"GET /metrics ")

STATUSES = {
    parse_errors.ForbiddenProxyRequest: 400,
    parse_errors.ExpectationFailed: 417,
    parse_errors.LimitRequestLine: 414,
    parse_errors.LimitRequestHeaders: 431,
    parse_errors.UnsupportedTransferCoding: 501,
}


class Connection(TConn):  # type: ignore[misc]
    """A client's connection, with what has arrived on it.

    Attributes
    ----------
    arrival : Arrival
    deadline : float
        When the request must be whole, on the monotonic clock.
    continued : bool
        Whether the client has been told to send its body.
    """

    def __init__(self, worker: "FrontDoorWorker", sock: socket.socket, client: Any, server: Any):
        super().__init__(worker.cfg, sock, client, server)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, SEND_TIMEOUT)
        self.worker = worker
        self.arrival = Arrival()
        self.parser = http.get_parser(worker.cfg, self.arrival, client)
        self.initialized = True
        self.deadline = 0.0
        self.continued = False

    def expect_request(self, seconds: float) -> None:
        """Begin to wait for a request, of which the last one may have left the beginning."""
        read_ahead = self.parser.unreader.take_buffered()
        self.arrival.data[:0] = read_ahead
        self.arrival.restart()
        self.deadline = time.monotonic() + seconds
        self.continued = False
        self.sock.setblocking(False)

    def close(self, graceful: bool = False) -> None:
        """Close at once, or let the client read the answer first, without waiting for that."""
        if graceful:
            self.worker.linger(self)
        else:
            super().close()


class FrontDoorWorker(ThreadWorker):  # type: ignore[misc]
    """`ThreadWorker`, with the main loop as a front door."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.settings = Config.from_environment()
        self.arriving: dict[Connection, None] = {}
        self.lingering: dict[Connection, float] = {}
        self.admitted: dict[Connection, None] = {}
        self.capacity = self.settings.threads + self.settings.queue_limit
        self.budget = max(BUFFER_BUDGET, 2 * self.settings.max_body_bytes)

    def init_process(self) -> None:
        """Begin to work, with one more thread for those who ask how the service is."""
        self.express = ThreadPoolExecutor(1, "express")
        super().init_process()

    # -- in ---------------------------------------------------------------------------------

    def accept(self, listener: Any) -> bool:
        """Take a new connection from the system, if there is one.

        The system tells all workers of it, and whichever comes first gets it, and all that is asked
        on it later. A busy worker lets the others go first, or else it could soon have everyone.
        """
        if self.admitted:
            time.sleep(COURTESY_SECONDS)
        try:
            sock, client = listener.accept()
        except OSError:
            return False
        self.nr_conns += 1
        self.enqueue_req(Connection(self, sock, client, listener.getsockname()))
        return True

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Answer a round of events, and only then close anything that another of them may be of."""
        super().wait_for_and_dispatch_events(timeout)
        while self.nr_conns >= self.worker_connections - 1 and self.make_room():
            pass

    def make_room(self) -> bool:
        """Give up whoever has been silent longest, or else arriving longest, if there is one.

        Otherwise whoever opens enough connections keeps everyone else out.
        """
        silent = next((conn for conn in self.arriving if not conn.arrival.data), None)
        if silent is None and self.keepalived_conns:
            self.keepalived_conns[0].timeout = 0.0
            self.murder_keepalived()
            return True
        oldest = silent or next(iter(self.arriving), None)
        if oldest is not None:
            self.drop(oldest)
        return oldest is not None

    def enqueue_req(self, conn: Connection) -> None:
        """Wait for a request; gunicorn calls this for new connections and for kept ones."""
        conn.expect_request(self.settings.receive_timeout)
        self.arriving[conn] = None
        self.poller.register(conn.sock, EVENT_READ, partial(self.receive, conn))
        self.receive(conn)

    def receive(self, conn: Connection, _sock: object = None) -> None:
        """Take what has come, and see whether the request is whole."""
        try:
            data = conn.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            data = None
        except OSError:
            data = b""
        if data == b"":
            self.drop(conn)
            return
        conn.arrival.data += data or b""
        if conn.arrival.data and (problem := self.examine(conn)):
            self.refuse(conn, problem)

    def examine(self, conn: Connection) -> Problem | None:
        """Hand a whole request on, or say why it is not taken; None too if more is to come."""
        arrival = conn.arrival
        whole = arrival.is_whole()
        if arrival.body_bytes > self.settings.max_body_bytes:
            return too_large(self.settings.max_body_bytes)
        if len(arrival.data) > HEAD_LIMIT and self.buffered() > self.budget:
            return self.busy("too many large requests have come at once")
        if whole:
            return self.admit(conn)
        if not arrival.body and len(arrival.data) > HEAD_LIMIT:
            return Problem("headers_too_large", f"the header has more than {HEAD_LIMIT} bytes")
        if arrival.awaits_continue and not conn.continued:
            conn.continued = True
            send(conn, b"HTTP/1.1 100 Continue\r\n\r\n")
        return None

    def buffered(self) -> int:
        """Bytes held of all requests that are arriving, or wait for a thread."""
        return sum(len(conn.arrival.data) for conn in (*self.arriving, *self.admitted))

    def admit(self, conn: Connection) -> Problem | None:
        """Let a thread answer a whole request, if not too many wait for that already."""
        is_urgent = conn.arrival.data.startswith(ALWAYS_ADMITTED)
        if len(self.admitted) >= self.capacity and not is_urgent:
            return self.busy("more requests are waiting than can be answered soon")
        self.admitted[conn] = None
        self.leave(conn)
        # Whoever watches the service is not to wait behind the pictures of others.
        pool = self.express if is_urgent else self.tpool
        pool.submit(self.handle, conn).add_done_callback(
            lambda done: self.method_queue.defer(self.finish_request, conn, done)
        )
        return None

    def busy(self, detail: str) -> Problem:
        """Ask a client to come back later."""
        return Problem("busy", detail, {"Retry-After": str(self.settings.retry_after)})

    # -- out --------------------------------------------------------------------------------

    def finish_request(self, conn: Connection, fs: Any) -> None:
        """Keep or close a connection that has been answered."""
        self.admitted.pop(conn, None)
        if conn.arrival.data:  # the next request has come with the last
            unreader = conn.parser.unreader  # which has read its beginning, and puts it behind
            unreader.unread(unreader.take_buffered() + conn.arrival.recv(len(conn.arrival.data)))
        super().finish_request(conn, fs)

    def refuse(self, conn: Connection, problem: Problem) -> None:
        """Answer from here, without a thread, and close."""
        send(conn, self.reply(conn, problem))
        self.leave(conn)
        self.nr_conns -= 1
        self.linger(conn)

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Let the application answer; gunicorn lets a request pass that names no host."""
        if req.version == (1, 1) and not any(name == "HOST" for name, _ in req.headers):
            raise parse_errors.InvalidHeader("HOST")  # RFC 9112, section 3.2
        req._expected_100_continue = False  # the body is here already, and asked for by us
        return super().handle_request(req, conn)

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:
        """Read the rest of a body; what is wrong with it gets no second answer."""
        try:
            return bool(super()._keepalive_after(conn, keepalive))
        except Exception:
            return False

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer what gunicorn's parser refuses with a problem, as everything else."""
        if not isinstance(exc, parse_errors.ParseException):
            self.log.exception("fault outside of the application")
            problem = Problem("internal_error", "the service failed; the fault has been logged")
        else:
            status = next((STATUSES[kind] for kind in STATUSES if isinstance(exc, kind)), 400)
            code = problems.CODES[status]
            problem = Problem(code, problems.DETAILS.get(code, str(exc)[:200]))
        conn = next(conn for conn in tuple(self.admitted) if conn.sock is client)
        client.sendall(self.reply(conn, problem))

    def reply(self, conn: Connection, problem: Problem) -> bytes:
        """Write an answer that the application does not get to see, and log and count it."""
        method, path = conn.arrival.target
        proposed, origin = (
            value.decode("latin-1") if (value := conn.arrival.fields.get(name)) else None
            for name in (b"x-request-id", b"origin")
        )
        identity = access_log.request_id(proposed)
        path = path.partition("?")[0]
        access_log.write(method, path, problem.status, time.perf_counter(), identity)
        counts = self.wsgi.extensions["services"].metrics
        counts.answered(method, "none", problem.status, 0.0)
        if path in metrics.WITH_PICTURES:
            counts.refused(problem.code)
        origins = self.settings.allowed_origins
        return reply(problem, identity, method != "HEAD", origin, origins)

    def linger(self, conn: Connection) -> None:
        """Say that nothing more comes, and read on until the client has closed, or for a while.

        Closing a socket that still receives would reset the connection, and the client might
        lose the answer.
        """
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            conn.close()
            return
        self.nr_conns += 1
        conn.deadline = time.monotonic() + LINGER_LIMIT
        self.lingering[conn] = time.monotonic() + LINGER_SECONDS
        self.poller.register(conn.sock, EVENT_READ, partial(self.discard, conn))

    def discard(self, conn: Connection, _sock: object = None) -> None:
        """Throw away what a client still sends after it has been answered."""
        try:
            ended = not conn.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            ended = False
        except OSError:
            ended = True
        if ended:
            self.drop(conn)
        else:
            self.lingering[conn] = min(conn.deadline, time.monotonic() + LINGER_SECONDS)

    def leave(self, conn: Connection) -> None:
        """No longer watch a connection."""
        self.poller.unregister(conn.sock)
        self.arriving.pop(conn, None)
        self.lingering.pop(conn, None)

    def drop(self, conn: Connection) -> None:
        """Close a connection for good."""
        self.leave(conn)
        self.nr_conns -= 1
        conn.close()

    # -- time -------------------------------------------------------------------------------

    def murder_pending(self) -> None:
        """End what has taken too long; gunicorn calls this at least once a second."""
        now = time.monotonic()
        for conn in [conn for conn, deadline in self.lingering.items() if deadline < now]:
            self.drop(conn)
        for conn in [conn for conn in self.arriving if self.is_late(conn, now)]:
            if conn.arrival.data:
                limit = self.settings.receive_timeout
                detail = f"the request did not arrive within {limit} seconds"
                self.refuse(conn, Problem("request_timeout", detail))
            else:
                self.drop(conn)

    def is_late(self, conn: Connection, now: float) -> bool:
        """Whether a request is overdue; one not begun does not hold up a stopping worker."""
        if not self.alive and not conn.arrival.data:
            return conn.deadline - self.settings.receive_timeout + LINGER_SECONDS < now
        return conn.deadline < now

    def set_accept_enabled(self, enabled: bool) -> None:
        """Begin or cease to accept; a worker that stops first takes what is waiting."""
        super().set_accept_enabled(enabled)
        if enabled or self.alive:
            return
        for listener in self.sockets:
            while self.accept(listener):
                pass
            listener.close()


def send(conn: Connection, data: bytes) -> None:
    """Send what fits into the socket's buffer; a client that does not read gets no more."""
    with suppress(OSError):
        conn.sock.send(data)
