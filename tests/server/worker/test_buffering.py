"""The worker's loop, turned by hand; test_gunicorn.py and test_attacks.py have it at work."""

import os
import socket
import threading
from types import SimpleNamespace

import pytest
from gunicorn import config
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

from server import create_app
from server.worker import gunicorn_wsgi
from server.worker.accepting import Listeners
from server.worker.buffering import LARGE_BODY, BufferingWorker
from tests.support.live import eventually

MIB = 1024 * 1024
LIVE = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = b"x" * (LARGE_BODY + 1)


def posted(body):
    return b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body


class Application:
    """Answers when it is told to, and knows how many wait for that."""

    def __init__(self):
        self.extensions = create_app().extensions
        self.waiting, self.go = 0, threading.Event()
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] != "/livez":
            with self.lock:
                self.waiting += 1
            self.go.wait(60)
        start_response("200 OK", [("Content-Length", "0")])
        return []


@pytest.fixture
def made(monkeypatch):
    """Make a worker for settings; it listens nowhere."""
    workers = []
    monkeypatch.setattr(Worker, "init_process", lambda worker: None)

    def make(**settings):
        for name, value in settings.items():
            monkeypatch.setenv(name, str(value))
        settings = config.Config()
        worker = BufferingWorker(1, os.getppid(), [], None, 30, settings, Logger(settings))
        worker.PIPE = os.pipe()
        os.set_blocking(worker.PIPE[0], False)
        worker.init_process()
        worker.poller.register(worker.PIPE[0], 1, worker.empty_pipe)
        worker.listeners = Listeners([], worker.poller, worker.log, worker.give_up_longest)
        worker.wsgi = Application()
        workers.append(worker)
        return worker

    yield make
    for worker in workers:
        worker.wsgi.go.set()
        for conn in tuple(worker.connections):
            worker.close(conn)
        for lane in (worker.usual, worker.large, worker.express):
            lane.pool.shutdown()
        worker.poller.close()
        worker.tmp.close()
        for end in worker.PIPE:
            os.close(end)


@pytest.fixture
def connect():
    """Give a worker a connection on which `data` comes, in one turn or many."""
    clients = []

    def give(worker, data=b""):
        client, served = socket.socketpair()
        clients.append(client)
        client.setblocking(False)
        worker.welcome(served, ("127.0.0.1", 1), ("127.0.0.1", 2))
        while data:
            try:
                data = data[client.send(data) :]
            except BlockingIOError:
                worker.turn()
            except BrokenPipeError:
                break
        worker.turn()
        return client

    yield give
    for client in clients:
        client.close()


def read(worker, client):
    """Turn the loop until the client has got something."""

    def received():
        worker.turn()
        try:
            return client.recv(65536)
        except BlockingIOError:
            return b""

    return eventually(received)


def test_whoever_watches_the_service_does_not_wait_behind_pictures(made, connect):
    worker = made(THREADS=2, QUEUE_LIMIT=3)
    pictures = [connect(worker, posted(b"abc")) for _ in range(5)]
    late = connect(worker, posted(b"abc"))
    assert b" 503 " in read(worker, late)
    for _ in range(worker.capacity + 1):
        assert b" 200 " in read(worker, connect(worker, LIVE))
    worker.wsgi.go.set()
    assert all(b" 200 " in read(worker, client) for client in pictures)


def test_large_bodies_are_answered_one_at_a_time_and_others_beside_them(made, connect):
    worker = made(THREADS=2, QUEUE_LIMIT=10)
    clients = [connect(worker, posted(LARGE)) for _ in range(4)]
    eventually(lambda: worker.wsgi.waiting == 1)
    clients += [connect(worker, posted(b"abc")) for _ in range(2)]
    eventually(lambda: worker.wsgi.waiting == 3)
    worker.wsgi.go.set()
    assert all(b" 200 " in read(worker, client) for client in clients)


def test_large_bodies_that_wait_leave_memory_for_others(made, connect):
    worker = made(MAX_BODY_BYTES=8 * MIB)
    worker.budget = 5 * LARGE_BODY
    large = [connect(worker, posted(LARGE)) for _ in range(3)]
    assert b" 503 " in read(worker, large[2])
    small = connect(worker, posted(b"x" * 70_000))
    worker.wsgi.go.set()
    assert all(b" 200 " in read(worker, client) for client in (*large[:2], small))
    eventually(lambda: worker.turn() or not worker.is_busy())
    assert worker.large.body_bytes == 0


def test_memory_is_taken_back_from_who_has_used_most_of_it(made, connect):
    worker = made(MAX_BODY_BYTES=8 * MIB)
    worker.budget = 4 * MIB
    head = posted(b"x" * 8 * MIB)[:70]
    first = connect(worker, head + b"x" * (2 * MIB))
    second = connect(worker, head + b"x" * (2 * MIB - 1000))
    assert worker.held < worker.budget
    small = connect(worker, posted(b"x" * 5000))
    assert b" 503 " in read(worker, first)
    worker.wsgi.go.set()
    assert b" 200 " in read(worker, small)
    with pytest.raises(BlockingIOError):
        second.recv(1)


def test_bytes_are_counted_until_they_are_gone(made, connect):
    worker = made()
    worker.wsgi.go.set()
    clients = [connect(worker, posted(b"abc")), connect(worker, b"nonsense\r\n\r\n")]
    clients.append(connect(worker, b"POST / HTTP/1.1\r\nHost"))
    assert worker.held > 0
    for client in clients[:2]:
        read(worker, client)
    for client in clients:
        client.close()
    eventually(lambda: worker.turn() or not worker.connections)
    assert worker.held == 0


def test_a_request_of_the_largest_size_always_fits(made):
    assert made(MAX_BODY_BYTES=200 * MIB).budget > 200 * MIB


def test_an_event_of_a_connection_that_was_given_up_in_the_same_round_is_passed_over(made, connect):
    worker = made()
    clients = [connect(worker, b"GET"), connect(worker, b"GET")]
    first, second = worker.waiting

    def ends(other):
        receive = other.handler
        return lambda conn: (receive(conn), worker.close(other))

    # Which of the two events comes first is up to the system.
    first.handler, second.handler = ends(second), ends(first)
    for client in clients:
        client.send(LIVE[3:])
    worker.turn()
    assert len(worker.connections & {first, second}) == 1


def test_who_has_waited_longest_is_given_up_and_who_has_been_answered_before_them(made, connect):
    worker = made()
    worker.wsgi.go.set()
    half_sent, silent = connect(worker, b"GET"), connect(worker)
    refused = connect(worker, b"nonsense\r\n\r\n")
    read(worker, refused)
    order = []
    for _ in range(3):
        conn = worker.waiting.longest()
        order.append(conn.reader.head_so_far().method)
        assert worker.give_up_longest()
    assert order == [b"nonsense", b"GET", b""]
    assert not worker.give_up_longest()
    assert b" 503 " in half_sent.recv(100)
    assert silent.recv(100) == b""


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda *_, **__: None, "TypeError"),
        (lambda *_: (SimpleNamespace(force_close=None), {}), "AttributeError"),
    ],
)
def test_a_gunicorn_that_lacks_what_is_used_is_refused_by_its_version(
    made, monkeypatch, broken, said
):
    worker = made()
    monkeypatch.setattr(gunicorn_wsgi.wsgi, "create", broken)
    monkeypatch.setattr("gunicorn.__version__", "99.9")
    with pytest.raises(RuntimeError, match=rf"^gunicorn 99\.9 lacks .*{said}.*requirements\.txt"):
        gunicorn_wsgi.check(worker)


def test_a_worker_without_a_part_that_is_used_is_refused(made, monkeypatch):
    worker = made()
    monkeypatch.delattr(Worker, "notify")
    with pytest.raises(RuntimeError, match="lacks notify"):
        gunicorn_wsgi.check(worker)
