"""Work, memory and connections that a client may ask for without end."""

from __future__ import annotations

import time
from collections.abc import Sequence

from scripts.attacks.crowd import Attack, crowd
from scripts.attacks.framing import CHUNKED, POST
from scripts.attacks.target import Target
from scripts.attacks.wire import HOST, LIVE, Outcome, receive, send

MIB = 1024 * 1024
REQUEST = LIVE + b"\r\n"
DOCUMENT = b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"\r\n"


def stream(data: bytes, piece: int = 65536, connections: int = 1) -> Attack:
    """Send one long request on each of some connections, in pieces, and wait for the answer."""

    def run(target: Target, seconds: float) -> Outcome:
        outcome, end = Outcome(), time.monotonic() + seconds
        for _ in range(connections):
            with target.connect() as connection:
                for at in range(0, len(data), piece):
                    if time.monotonic() > end or not send(connection, data[at : at + piece]):
                        break
                outcome.note(receive(connection, max(0.5, end - time.monotonic())), 1)
        return outcome

    return run


def bodies(requests: Sequence[bytes], clients: int = 1) -> Attack:
    """Have clients send whole requests one after another, and take the answers."""

    def run(target: Target, seconds: float) -> Outcome:
        outcome, end = Outcome(), time.monotonic() + seconds
        with crowd(target) as gathered:
            while time.monotonic() < end:
                for request in requests:
                    for _ in range(clients):
                        gathered.join(request)
                    gathered.go_on(end - time.monotonic())
                    gathered.count(outcome, 1)
                    gathered.leave()
        return outcome

    return run


def pipelined(data: bytes, count: int, connections: int, reads: int = 65536) -> Attack:
    """Send many requests at once on each connection, and read the answers, or never."""

    def run(target: Target, seconds: float) -> Outcome:
        outcome = Outcome()
        with crowd(target) as gathered:
            for _ in range(connections):
                gathered.join(data * count, reads, 0 if reads else 4096)
            gathered.go_on(seconds)
            if not gathered.selector.get_map():
                time.sleep(seconds / 2)  # they wait, and hold what they hold
            gathered.count(outcome, count)
        return outcome

    return run


def slow_readers(request: bytes, connections: int) -> Attack:
    """Have clients read a large answer in drops."""

    def run(target: Target, seconds: float) -> Outcome:
        outcome = Outcome()
        with crowd(target) as gathered:
            for _ in range(connections):
                gathered.join(request, reads=1024, receive_buffer=4096)
            gathered.go_on(seconds, pause=0.05)
            gathered.count(outcome, 1)
        return outcome

    return run


def half_sent(connections: int, new_each_second: int) -> Attack:
    """Begin requests, more of them all the time, and end none."""

    def run(target: Target, seconds: float) -> Outcome:
        outcome, end = Outcome(), time.monotonic() + seconds
        beginning = POST + b"X: "
        with crowd(target) as gathered:
            while len(gathered.members) < connections and gathered.join(beginning):
                if time.monotonic() > end + seconds:
                    break
            while time.monotonic() < end:
                gathered.join(beginning)
                gathered.go_on(1 / new_each_second)
            gathered.count(outcome)
        return outcome

    return run


def unfinished_bodies(connections: int, size: int, sent: int) -> Attack:
    """Say that large bodies come, send most of them, and meanwhile ask as an honest client."""

    def run(target: Target, seconds: float) -> Outcome:
        outcome = Outcome()
        head = POST + b"Content-Length: %d\r\n\r\n" % size
        with crowd(target) as gathered:
            for _ in range(connections):
                gathered.join(head + b"x" * sent)
            gathered.go_on(seconds / 2)
            status = target.ask("/predict", b"x" * 70_000)
            outcome.require(status == 422, f"an honest upload of 70 kB was answered {status}")
            gathered.go_on(seconds / 2)
            gathered.count(outcome, 1)
        return outcome

    return run


def lingering(connections: int) -> Attack:
    """Send bodies that are refused, go on sending, and never read the refusal."""

    def run(target: Target, seconds: float) -> Outcome:
        outcome = Outcome()
        chunk = b"%x\r\n" % MIB + b"x" * MIB + b"\r\n"
        with crowd(target) as gathered:
            end = time.monotonic() + seconds
            for _ in range(connections):
                gathered.join(CHUNKED + chunk * 9, reads=0)
                gathered.go_on(seconds / connections / 2)
                if time.monotonic() > end:
                    break
            gathered.go_on(max(0.0, end - time.monotonic()))
            gathered.listen()
            gathered.go_on(0.5)
            gathered.count(outcome, 1)
        return outcome

    return run
