import io

import pytest
from gunicorn.config import Config as GunicornConfig
from gunicorn.http.parser import RequestParser

from server.problems import Problem
from server.worker.head import Head

GET = b"GET /livez HTTP/1.1"
HOST = b"Host: localhost"
NUL, CR, LF = b"\0", b"\r", b"\n"


def refusal(*lines):
    with pytest.raises(Problem) as caught:
        Head(lines).check()
    return caught.value.status


def accepted(*lines):
    head = Head(lines)
    head.check()
    return head


def read_by_gunicorn(head, body=b""):
    """Read what is handed on as gunicorn does, which this service has no part in."""
    return next(RequestParser(GunicornConfig(), iter([head + body]), ("127.0.0.1", 1)))


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"GET", b"GET /", b"GET / HTTP/1.1 ", b" GET / HTTP/1.1", b"GET  / HTTP/1.1"),
        *(b"GET / HTTP/2.0", b"GET / HTTP/1.11", b"GET / http/1.1", b"GET / HTTP/0.9"),
        *(b"get / HTTP/1.1", b"G\tT / HTTP/1.1", b"GET\t/\tHTTP/1.1", b"G: / HTTP/1.1"),
        *(b"GET /a b HTTP/1.1", b"GET /a#b HTTP/1.1", b"GET /\xff HTTP/1.1", b"GET /\0 HTTP/1.1"),
        *(b"GET livez HTTP/1.1", b"GET * HTTP/1.1", b"CONNECT a:80 HTTP/1.1", b"GET ?a HTTP/1.1"),
        *(b"GET http:///a HTTP/1.1", b"GET http://a@b/ HTTP/1.1", b"GET ftp://a/ HTTP/1.1"),
        *(b"GET / HTTP/1.1\rX: y", b"GET / HTTP/1.1\nX: y"),
    ],
)
def test_a_first_line_has_one_form(line):
    assert refusal(line, HOST) == 400


@pytest.mark.parametrize(
    "field",
    [
        *(b"no colon", b": no name", b"X : y", b" X: y", b"\tfolded", b"X[a]: y", b"X\xff: y"),
        *(b"X: a" + control + b"b" for control in (NUL, CR, LF, b"\x07", b"\x7f", b"\x0b")),
        *(b"Host: other", b"Host: localhost"),
    ],
)
def test_a_field_has_one_form(field):
    assert refusal(GET, HOST, field) == 400


@pytest.mark.parametrize(
    "value",
    [
        *(b"", b"+1", b"-1", b"-0", b"1_0", b"0x1", b"1.0", b"1, 1", b"1 1", b"five"),
        *(b"0" * 18 + b"5", b"00000000005", "\u0664".encode(), b"1\x0b"),
    ],
)
def test_a_length_is_digits_alone(value):
    assert refusal(GET, HOST, b"Content-Length: " + value) == 400


def test_a_length_may_have_zeros_before_it():
    assert accepted(GET, HOST, b"Content-Length: 0000000005").body_length == 5


@pytest.mark.parametrize("digits", [11, 19, 20, 5000])
def test_a_length_of_many_digits_is_a_large_one(digits):
    assert accepted(GET, HOST, b"Content-Length: " + b"9" * digits).body_length > 10**10


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ((b"Transfer-Encoding: chunked", b"Content-Length: 5"), 400),
        ((b"Content-Length: 5", b"Transfer-Encoding: chunked"), 400),
        ((b"Content-Length: 5", b"Content-Length: 5"), 400),
        ((b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"), 400),
        ((b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked"), 400),
        ((b"Transfer-Encoding: identity",), 501),
        ((b"Transfer-Encoding: gzip, chunked",), 501),
        ((b"Transfer-Encoding: chunked, chunked",), 501),
        ((b"Transfer-Encoding: chunked;a=b",), 501),
        ((b"Transfer-Encoding:",), 501),
        ((b"Transfer-Encoding: \x0bchunked",), 400),
    ],
)
def test_the_end_of_a_body_is_said_once(fields, status):
    assert refusal(GET, HOST, *fields) == status


def test_chunks_need_http_1_1():
    assert refusal(b"POST / HTTP/1.0", b"Transfer-Encoding: chunked") == 400
    assert accepted(b"POST / HTTP/1.1", HOST, b"Transfer-Encoding: Chunked").body_length is None


@pytest.mark.parametrize("host", [b"a b", b"a/b", b"a@b", b"a:b", b"[::1", b"a:1:2", b"\xe4"])
def test_a_host_is_a_name_and_maybe_a_port(host):
    assert refusal(GET, b"Host: " + host) == 400


@pytest.mark.parametrize("host", [b"a.example:80", b"[::1]:8000", b"a_b", b"0.0.0.0=5000", b""])
def test_hosts_that_are_right(host):
    accepted(GET, b"Host: " + host)


def test_only_http_1_0_needs_no_host():
    assert refusal(GET) == 400
    accepted(b"GET / HTTP/1.0")


def test_sizes_are_bounded():
    assert refusal(b"GET /" + b"x" * 4095 + b" HTTP/1.1", HOST) == 414
    assert refusal(GET, HOST, b"X: " + b"x" * 8190) == 431


def test_an_expectation_is_met_or_refused():
    assert refusal(GET, HOST, b"Expect: the worst") == 417
    assert accepted(GET, HOST, b"Expect: 100-Continue").awaits_continue
    old = accepted(b"GET / HTTP/1.0", b"Expect: 100-continue")
    assert not old.awaits_continue


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [
        (b"1.1", (), True),
        (b"1.1", (b"Connection: Close",), False),
        (b"1.1", (b"Connection: a", b"Connection: b, close"), False),
        (b"1.0", (), False),
        (b"1.0", (b"Connection: Keep-Alive",), True),
    ],
)
def test_who_keeps_the_connection(version, connection, kept):
    head = accepted(b"GET / HTTP/" + version, HOST, *connection)
    assert head.keeps_connection == kept
    assert read_by_gunicorn(head.rewritten(0)).should_close() != kept


def test_what_is_handed_on_has_no_framing_but_its_length():
    head = accepted(
        b"POST /a?b=c HTTP/1.7",
        HOST,
        *(b"Transfer-Encoding: chunked", b"Connection: upgrade", b"Upgrade: h2c", b"TE: trailers"),
        *(b"Expect: 100-continue", b"SCRIPT_NAME: /a", b"Content_Length: 9", b"X-A: \t1 \t"),
    )
    assert head.rewritten(5) == (
        b"POST /a?b=c HTTP/1.1\r\nhost: localhost\r\nx-a: 1\r\n"
        b"connection: keep-alive\r\ncontent-length: 5\r\n\r\n"
    )


def test_a_length_is_not_made_up():
    assert b"length" not in accepted(GET, HOST).rewritten(0)
    assert b"content-length: 0" in accepted(GET, HOST, b"Content-Length: 0").rewritten(0)


@pytest.mark.parametrize(
    ("target", "host", "path"),
    [
        (b"http://a.example/x?y", "a.example", "/x"),
        (b"HTTPS://a.example:8000", "a.example:8000", "/"),
        (b"http://[::1]?y", "[::1]", "/"),
    ],
)
def test_an_address_with_a_host_outweighs_the_field(target, host, path):
    head = accepted(b"GET %s HTTP/1.1" % target, b"Host: other", b"X-A: 1")
    request = read_by_gunicorn(head.rewritten(0))
    assert dict(request.headers)["HOST"] == host
    assert [name for name, _ in request.headers].count("HOST") == 1
    assert request.path == path


def test_gunicorn_reads_what_was_sent():
    head = accepted(b"PUT /a%20b?c HTTP/1.0", b"X-A: caf\xe9", b"X-A: 2", b"Content-Length: 3")
    request = read_by_gunicorn(head.rewritten(3), b"abc")
    assert (request.method, request.path, request.query) == ("PUT", "/a%20b", "c")
    assert request.version == (1, 0)
    assert request.headers[:2] == [("X-A", "caf\xe9"), ("X-A", "2")]
    assert io.BytesIO(request.body.read()).read() == b"abc"


def test_what_has_come_of_a_head_can_be_told_unchecked():
    head = Head([b"HEAD /a?b", b"X-Request-Id: mine", b"rubbish"])
    assert (head.method, head.target, head.get(b"x-request-id")) == (b"HEAD", b"/a?b", b"mine")
    assert Head([b""]).method == b""
