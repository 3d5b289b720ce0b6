"""What a hostile client may do to a real gunicorn, and others must not notice."""

import contextlib
import re
import socket
import time
from pathlib import Path

import pytest

from tests.support.live import PATIENCE, eventually, serve

HOST = b"Host: localhost\r\n"
LIVE = b"GET /livez HTTP/1.1\r\n" + HOST
LAST = LIVE + b"Connection: close\r\n\r\n"
POST = b"POST /predict HTTP/1.1\r\nContent-Type: image/png\r\n" + HOST
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("service"), WEB_CONCURRENCY=1) as running:
        yield running


def rest(connection):
    """Read all that comes until the service closes."""
    received = []
    with contextlib.suppress(ConnectionResetError):
        received += iter(lambda: connection.recv(65536), b"")
    return b"".join(received)


def ask(service, *parts):
    """Send parts with pauses between them, and read all that comes until the service closes."""
    with service.connect() as connection:
        for part in parts:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(part)
            time.sleep(0.2 if part is not parts[-1] else 0)
        return rest(connection)


def statuses(received):
    return [int(status) for status in re.findall(rb"HTTP/1\.[0-9] (\d+)", received)]


def answered_at_once(service):
    """Have an honest client ask; nobody waits for what takes the service's time-outs."""
    with service.connect(timeout=PATIENCE / 4) as connection:
        connection.sendall(LAST)
        return statuses(rest(connection)) == [200]


def deaf(service):
    """Connect a client that reads nothing, nor does its system for it."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(PATIENCE)
    connection.connect(("127.0.0.1", service.port))
    return connection


def memory(service):
    """Return the MiB that the worker holds."""
    (worker,) = service.workers()
    status = Path(f"/proc/{worker}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


# -- one reading ----------------------------------------------------------------------------


@pytest.mark.parametrize("length", [b"%019d", b"%030d"])
def test_a_body_is_never_answered_as_a_request(service, length):
    body = LIVE + b"X-Request-Id: hidden\r\n\r\n"
    head = POST + b"Content-Length: " + length % len(body) + b"\r\n\r\n"
    received = ask(service, head + body + LAST)
    assert statuses(received) == [400]
    assert b"hidden" not in received


def test_a_chunk_of_which_the_size_came_first_is_read(service):
    head = POST + b"Transfer-Encoding: chunked\r\n\r\n"
    received = ask(service, head + b"0000000000000003\r\n", b"abc\r\n0\r\n\r\n" + LAST)
    assert statuses(received) == [422, 200]


@pytest.mark.parametrize("length", [b"9000000", b"1000000000000000000"])
def test_after_a_length_over_the_limit_nothing_is_read(service, length):
    received = ask(service, POST + b"Content-Length: " + length + b"\r\n\r\n" + LIVE + b"\r\n")
    assert statuses(received) == [413]
    assert b"\r\nConnection: close\r\n" in received


def test_a_body_that_nobody_reads_keeps_the_connection_in_step(service):
    received = ask(service, LIVE + b"Content-Length: 70000\r\n\r\n" + b"x" * 70_000 + LAST)
    assert statuses(received) == [200, 200]


def test_broken_chunks_close_the_connection_and_say_so(service):
    received = ask(service, POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n" + LAST)
    assert statuses(received) == [400]
    assert b"\r\nConnection: close\r\n" in received


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\n", LIVE + b"X: y\n\n"])
def test_a_line_feed_alone_is_refused_at_once(service, data):
    assert statuses(ask(service, data)) == [400]


def test_a_client_of_http_1_0_is_not_told_to_continue(service):
    head = b"POST /predict HTTP/1.0\r\nContent-Type: image/png\r\nExpect: 100-continue\r\n"
    assert statuses(ask(service, head + b"Content-Length: 3\r\n\r\n", b"abc")) == [422]


def test_a_client_that_sends_no_more_gets_both_answers(service):
    for _ in range(20):
        with service.connect() as connection:
            connection.sendall(LIVE + b"\r\n" + LIVE + b"\r\n")
            connection.shutdown(socket.SHUT_WR)
            assert statuses(rest(connection)) == [200, 200]


def test_a_client_that_stops_within_a_request_is_told(service):
    with service.connect() as connection:
        connection.sendall(LIVE)
        connection.shutdown(socket.SHUT_WR)
        assert statuses(rest(connection)) == [400]


@pytest.mark.parametrize("field", [b"SCRIPT_NAME: /livez", b"PATH_INFO: /x", b"REMOTE_USER: x"])
def test_fields_named_like_variables_of_the_server_are_not_believed(service, field):
    assert statuses(ask(service, LIVE + field + b"\r\nConnection: close\r\n\r\n")) == [200]


def test_two_slashes_are_no_redirect(service):
    received = ask(service, LAST.replace(b"/livez", b"//v2//health/live"))
    assert statuses(received) == [404]
    assert b"\r\nLocation" not in received


def test_an_answer_names_a_version_that_is_spoken_here(service):
    assert ask(service, LAST.replace(b"HTTP/1.1", b"HTTP/1.2")).startswith(b"HTTP/1.1 200")


# -- bounded work ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "endless",
    [b"1\r\na\r\n" * 350_000, b"1;" + b"x" * MIB, b"0\r\n" + b"X: y\r\n" * 100_000],
    ids=["tiny chunks", "a chunk line", "trailers"],
)
def test_what_is_around_a_body_is_bounded(service, endless):
    """Of all of it only the beginning is read; what follows is thrown away."""
    received = ask(service, POST + b"Transfer-Encoding: chunked\r\n\r\n" + endless)
    assert statuses(received) == [400]


def test_clients_that_take_their_answers_in_drops_hold_no_thread_and_little_memory(tmp_path):
    large = LAST.replace(b"/livez", b"/large/7000000")
    application = "tests.support.large_answers:app"
    settings = {"WEB_CONCURRENCY": 1, "THREADS": 1, "application": application}
    with serve(tmp_path, **settings) as service, contextlib.ExitStack() as connected:
        assert answered_at_once(service)
        before = memory(service)
        clients = [connected.enter_context(deaf(service)) for _ in range(30)]
        for client in clients:
            client.sendall(large)
        usual = LAST.replace(b"/livez", b"/model")  # waits for the same thread
        received = ask(service, usual)
        assert statuses(received) == [200]
        assert memory(service) - before < 100  # and not 210
        whole = 0
        for client in clients:
            whole += len(rest(client)) > 7_000_000
        assert 1 <= whole <= 10


def test_a_client_that_asks_much_and_reads_nothing_is_answered_one_by_one(tmp_path):
    request = LIVE.replace(b"/livez", b"/large/1000000") + b"\r\n"
    application = "tests.support.large_answers:app"
    with serve(tmp_path, WEB_CONCURRENCY=1, application=application) as service:
        with deaf(service) as client:
            client.sendall(request * 100)
            assert answered_at_once(service)
            time.sleep(0.5)
            assert answered_at_once(service)
        assert service.log.read_text().count('"/large') < 20


def test_beginnings_of_requests_do_not_drive_out_who_has_just_come(tmp_path):
    settings = {"WEB_CONCURRENCY": 1, "CONNECTION_LIMIT": 20}
    with serve(tmp_path, **settings) as service, contextlib.ExitStack() as connected:

        def begin():
            connection = connected.enter_context(service.connect())
            connection.sendall(b"POST / HTTP/1.1\r\n")
            return connection

        half_sent = [begin() for _ in range(40)]
        for _ in range(5):
            honest = connected.enter_context(service.connect())
            half_sent += [begin() for _ in range(10)]
            time.sleep(0.3)
            honest.sendall(LAST)
            assert statuses(rest(honest)) == [200]
        given_up = rest(half_sent[0])
        assert statuses(given_up) == [503]
        assert b"Retry-After: 1\r\n" in given_up


@pytest.mark.parametrize("each", [8 * MIB - 1, 64 * MIB // 18 - 2000])
def test_bodies_that_never_end_do_not_drive_out_an_honest_one(service, each):
    with contextlib.ExitStack() as connected:
        for _ in range(18):
            client = connected.enter_context(service.connect())
            with contextlib.suppress(OSError):  # given up before all of it is sent
                client.sendall(POST + b"Content-Length: %d\r\n\r\n" % (8 * MIB))
                client.sendall(b"x" * each)
        for _ in range(3):
            head = POST + b"Connection: close\r\nContent-Length: 70000\r\n\r\n"
            assert statuses(ask(service, head, b"x" * 70_000)) == [422]


def test_refused_bodies_are_let_go_of_while_their_clients_linger(service):
    before = memory(service)
    chunk = b"%x\r\n" % MIB + b"x" * MIB + b"\r\n"
    clients = []
    with contextlib.ExitStack() as connected:
        for _ in range(25):
            client = connected.enter_context(service.connect())
            client.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
            client.sendall(chunk * 8 + b"1\r\n")
            assert statuses(client.recv(65536)) == [413]
            clients.append(client)
            for other in clients:  # so that none is taken for silent
                with contextlib.suppress(OSError):
                    other.sendall(b"x")
        assert memory(service) - before < 100  # and not 200


def test_a_refusal_is_logged_with_the_time_that_it_took(tmp_path):
    with serve(tmp_path, WEB_CONCURRENCY=1, RECEIVE_TIMEOUT=1) as service:
        assert statuses(ask(service, POST)) == [408]
        line = re.search(r"status=408 ms=([\d.]+)", service.log.read_text())
        assert float(line[1]) >= 1000


def test_a_system_without_files_is_told_in_the_log_and_overcome(tmp_path):
    resource = pytest.importorskip("resource")
    with serve(tmp_path, WEB_CONCURRENCY=1) as service, contextlib.ExitStack() as connected:
        assert answered_at_once(service)
        (worker,) = service.workers()
        files = len(list(Path(f"/proc/{worker}/fd").iterdir()))
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (files + 5, files + 5))
        for _ in range(20):
            connected.enter_context(service.connect())
        eventually(lambda: "Too many open files" in service.log.read_text())
        assert answered_at_once(service)
        assert service.log.read_text().count("Too many open files") < 20
