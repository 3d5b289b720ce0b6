"""scripts/soak: trials find what they are there to find, and one run goes through."""

import http.server
import threading
from collections import Counter

import pytest

from scripts.soaking import __main__ as soak
from scripts.soaking import trials
from scripts.soaking.clients import Tally, ask_until, request
from scripts.soaking.trials import Effort, Row, faults_of, over_after


def test_what_must_not_be_is_a_fault():
    assert faults_of(Tally(Counter({200: 5}))) == ()
    assert faults_of(Tally(Counter({200: 5, 503: 1}))) == ("1 answers of status 503",)
    assert faults_of(Tally(Counter({503: 1})), (200, 503)) == ("no request was answered",)
    assert faults_of(Tally(Counter({200: 5}), lost=2)) == (
        "2 requests were lost, at most 0 may be",
    )
    assert faults_of(Tally(Counter({200: 5}), lost=2), lost=2) == ()
    assert faults_of(Tally(Counter({200: 5}), refused=1)) == ("1 connections were refused",)


class Rude(http.server.BaseHTTPRequestHandler):
    """Every third connection is closed without an answer."""

    protocol_version = "HTTP/1.1"
    count = 0

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        Rude.count += 1
        if Rude.count % 3 == 0:
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass


def test_clients_count_what_was_lost():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Rude) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        tally = ask_until(over_after(0.3), server.server_port, [request(b"x")], 3)
        server.shutdown()
        thread.join()
    assert tally.requests == Rude.count
    assert tally.lost == Rude.count // 3
    assert tally.slowest(200) > 0


def test_a_rate_is_kept_to(tmp_path):
    with trials.service(tmp_path, {"WEB_CONCURRENCY": 1}) as running:
        tally = ask_until(over_after(1), running.port, trials.digit(), 4, rate=30)
    assert 15 <= tally.statuses[200] <= 31


def test_a_run_prints_a_row_for_each_trial(capsys, monkeypatch):
    assert (
        soak.main(
            ["--only", "reloads,kills,disk", "--seconds", "0.5", "--kills", "2", "--reloads", "1"]
        )
        == 0
    )
    *_, reloads, kills, disk = capsys.readouterr().out.splitlines()
    assert reloads.startswith("| 1 reloads with new weights |")
    assert kills.startswith("| 2 workers killed |")
    assert disk.startswith("| a full disk |")
    assert all(row.endswith("| stands |") for row in (reloads, kills, disk))
    row = Row("a trial", Tally(Counter({500: 1})), "", ("a fault",))
    monkeypatch.setattr(soak, "run", lambda name, effort: row)
    assert soak.main(["--only", "home"]) == 1
    assert "a fault" in capsys.readouterr().out


def test_a_service_that_does_not_start_is_a_fault_with_the_end_of_its_log(monkeypatch):
    monkeypatch.setenv("MAX_PIXELS", "none")
    row = trials.run("home", Effort(seconds=0.1))
    assert row.faults == ()  # its environment is its own
    row = trials.run("overload", Effort(seconds=0.1))
    assert "MAX_PIXELS" in row.faults[0]


def test_an_unknown_trial_is_refused(capsys):
    with pytest.raises(SystemExit):
        soak.main(["--only", "weather"])
    assert "expected some of overload" in capsys.readouterr().err
