"""gunicorn's collection of requests over real sockets: each alone, and with another behind it.

What is valid there and refused here, or the other way round, is listed with the reason.
"""

import re
import socket
from pathlib import Path

import pytest
from gunicorn.config import Config as GunicornConfig
from gunicorn.http.parser import RequestParser

from server.worker.framing import RequestReader
from tests.support.live import serve

BEHIND = (
    b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: behind\r\nConnection: close\r\n\r\n"
)
STRICTER = {
    "valid/005": "an address with a fragment",
    "valid/025": "gzip as a transfer coding",
    "valid/025_line": "gzip as a transfer coding",
    "valid/029": "identity as a transfer coding",
    "valid/030": "identity as a transfer coding",
    "valid/rfc9112_smuggle_gzip_chunked_01": "gzip as a transfer coding",
    "valid/rfc9112_smuggle_te_identity_chunked_01": "identity as a transfer coding",
    "valid/rfc9112_target_absolute_userinfo_01": "a user's name in an address",
    "valid/rfc9112_target_authority_connect_01": "CONNECT, which only proxies take",
    "valid/rfc9112_target_authority_ipv6_01": "CONNECT, which only proxies take",
}
MORE_LENIENT = {
    "invalid/rfc9112_leading_crlf_02": "two empty lines before a request are passed over too",
    "invalid/rfc9110_trailer_forbidden_cl_01": "trailers are thrown away",
    "invalid/rfc9110_trailer_forbidden_host_01": "trailers are thrown away",
    "invalid/rfc9110_trailer_forbidden_te_01": "trailers are thrown away",
}


def collection():
    """Read the collection; a request of HTTP/1.1 without a host gets one."""
    text = (Path(__file__).parent / "gunicorn_requests.txt").read_bytes()
    for block in text.split(b"\n## ")[1:]:
        name, _, data = block.partition(b"\n")
        data = data.replace(b"\n", b"")
        for written, meant in ((b"\\r\\n", b"\r\n"), (b"\\0", b"\0"), (b"\\n", b"\n")):
            data = data.replace(written, meant)
        data = data.replace(b"\\t", b"\t")
        data = re.sub(rb"\\x(..)", lambda match: bytes.fromhex(match[1].decode()), data)
        if b"host:" not in data.lower():
            data = data.replace(b" HTTP/1.1\r\n", b" HTTP/1.1\r\nHost: localhost\r\n")
        yield name.decode(), data


CASES = dict(collection())
VALID = [name for name in CASES if (name.startswith("valid") and name not in STRICTER)]
VALID += MORE_LENIENT
INVALID = [name for name in CASES if name not in VALID]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("service"), WEB_CONCURRENCY=1) as running:
        yield running


def answers(service, data):
    """Send all, say that no more comes, and return the head of each answer up to the end."""
    with service.connect() as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    return [b"HTTP/1.1 " + part for part in re.split(rb"HTTP/1\.[01] (?=\d{3} )", received)[1:]]


def status(answer):
    return int(answer.split(b" ")[1])


def read_by_gunicorn(data):
    """Read the requests in `data` with gunicorn's own parser."""
    parser = RequestParser(GunicornConfig(), iter([data]), ("127.0.0.1", 1))
    for request in parser:
        yield (request.method, request.path, request.query, request.body.read())
        if request.should_close():
            return


def count(name):
    """Return how many requests there are, and whether another may follow."""
    data = CASES[name]
    if name in MORE_LENIENT:
        return 1, True
    sent = list(read_by_gunicorn(data + BEHIND))
    is_kept = sent[-1][1] == "/livez"
    return len(sent) - is_kept, is_kept


def test_the_lists_name_cases():
    assert not (STRICTER.keys() | MORE_LENIENT.keys()) - CASES.keys()
    assert len(CASES) > 100


@pytest.mark.parametrize("name", VALID)
def test_what_is_valid_is_answered_and_nothing_else(service, name):
    requests, is_kept = count(name)
    alone = answers(service, CASES[name])
    assert len(alone) == requests
    assert not {400, 501} & set(map(status, alone))
    followed = answers(service, CASES[name] + BEHIND)
    assert len(followed) == requests + is_kept
    assert (b"X-Request-Id: behind" in followed[-1]) == is_kept


@pytest.mark.parametrize("name", INVALID)
def test_what_is_invalid_is_refused_and_nothing_behind_it_is_read(service, name):
    for data in (CASES[name], CASES[name] + BEHIND):
        (answer,) = answers(service, data)
        assert status(answer) in {400, 413, 414, 431, 501}
        assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize("name", [name for name in VALID if name not in MORE_LENIENT])
def test_what_is_handed_on_is_the_request_that_was_sent(name):
    expected = list(read_by_gunicorn(CASES[name]))
    reader, data = RequestReader(1000), CASES[name]
    for request in expected:
        assert reader.feed(data)
        head = reader.head.rewritten(reader.body_bytes)
        assert list(read_by_gunicorn(head + reader.body.read())) == [request]
        reader.restart()
        data = b""
