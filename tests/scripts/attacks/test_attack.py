"""The attacks: a short form against this service, and services on which they must not go well."""

import contextlib
import re
import socket
import threading
from collections import Counter
from dataclasses import replace

import pytest

from scripts.attacks import framing
from scripts.attacks.__main__ import main
from scripts.attacks.catalogue import catalogue
from scripts.attacks.honest import NEVER, HonestClient, Waits
from scripts.attacks.running import Result, attack_all
from scripts.attacks.target import Target, running
from scripts.attacks.wire import HIDDEN, LIVE, Outcome, answers

SCALE, SECONDS = 0.02, 0.5
SLOW = "worst pictures"  # they take long to make: test_budget.py has some


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    with running(tmp_path_factory.mktemp("service") / "log") as service:
        yield service


@pytest.mark.parametrize("kind", catalogue(SCALE), ids=lambda kind: kind.name)
def test_a_little_of_each_attack_breaks_nothing(target, kind):
    some = {name: a for name, a in kind.attacks.items() if SLOW not in name}
    few = replace(kind, attacks=some, quick=SECONDS)
    begun = []
    results = list(attack_all(target, [few], True, False, begun.append))
    assert len(results) == len(begun) >= 1
    assert not [result.outcome.faults for result in results if result.outcome.faults]
    answered = sum((result.outcome.statuses for result in results), Counter())
    assert answered.keys() - {0} or kind.name == "pictures"  # on a busy machine
    assert all((result.memory or 0.0) < 200 for result in results)
    assert any(result.memory for result in results)
    assert target.ask("/livez") == 200


class Naive(threading.Thread):
    """A service that answers each request line that it finds, wherever that stands."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.target = Target("127.0.0.1", self.listener.getsockname()[1])

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with connection, contextlib.suppress(OSError):
                    self.answer(connection)

    def answer(self, connection):
        connection.settimeout(0.3)
        data = b""
        with contextlib.suppress(TimeoutError):
            while more := connection.recv(65536):
                data += more
        names = re.findall(rb"HTTP/1.[01]\r\n.*?(?:X-Request-Id: (\S+)|\r\n\r\n)", data, re.DOTALL)
        for name in names:
            head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Request-Id: %s\r\n\r\n{}"
            connection.sendall(head % name)


def test_a_service_that_takes_a_body_for_a_request_is_caught():
    service = Naive()
    service.start()
    form = next(form for form in framing.FORMS if form.name == "Content-Length: 19 digits")
    outcome = framing.attack(form)(service.target, 1.0)
    service.listener.close()
    assert "answered a request that nobody sent" in outcome.faults
    assert "2 answers to 1 requests" in outcome.faults
    assert "answered 200" in outcome.faults


def test_answers_are_told_apart_by_their_lengths():
    body = b"HTTP/1.1 200 OK\r\n\r\n"
    one = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 422 x\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert answers(one + body + b"HTTP/1.0 503 y\r\n") == [100, 422, 503]
    assert answers(b"") == []


def test_a_fault_of_the_service_is_noted():
    outcome = Outcome()
    outcome.note(b"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n", 1)
    outcome.note(b"", 1)
    assert outcome.faults == ["answered 500"]
    assert str(outcome) == "closed ×1, 500 ×1"


def test_limits_are_those_of_99_in_100():
    fast, slow = [0.01] * 990, [2.0] * 9
    waits = Waits({"/livez": fast + slow, "/predict": fast + [NEVER] * 20})
    assert waits.p99("/livez") == 0.01
    assert waits.refused() == 20
    result = Result("x", Outcome(), waits, 151.0)
    assert result.faults() == ["a worker held 151 MiB", "/predict took 60000 ms"]
    assert not Result("x", Outcome(), None, 150.0).faults()


def test_an_honest_client_measures_while_others_attack(target):
    with HonestClient(target) as honest:
        for _ in range(5):
            target.ask("/livez")
    assert honest.waits.seconds.keys() == {"/livez", "/predict"}
    assert honest.waits.refused() == 0
    assert 0 < honest.waits.p99("/livez") < NEVER


def test_an_attack_that_is_over_at_once_is_measured_too(target):
    for _ in range(3):
        with HonestClient(target) as honest:
            pass
        assert all(honest.waits.seconds.values())
        assert honest.waits.p99("/predict") < NEVER


@pytest.mark.parametrize(
    "url", ["http://example.org", "http://192.168.0.1:8000", "https://127.0.0.1", "http://0.0.0.0"]
)
def test_only_this_machine_is_attacked(url, capsys):
    with pytest.raises(ValueError, match="only services on loopback"):
        Target.of(url)
    assert main([url]) == 1
    assert "only services on loopback" in capsys.readouterr().err


def test_the_command_prints_a_table_of_a_running_service(target, capsys):
    url = f"http://localhost:{target.port}"
    options = ["--only", "framing", "--quick", "--no-honest"]
    assert main([url, "--master", str(target.master), *options]) == 0
    shown = capsys.readouterr().out
    assert f"{len(framing.FORMS)} requests of doubtful framing" in shown
    assert "no limit broken" in shown
    assert " MiB" in shown


def test_nobody_there_is_said(capsys):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert main([f"127.0.0.1:{free.getsockname()[1]}"]) == 1
    assert "refused" in capsys.readouterr().err


def test_hidden_requests_are_whole():
    assert HIDDEN.startswith(LIVE)
    assert HIDDEN.endswith(b"\r\n\r\n")
