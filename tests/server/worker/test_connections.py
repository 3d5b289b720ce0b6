"""What a client may do to a real gunicorn's front door on one connection, or on all of them."""

import base64
import contextlib
import io
import json
import os
import re
import select
import signal
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.support.live import PATIENCE, eventually, serve

LIVE = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("service"), WEB_CONCURRENCY=1) as running:
        yield running


def converse(service, *parts):
    """Send parts with pauses between them; return all that comes until the service closes."""
    with service.connect() as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(0.3 if part is not parts[-1] else 0)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def statuses(received):
    return [int(status) for status in re.findall(rb"HTTP/1.1 (\d+)", received)]


@pytest.mark.parametrize(("count", "padding"), [(6, 4000), (30, 500), (200, 10)])
def test_requests_that_come_together_stay_whole(service, count, padding):
    requests = [
        LIVE + b"X-Request-Id: number-%d\r\nX-Padding: %s\r\n\r\n" % (i, b"p" * padding)
        for i in range(count)
    ]
    received = converse(service, b"".join([*requests, LIVE + b"Connection: close\r\n\r\n"]))
    assert statuses(received) == [200] * (count + 1)
    answered = re.findall(rb"X-Request-Id: number-(\d+)", received, re.I)
    assert [int(number) for number in answered] == list(range(count))


def test_a_method_cannot_write_lines_into_the_log(service):
    converse(service, b"A\n2026-FORGED\x1b[31m" + b"x" * 500 + b" /here?secret=1 HTTP/1.1\r\n\r\n")
    converse(service, b"GET /livez?secret=2 HTTP/1.1\r\n\r\n")
    log = service.log.read_text()
    assert "A\\n2026-FORGED" in log
    assert "A\n2026-FORGED" not in log
    assert "\x1b" not in log
    assert "x" * 100 not in log
    assert "secret" not in log


def test_a_body_that_is_not_read_and_broken_gets_one_answer(service):
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
    chunks = b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"
    assert statuses(converse(service, head + chunks)) == [400]


def test_a_client_that_asks_first_is_told_to_go_on_once(service):
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
    asking = b"Expect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"
    assert statuses(converse(service, head + asking, b"abc")) == [100, 422]


def test_one_who_has_to_go_may_speak_at_that_moment(tmp_path):
    """The worker finds a new connection and a request of the oldest one in the same round."""
    with serve(tmp_path, WEB_CONCURRENCY=1, CONNECTION_LIMIT=10) as service:
        converse(service, LIVE + b"Connection: close\r\n\r\n")
        (worker,) = service.workers()
        time.sleep(3)  # until that connection is forgotten
        silent = [service.connect() for _ in range(9)]
        time.sleep(1.5)
        os.kill(worker, signal.SIGSTOP)
        time.sleep(0.3)
        newcomer = service.connect()
        time.sleep(0.2)
        silent[0].sendall(LIVE + b"\r\n")
        time.sleep(0.2)
        os.kill(worker, signal.SIGCONT)
        newcomer.sendall(LIVE + b"\r\n")
        assert newcomer.recv(100).startswith(b"HTTP/1.1 200")
        assert service.workers() == [worker]
        assert "Traceback" not in service.log.read_text()
        for connection in (*silent, newcomer):
            connection.close()


def test_beginnings_of_requests_do_not_keep_others_out(tmp_path):
    with serve(tmp_path, WEB_CONCURRENCY=1, CONNECTION_LIMIT=10) as service:
        begun = [service.connect() for _ in range(12)]
        for connection in begun:
            connection.sendall(b"P")
        started = time.monotonic()
        assert statuses(converse(service, LIVE + b"Connection: close\r\n\r\n")) == [200]
        assert time.monotonic() - started < PATIENCE / 4  # and not when they are late
        for connection in begun:
            connection.close()


def connections(worker):
    """Count the sockets of a worker."""
    files = Path(f"/proc/{worker}/fd").iterdir()
    return sum(file.is_symlink() and str(file.readlink()).startswith("socket:") for file in files)


def test_a_busy_worker_leaves_new_connections_to_the_other(tmp_path, seven):
    file = io.BytesIO()
    Image.open(io.BytesIO(seven)).resize((2000, 2000)).save(file, "PNG")
    much = json.dumps({"images": [base64.b64encode(file.getvalue()).decode()] * 32}).encode()
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with serve(tmp_path, WEB_CONCURRENCY=2, MAX_TOTAL_PIXELS=32 * 2000**2) as service:
        time.sleep(1)  # until the connections that tried whether it answers are forgotten
        idle = {worker: connections(worker) for worker in service.workers()}
        with contextlib.ExitStack() as connected:
            client = connected.enter_context(service.connect())
            client.sendall(head + b"Content-Length: %d\r\n\r\n%s" % (len(much), much))
            (busy,) = eventually(lambda: [w for w in idle if connections(w) > idle[w]])
            time.sleep(0.1)  # until it computes
            for _ in range(12):
                connected.enter_context(service.connect())
                time.sleep(0.01)
            assert connections(busy) - idle[busy] <= 1 + 3
            assert not select.select([client], [], [], 0)[0]  # it has been busy until now
            assert client.recv(100).startswith(b"HTTP/1.1 200")
