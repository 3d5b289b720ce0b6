"""All attacks, by name."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from scripts.attacks import framing, training_room
from scripts.attacks.crowd import Attack
from scripts.attacks.floods import (
    DOCUMENT,
    MIB,
    REQUEST,
    bodies,
    half_sent,
    lingering,
    pipelined,
    slow_readers,
    stream,
    unfinished_bodies,
)
from scripts.attacks.framing import CHUNKED
from scripts.attacks.target import Target
from scripts.attacks.wire import Outcome, posted
from scripts.attacks.worst_pictures import PICTURES

FORM = b"multipart/form-data; boundary=x"
INFER = b"/v2/models/digits/infer"
JSON = b"application/json"


@dataclass(frozen=True)
class Kind:
    """Attacks of one kind, and how long each goes on.

    Attributes
    ----------
    name : str
    attacks : dict
        Name → attack.
    seconds, quick : float
        How long each of them lasts at most; `quick` in the short form.
    is_loud : bool
        Whether each is shown by itself, with what an honest client waited meanwhile.
    """

    name: str
    attacks: dict[str, Attack]
    seconds: float
    quick: float
    is_loud: bool = True


def catalogue(scale: float = 1.0) -> list[Kind]:
    """Return all kinds of attacks; `scale` is how much of each count is sent."""

    def some(count: int) -> int:
        return max(2, round(count * scale))

    return [
        Kind(
            "framing", {form.name: framing.attack(form) for form in framing.FORMS}, 5.0, 5.0, False
        ),
        Kind("bodies", _bodies(some), 8.0, 2.0),
        Kind("connections", _connections(some), 8.0, 1.0),
        Kind("pictures", _pictures(some(32)), 15.0, 3.0),
        Kind("training room", training_room.attacks(some), 8.0, 2.0),
    ]


def _bodies(some: Callable[[int], int]) -> dict[str, Attack]:
    """Bodies whose wrapping costs more than what is in it."""
    chunks, trailers = some(350_000), some(100_000)
    megabyte = some(2 * MIB)
    head = b'--x\r\nContent-Disposition: form-data; name="'
    headers = {"backslashes": b'\\"', "semicolons": b";", "parameters": b'; a="'}
    nested = some(200_000)
    return {
        f"{chunks:,} chunks of one byte": stream(CHUNKED + b"1\r\na\r\n" * chunks),
        "a chunk line without an end": stream(CHUNKED + b"1;" + b"x" * some(8 * MIB)),
        "the same, byte by byte": stream(CHUNKED + b"1;" + b"x" * some(20_000), piece=1),
        f"{trailers:,} trailers": stream(CHUNKED + b"0\r\n" + b"X: y\r\n" * trailers),
        **{
            f"a form whose part has a header of {name}": bodies(
                [posted(head + text * (megabyte // len(text)) + b"\r\n\r\n\r\n--x--", kind=FORM)]
            )
            for name, text in headers.items()
        },
        "a form of many parts": bodies([posted(b"--x\r\n\r\n\r\n" * some(100_000), kind=FORM)]),
        f"JSON nested {nested:,} deep": bodies([posted(b"[" * nested, kind=JSON)]),
        "JSON of 2 MB of digits": bodies([posted(b'{"image": %s}' % (b"9" * megabyte), kind=JSON)]),
        "gzip that unpacks to 100 MiB": bodies(
            [posted(gzip.compress(bytes(some(100 * MIB)), 1), more=b"Content-Encoding: gzip\r\n")]
        ),
    }


def _connections(some: Callable[[int], int]) -> dict[str, Attack]:
    """Connections that take more than they give."""
    large = json.dumps({"id": "x" * some(7_000_000), "inputs": [_tensor()]}).encode()
    many, half, lost = some(3000), some(1700), some(200)
    return {
        f"{many:,} requests on each of 2 connections that read nothing": pipelined(
            REQUEST, many, 2, reads=0
        ),
        "40 documents on each of 8 connections that read nothing": pipelined(
            DOCUMENT, some(40), 8, reads=0
        ),
        f"{many:,} requests on each of 4 connections": pipelined(REQUEST, many, 4),
        "8 slow readers of an answer of 7 MB": slow_readers(posted(large, INFER, JSON), 8),
        f"{half:,} half-sent requests, and new ones all the time": half_sent(half, 200),
        f"{lost} refused bodies whose clients linger": lingering(lost),
        "18 bodies of 8 MiB that do not end": unfinished_bodies(18, 8 * MIB, some(8 * MIB) - 1),
        "18 bodies of which 3.5 MiB come": unfinished_bodies(18, 8 * MIB, some(7 * MIB // 2)),
    }


@cache
def _files() -> list[bytes]:
    return [make() for make in PICTURES.values()]


def _all_to(route: bytes) -> Attack:
    """Send all pictures to a route; they are made when the first attack begins."""

    def run(target: Target, seconds: float) -> Outcome:
        return bodies([posted(file, route) for file in _files()])(target, seconds)

    return run


def _tensor() -> dict[str, object]:
    zeros = [0.0] * 784
    return {"name": "image", "shape": [1, 28, 28, 1], "datatype": "FP32", "data": zeros}


def _pictures(count: int) -> dict[str, Attack]:
    """Pictures that are within all limits, one after another, and many at once."""
    attacks: dict[str, Attack] = {
        f"{len(PICTURES)} worst pictures to {route}": _all_to(route.encode())
        for route in ("/predict", "/read", "/explain?heatmap=true")
    }
    lines = base64.b64encode(PICTURES["250 lines"]()).decode()  # small, dear, and read
    batch = posted(json.dumps({"images": [lines] * count}).encode(), kind=JSON)
    attacks[f"batches of {count} pictures of 250 lines"] = bodies([batch])
    attacks["the same from 2 clients"] = bodies([batch], clients=2)
    return attacks
