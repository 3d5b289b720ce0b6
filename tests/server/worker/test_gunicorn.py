"""A real gunicorn, as Procfile starts it, in bad company."""

import contextlib
import http.client
import io
import json
import os
import signal
import socket
import time
from email.utils import parsedate_to_datetime

import pytest
from PIL import Image

from tests.support.live import PATIENCE, eventually, serve


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("service"), WEB_CONCURRENCY=1) as running:
        yield running


@pytest.fixture(scope="module")
def large_picture(seven):
    """A picture of 4 million pixels, which takes a while to read."""
    file = io.BytesIO()
    Image.open(io.BytesIO(seven)).resize((2000, 2000)).save(file, "PNG")
    return file.getvalue()


def message(picture, *fields):
    """Write a whole request for `/predict`."""
    lines = [
        "POST /predict HTTP/1.1",
        "Host: localhost",
        "Content-Type: image/png",
        f"Content-Length: {len(picture)}",
        *fields,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + picture


def answer(connection):
    """Read one answer off a socket."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    body = response.read()
    return response, json.loads(body) if body else None


def post(service, picture, path="/predict"):
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
    connection.request("POST", path, picture, {"Content-Type": "image/png"})
    response = connection.getresponse()
    body = json.loads(response.read())
    connection.close()
    return response.status, body


def assert_problem(connection, status, code):
    response, body = answer(connection)
    assert (response.status, body["status"], body["code"]) == (status, status, code)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert body["request_id"] == response.headers["X-Request-Id"]
    assert parsedate_to_datetime(response.headers["Date"])
    assert connection.recv(1) == b""  # closed, not reset
    return response, body


def test_it_starts_as_procfile_says_with_the_workers_asked_for(tmp_path, seven):
    with serve(tmp_path, WEB_CONCURRENCY=2) as service:
        assert eventually(lambda: len(service.workers()) == 2)
        assert post(service, seven)[0] == 200
        assert 'POST "/predict" status=200' in service.log.read_text()


def test_a_request_may_come_byte_by_byte(service, seven):
    with service.connect() as connection:
        data = message(seven)
        for byte in data[:200]:
            connection.sendall(bytes([byte]))
        connection.sendall(data[200:])
        assert answer(connection)[0].status == 200


def test_requests_that_come_together_are_answered_in_order(service, seven):
    ids = [f"number-{i}" for i in range(5)]
    with service.connect() as connection:
        requests = [message(seven, f"X-Request-Id: {name}") for name in ids]
        last = message(seven, "Connection: close")
        connection.sendall(b"".join([*requests, last]))
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    bodies = [part.partition(b"\r\n\r\n")[2] for part in received.split(b"HTTP/1.1 200 OK")[1:]]
    assert len(bodies) == 6
    assert [json.loads(body)["request_id"] for body in bodies[:5]] == ids


def test_chunks_are_taken(service, seven):
    with service.connect() as connection:
        head = message(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        connection.sendall(head + b"%x\r\n" % len(seven) + seven + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        assert answer(connection)[0].status == 200


def test_a_client_that_asks_first_is_told_to_go_on(service, seven):
    with service.connect() as connection:
        head, _, body = message(seven, "Expect: 100-continue").partition(b"\r\n\r\n")
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(body)
        assert answer(connection)[0].status == 200


def test_slow_and_silent_clients_stop_nobody(service, seven):
    beginnings = [b"", b"P", b"GET / HTTP/1.1\r\nHost: x\r\n", message(b"x" * 99999)[:500]]
    slow = [service.connect() for _ in range(60)]
    for index, connection in enumerate(slow):
        connection.sendall(beginnings[index % len(beginnings)])
    started = time.monotonic()
    assert [post(service, seven)[0] for _ in range(20)] == [200] * 20
    assert time.monotonic() - started < PATIENCE / 2  # four threads would wait for ever
    for connection in slow:
        connection.close()


def test_silent_clients_do_not_keep_others_out(tmp_path, seven):
    with serve(tmp_path, WEB_CONCURRENCY=1, CONNECTION_LIMIT=10) as service:
        silent = [service.connect() for _ in range(30)]
        assert post(service, seven)[0] == 200
        kept = []
        for _ in range(20):
            connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
            connection.request("GET", "/livez")
            response = connection.getresponse()
            response.read()
            kept.append(connection)
            assert response.status == 200
        for connection in [*silent, *kept]:
            connection.close()


def test_clients_that_read_nothing_stop_nobody(service, seven):
    deaf = []
    for _ in range(20):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", service.port))
        connection.sendall(message(seven) * 20)
        deaf.append(connection)
    assert post(service, seven)[0] == 200
    for connection in deaf:
        connection.close()


def test_clients_that_leave_in_the_middle_stop_nobody(service, seven):
    for cut in (1, 50, 300):
        with service.connect() as connection:
            connection.sendall(message(seven)[:cut])
    with service.connect() as connection:
        connection.sendall(message(seven))
    assert post(service, seven)[0] == 200


def test_a_length_over_the_limit_is_refused_before_the_body(service):
    with service.connect() as connection:
        head = message(b"").replace(b"Length: 0", b"Length: 20000000")
        connection.sendall(head)
        _, body = assert_problem(connection, 413, "too_large")
        assert body["max_bytes"] == 8 * 1024 * 1024


@pytest.mark.parametrize("chunked", [False, True])
def test_a_client_that_sends_too_much_can_read_the_answer(service, chunked):
    data = b"x" * 20_000_000
    body = (data[i : i + 100_000] for i in range(0, len(data), 100_000)) if chunked else data
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)
    connection.request("POST", "/predict", body, {"Content-Type": "image/png"})
    response = connection.getresponse()
    assert response.status == 413
    assert json.loads(response.read())["code"] == "too_large"
    connection.close()


def test_large_requests_that_never_end_do_not_fill_the_memory(service, seven):
    body = b"x" * (8 * 1024 * 1024)
    greedy = [service.connect() for _ in range(12)]  # 96 MiB, where 64 are held
    for connection in greedy:
        with contextlib.suppress(OSError):  # refused before all of it is sent
            connection.sendall(message(body)[:-1])
    assert post(service, seven)[0] == 200
    refused = 0
    for connection in greedy:
        connection.settimeout(0.2)
        with contextlib.suppress(TimeoutError, ConnectionError):
            refused += answer(connection)[1]["code"] == "busy"
        connection.close()
    assert refused >= 3


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"nonsense\r\n\r\n", 400, "bad_request"),
        (b"GET /livez HTTP/1.1\r\n\r\n", 400, "bad_request"),  # no host
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/1.1\r\nContent-Length: five\r\n\r\n", 400, "bad_request"),
        (b"GET / HTTP/9.9\r\n\r\n", 400, "bad_request"),
        (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n", 414, "uri_too_long"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 70 + b"\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, 431, "headers_too_large"),
        (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: odd, chunked\r\n\r\n0\r\n\r\n",
            501,
            "not_implemented",
        ),
        (b"GET / HTTP/1.1\r\nExpect: the worst\r\n\r\n", 417, "expectation_failed"),
    ],
)
def test_what_is_not_http_is_a_problem_too(service, sent, status, code):
    with service.connect() as connection:
        connection.sendall(sent)
        assert_problem(connection, status, code)


def test_http_1_0_needs_no_host(service):
    with service.connect() as connection:
        connection.sendall(b"GET /livez HTTP/1.0\r\n\r\n")
        assert answer(connection)[0].status == 200


def test_empty_lines_before_a_request_are_passed_over(service, seven):
    with service.connect() as connection:
        for _ in range(2):
            connection.sendall(b"\r\n\r\n" + message(seven))
            assert answer(connection)[0].status == 200


FROM_ELSEWHERE = b"Host: x\r\nOrigin: https://a.example\r\nX-Request-Id: my-own\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST /predict HTTP/1.1\r\n" + FROM_ELSEWHERE + b"Content-Length: 99\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\n" + FROM_ELSEWHERE + b"A: b\r\n" * 70 + b"\r\n", 431),
        (b"HEAD /" + b"x" * 5000 + b" HTTP/1.1\r\n" + FROM_ELSEWHERE + b"\r\n", 414),
    ],
)
def test_what_is_refused_early_has_the_headers_of_every_answer(tmp_path, sent, status):
    settings = {"CORS_ORIGINS": "https://a.example", "MAX_BODY_BYTES": 50, "WEB_CONCURRENCY": 1}
    with serve(tmp_path, **settings) as service, service.connect() as connection:
        connection.sendall(sent)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    fields = head.decode().split("\r\n")
    assert "Access-Control-Allow-Origin: https://a.example" in fields
    assert "Cross-Origin-Resource-Policy: cross-origin" in fields
    assert "Vary: Origin" in fields
    assert "X-Request-Id: my-own" in fields
    assert "id=my-own" in service.log.read_text()
    if sent.startswith(b"HEAD"):
        assert body == b""
    else:
        assert json.loads(body)["request_id"] == "my-own"


def test_broken_chunks_are_the_clients_fault(service):
    with service.connect() as connection:
        head = message(b"").replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        connection.sendall(head + b"zz\r\nabc\r\n0\r\n\r\n")
        response, body = answer(connection)
        assert (response.status, body["code"]) == (400, "bad_request")


def test_a_request_that_does_not_arrive_is_ended(tmp_path):
    with (
        serve(tmp_path, WEB_CONCURRENCY=1, RECEIVE_TIMEOUT=1) as service,
        service.connect() as silent,
        service.connect() as slow,
    ):
        slow.sendall(message(b"abc")[:-1])
        _, body = assert_problem(slow, 408, "request_timeout")
        assert "1 seconds" in body["detail"]
        assert silent.recv(1) == b""


def test_overload_is_answered_at_once_and_says_when_to_come_back(tmp_path, large_picture):
    settings = {"WEB_CONCURRENCY": 1, "THREADS": 1, "QUEUE_LIMIT": 2, "RETRY_AFTER": 3}
    with serve(tmp_path, **settings) as service:
        connections = [service.connect() for _ in range(30)]
        for connection in connections:
            connection.sendall(message(large_picture))
        with service.connect() as health:
            health.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answer(health)[0].status == 200
        statuses = []
        for connection in connections:
            response, body = answer(connection)
            statuses.append(response.status)
            if response.status != 200:
                assert response.status == 503
                assert body["code"] == "busy"
                assert response.headers["Retry-After"] == "3"
            connection.close()
        assert statuses.count(200) >= 3
        assert statuses.count(503) >= 20


def test_sigterm_answers_what_is_on_its_way_and_ends(tmp_path, seven, large_picture):
    with serve(tmp_path, WEB_CONCURRENCY=2, THREADS=1) as service:
        half_sent = [service.connect() for _ in range(4)]
        for connection in half_sent:
            connection.sendall(message(seven)[:-10])
        idle = service.connect()
        computing = [service.connect() for _ in range(8)]
        for connection in computing:
            connection.sendall(message(large_picture))
        eventually(lambda: len(service.workers()) == 2)
        service.signal(signal.SIGTERM)
        time.sleep(0.2)
        for connection in half_sent:
            connection.sendall(message(seven)[-10:])
        results = [answer(connection)[0].status for connection in half_sent + computing]
        assert results == [200] * 12
        assert service.wait() == 0
        for connection in [*half_sent, *computing, idle]:
            connection.close()


def test_a_killed_worker_is_replaced(tmp_path, seven):
    with serve(tmp_path, WEB_CONCURRENCY=1) as service:
        (victim,) = eventually(service.workers)
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: service.workers() not in ([victim], []))
        assert post(service, seven)[0] == 200
