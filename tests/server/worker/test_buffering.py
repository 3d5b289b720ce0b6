"""What the front door lets in; test_gunicorn.py has it at work."""

from concurrent.futures import Future

import pytest

from server.config import Config
from server.worker.buffering import HEAD_LIMIT, FrontDoorWorker
from server.worker.framing import Arrival

MEGABYTE = 1024 * 1024


class Conn:
    """A connection on which so many bytes of a body have come."""

    continued = False

    def __init__(self, size, length=8 * MEGABYTE):
        head = b"POST /predict HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % length
        self.arrival = Arrival(bytearray(head + b"x" * size))


@pytest.fixture
def worker(monkeypatch):
    made = object.__new__(FrontDoorWorker)
    monkeypatch.setattr("gunicorn.workers.gthread.ThreadWorker.__init__", lambda *_, **__: None)
    made.__init__()
    return made


def test_requests_that_wait_are_held_to_the_same_memory_as_those_that_arrive(worker):
    arrived, arriving = Conn(8 * MEGABYTE), Conn(4 * MEGABYTE)
    worker.admitted = dict.fromkeys(Conn(8 * MEGABYTE) for _ in range(6))
    worker.arriving = {arrived: None}
    worker.admit = lambda conn: conn  # in place of a thread
    assert worker.examine(arriving) is None
    assert worker.examine(arrived) is arrived
    worker.admitted |= dict.fromkeys(Conn(8 * MEGABYTE) for _ in range(2))
    for conn in (arrived, arriving):
        assert worker.examine(conn).code == "busy"
    small = Conn(100, 100)
    assert worker.examine(small) is small


class Pool:
    """Takes what is submitted, in place of threads."""

    def __init__(self):
        self.taken = []

    def submit(self, handle, conn):
        self.taken.append(conn)
        return Future()


def test_whoever_watches_the_service_does_not_wait_behind_pictures(worker):
    worker.tpool, worker.express = Pool(), Pool()
    worker.leave = lambda conn: None
    pictures = [Conn(100, 100) for _ in range(worker.capacity + 1)]
    assert [worker.examine(conn) for conn in pictures[:-1]] == [None] * worker.capacity
    assert worker.examine(pictures[-1]).code == "busy"
    assert worker.tpool.taken == pictures[:-1]
    for path in ("/livez", "/readyz", "/metrics", "/v2/health/live", "/v2/health/ready"):
        watcher = Conn(0, 0)
        watcher.arrival = Arrival(bytearray(f"GET {path} HTTP/1.1\r\n\r\n".encode()))
        assert worker.examine(watcher) is None
        assert worker.express.taken[-1] is watcher
    assert len(worker.tpool.taken) == worker.capacity


def test_one_request_of_the_largest_size_always_fits(worker, monkeypatch):
    monkeypatch.setenv("MAX_BODY_BYTES", str(200 * MEGABYTE))
    worker.__init__()
    conn = Conn(HEAD_LIMIT, 200 * MEGABYTE)
    worker.arriving = {conn: None}
    assert worker.budget > Config.from_environment().max_body_bytes
    assert worker.examine(conn) is None
