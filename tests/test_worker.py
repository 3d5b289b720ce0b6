"""What the front door lets in; test_gunicorn.py has it at work."""

import pytest

from server.arrival import Arrival
from server.config import Config
from server.worker import HEAD_LIMIT, FrontDoorWorker

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


def test_one_request_of_the_largest_size_always_fits(worker, monkeypatch):
    monkeypatch.setenv("MAX_BODY_BYTES", str(200 * MEGABYTE))
    worker.__init__()
    conn = Conn(HEAD_LIMIT, 200 * MEGABYTE)
    worker.arriving = {conn: None}
    assert worker.budget > Config.from_environment().max_body_bytes
    assert worker.examine(conn) is None
