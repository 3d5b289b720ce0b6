"""Requests that two readers may take apart in two ways: a body, or a part of one, becomes another.

Each has a request hidden where only one of the readers sees one. Here it may never be answered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scripts.attacks.target import Target
from scripts.attacks.wire import HIDDEN, HOST, LIVE, Outcome, exchange

POST = b"POST /predict HTTP/1.1\r\nContent-Type: image/png\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
LENGTH = len(HIDDEN)
CHUNK = b"%x\r\n" % LENGTH + HIDDEN + b"\r\n0\r\n\r\n"
SECONDS = 5.0


@dataclass(frozen=True)
class Form:
    """A way of writing requests.

    Attributes
    ----------
    name : str
    parts : list of bytes
        Sent with a short pause between them.
    requests : int
        How many answers there may be at most.
    expected : set of int
        Statuses that the first answer may have.
    """

    name: str
    parts: list[bytes]
    requests: int = 1
    expected: frozenset[int] = frozenset({400, 408, 413, 414, 417, 431, 501})


TAKEN = frozenset({200, 404, 422})


def _lengths() -> list[Form]:
    values = {
        "19 digits": b"%019d" % LENGTH,
        "30 digits": b"%030d" % LENGTH,
        "a plus": b"+%d" % LENGTH,
        "a minus": b"-1",
        "a space within": b"%d 0" % LENGTH,
        "an underscore within": b"1_0",
        "hexadecimal": b"0x%x" % LENGTH,
        "a list": b"%d, %d" % (LENGTH, LENGTH),
        "nothing": b"",
        "digits of another script": "٣٤".encode(),
        "10^18": b"1" + b"0" * 18,
    }
    forms = [
        Form(f"Content-Length: {name}", [POST + b"Content-Length: %s\r\n\r\n" % value + HIDDEN])
        for name, value in values.items()
    ]
    field = b"Content-Length: %d\r\n" % LENGTH
    return [
        *forms,
        Form("Content-Length twice, alike", [POST + field * 2 + b"\r\n" + HIDDEN]),
        Form(
            "Content-Length twice, different",
            [POST + b"Content-Length: 0\r\n" + field + b"\r\n" + HIDDEN],
        ),
        Form("Content-Length in front of a space", [POST + field.replace(b":", b" :") + b"\r\n"]),
        Form(
            "Content_Length beside Content-Length",
            [POST + field + b"Content_Length: 0\r\n\r\n" + HIDDEN],
            expected=TAKEN,
        ),
        Form("a body behind GET", [LIVE + field + b"\r\n" + HIDDEN], expected=TAKEN),
    ]


def _codings() -> list[Form]:
    field = b"Content-Length: %d\r\n" % LENGTH
    both = field + b"Transfer-Encoding: chunked\r\n\r\n"
    values = {
        "chunked, identity": b"chunked, identity",
        "identity": b"identity",
        "gzip, chunked": b"gzip, chunked",
        "xchunked": b"xchunked",
        "a vertical tab": b"\x0bchunked",
        "in quotes": b'"chunked"',
    }
    body = b"0\r\n\r\n" + HIDDEN
    return [
        Form("Content-Length and chunks", [POST + both + body]),
        Form("chunks of HTTP/1.0", [CHUNKED.replace(b"/1.1", b"/1.0") + body]),
        *(
            Form(
                f"Transfer-Encoding: {name}",
                [POST + field + b"Transfer-Encoding: %s\r\n\r\n" % value + body],
            )
            for name, value in values.items()
        ),
        Form(
            "Transfer-Encoding twice",
            [POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n" + body],
        ),
        Form(
            "Transfer-Encoding on two lines",
            [POST + field + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + body],
        ),
        Form(
            "Transfer_Encoding beside Content-Length",
            [POST + field + b"Transfer_Encoding: chunked\r\n\r\n" + HIDDEN],
            expected=TAKEN,
        ),
    ]


def _chunks() -> list[Form]:
    size = b"%x" % LENGTH
    sizes = {
        "17 digits": b"0" * 20 + size,
        "more than 2^64": b"1" + b"0" * 16,
        "a minus": b"-1",
        "0x": b"0x" + size,
        "a plus": b"+" + size,
        "a space before": b" " + size,
        "no digits": b"",
        "a letter": b"zz",
    }
    forms = [
        Form(f"a chunk's size: {name}", [CHUNKED + value + b"\r\n" + HIDDEN + b"\r\n0\r\n\r\n"])
        for name, value in sizes.items()
    ]
    late = [CHUNKED + size.zfill(16) + b"\r\n", HIDDEN + b"\r\n0\r\n\r\n"]
    return [
        *forms,
        Form("a chunk's size of 16 digits, its data later", late, expected=TAKEN),
        Form("a chunk with an extension", [CHUNKED + size + b";a=b" + CHUNK[2:]], expected=TAKEN),
        Form("a chunk line that ends in a line feed", [CHUNKED + size + b"\n" + HIDDEN]),
        Form("a chunk that does not end", [CHUNKED + b"1\r\nxy\r\n0\r\n\r\n" + HIDDEN]),
        Form("a last chunk with trailers", [CHUNKED + b"0\r\nHost: y\r\n\r\n"], expected=TAKEN),
    ]


def _heads() -> list[Form]:
    named = {"SCRIPT_NAME": b"/livez", "PATH_INFO": b"/livez", "Script-Name": b"/livez"}
    nothing = b"GET /nothing HTTP/1.1\r\n" + HOST
    expect = b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    return [
        Form("line feeds alone", [b"GET /livez HTTP/1.1\nHost: x\n\n" + HIDDEN]),
        Form("carriage returns alone", [b"GET /livez HTTP/1.1\rHost: x\r\r" + HIDDEN]),
        Form("a field on two lines", [LIVE + b"X: y\r\n z\r\n\r\n" + HIDDEN]),
        Form("a field without a name", [LIVE + b": y\r\n\r\n" + HIDDEN]),
        Form("a line that is no field", [LIVE + b"X\r\n\r\n" + HIDDEN]),
        Form("NUL in a field", [LIVE + b"X: y\0z\r\n\r\n" + HIDDEN]),
        Form("NUL in the address", [LIVE.replace(b"livez", b"li\0ez") + b"\r\n" + HIDDEN]),
        Form("a space in the address", [LIVE.replace(b"/livez", b"/li vez") + b"\r\n" + HIDDEN]),
        Form("no host", [b"GET /livez HTTP/1.1\r\n\r\n" + HIDDEN]),
        Form("two hosts", [LIVE + b"Host: y\r\n\r\n" + HIDDEN]),
        Form("HTTP/2.0", [LIVE.replace(b"/1.1", b"/2.0") + b"\r\n" + HIDDEN]),
        Form("HTTP/0.9", [b"GET /livez\r\n\r\n" + HIDDEN]),
        Form("a first line of 100 kB", [b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n" + HIDDEN]),
        Form("10,000 fields", [LIVE + b"X: y\r\n" * 10_000 + b"\r\n" + HIDDEN]),
        Form("CONNECT", [b"CONNECT localhost:1 HTTP/1.1\r\n" + HOST + b"\r\n" + HIDDEN]),
        *(
            Form(
                f"{name} as a field",
                [nothing + name.encode() + b": " + value + b"\r\n\r\n"],
                expected=frozenset({404}),
            )
            for name, value in named.items()
        ),
        Form(
            "100-continue of HTTP/1.0",
            [POST.replace(b"/1.1", b"/1.0") + expect, b"abc"],
            expected=frozenset({422}),
        ),
        Form(
            "two slashes",
            [LIVE.replace(b"/livez", b"//livez") + b"\r\n"],
            expected=frozenset({200, 404}),
        ),
    ]


FORMS = [*_lengths(), *_codings(), *_chunks(), *_heads()]


def attack(form: Form) -> Callable[[Target, float], Outcome]:
    """Return what sends a form, and notes what may not be."""

    def run(target: Target, seconds: float) -> Outcome:
        outcome = Outcome()
        outcome.note(exchange(target, form.parts, max(seconds, SECONDS), 0.05), form.requests)
        first = next(iter(outcome.statuses), 0)
        outcome.require(first in form.expected, f"answered {first or 'nothing'}")
        return outcome

    return run
