import io
import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests
from PIL import Image

from scripts import predict
from scripts.clients import service as client_module
from scripts.clients.service import Client, ServiceError, backoff, waiting_time
from tests.support.live import serve


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("service"), WEB_CONCURRENCY=1) as running:
        yield running


@pytest.fixture
def files(tmp_path, seven):
    """A good picture, an empty one, and something else."""
    (tmp_path / "seven.png").write_bytes(seven)
    Image.new("L", (40, 40), 255).save(tmp_path / "blank.png")
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def test_digit_and_probabilities_are_printed(files, capsys):
    assert predict.main([str(files / "seven.png")]) == 0
    first, *rows = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{files / 'seven.png'}: 7 (")
    assert [row.split()[0] for row in rows] == list("0123456789")
    assert "█" in rows[7]


def test_here_and_through_a_service_the_answer_is_the_same(files, service, capsys):
    def answer(*options):
        assert predict.main([*options, "--json", str(files / "seven.png")]) == 0
        body = json.loads(capsys.readouterr().out)
        return {name: body[name] for name in ("file", "digit", "probabilities", "top", "model")}

    here = answer()
    assert here["digit"] == 7
    assert answer("--url", service.url) == here
    assert answer("--url", f"{service.url}/") == here


@pytest.mark.parametrize("remote", [False, True])
def test_a_number_is_read_with_its_places(files, service, capsys, remote):
    where = ["--url", service.url] if remote else []
    assert predict.main([*where, "--read", str(files / "seven.png")]) == 0
    first, row = capsys.readouterr().out.splitlines()
    assert first == f"{files / 'seven.png'}: 7"
    assert row.split()[0] == "7"
    assert " at " in row


@pytest.mark.parametrize("remote", [False, True])
def test_files_that_cannot_be_read_are_named_and_the_others_still_read(
    files, service, capsys, remote
):
    where = ["--url", service.url] if remote else []
    names = ["seven.png", "blank.png", "notes.txt", "missing.png"]
    assert predict.main([*where, "--json", *(str(files / name) for name in names)]) == 1
    out, err = capsys.readouterr()
    assert [json.loads(line)["digit"] for line in out.splitlines()] == [7]
    complaints = err.splitlines()
    assert len(complaints) == 3
    assert "blank.png: nothing is drawn in the picture" in complaints[0]
    assert "notes.txt: the bytes are not a PNG" in complaints[1]
    assert "missing.png: No such file or directory" in complaints[2]


@pytest.mark.parametrize("name", ["none-such", "none-such.npz"])
def test_an_unknown_network_is_refused(files, capsys, monkeypatch, name):
    monkeypatch.chdir(files)
    assert predict.main(["--model", name, "seven.png"]) == 1
    known = "(shipped: digits; else the path of a file)"
    assert capsys.readouterr().err == f"predict.py: no such network: {name!r} {known}\n"


@pytest.mark.parametrize(
    "arguments",
    [[], ["--url", "http://x", "--model", "y", "z.png"], ["--url", "127.0.0.1:8000", "z.png"]],
)
def test_a_wrong_command_is_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        predict.main(arguments)
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_what_is_no_digit_is_said_to_be_none(tmp_path, capsys):
    predict.show_digit(
        tmp_path, {"is_digit": False, "digit": None, "confidence": 0.9, "probabilities": [0.9]}
    )
    assert "not recognised as a digit" in capsys.readouterr().out


def test_it_runs_as_a_command(root, files):
    command = [sys.executable, "scripts/predict.py", str(files / "seven.png")]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert ": 7 (" in done.stdout


class Scripted(BaseHTTPRequestHandler):
    """Answers from a list: (status, headers, body)."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        status, headers, body = self.server.script.pop(0)
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def scripted(monkeypatch):
    """A server that answers by script, and a list of how long the client slept."""
    slept = []
    monkeypatch.setattr(client_module.time, "sleep", slept.append)
    with HTTPServer(("127.0.0.1", 0), Scripted) as server:
        server.script = []
        server.slept = slept
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def client(scripted):
    client = Client(f"http://127.0.0.1:{scripted.server_port}")
    yield client
    client.session.close()


BUSY = b'{"code": "busy", "detail": "later"}'


def test_a_busy_service_is_asked_again_when_it_says(scripted, client):
    scripted.script = [
        (503, {"Retry-After": "3"}, BUSY),
        (429, {"Retry-After": "2"}, BUSY),
        (200, {}, b'{"digit": 5}'),
    ]
    assert client.predict(b"picture") == {"digit": 5}
    assert scripted.slept == [3.0, 2.0]


def test_a_service_that_stays_busy_is_given_up(scripted, client):
    scripted.script = [(503, {}, BUSY)] * client_module.ATTEMPTS
    with pytest.raises(ServiceError, match="later") as caught:
        client.read(b"picture")
    assert caught.value.problem["code"] == "busy"
    assert scripted.slept == [0.5, 1.0, 2.0, 4.0]


def test_a_refusal_is_not_asked_again(scripted, client):
    scripted.script = [(422, {}, b'{"code": "blank_image", "detail": "nothing drawn"}')]
    with pytest.raises(ServiceError, match="nothing drawn"):
        client.predict(b"picture")
    assert scripted.slept == []


def test_an_answer_that_is_not_json_is_an_error(scripted, client):
    scripted.script = [(200, {}, b"<html>")]
    with pytest.raises(ServiceError, match="status 200, and no JSON"):
        client.predict(b"picture")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"<html>", b""])
def test_whatever_comes_instead_of_a_problem_is_an_error(scripted, client, body):
    scripted.script = [(404, {}, body), (200, {}, body)]
    for status in (404, 200):
        with pytest.raises(ServiceError, match=f"status {status}"):
            client.predict(b"picture")


def test_a_service_that_asks_for_too_much_patience_is_given_up_at_once(scripted, client):
    scripted.script = [(503, {"Retry-After": "3600"}, BUSY)]
    with pytest.raises(ServiceError, match="later"):
        client.predict(b"picture")
    assert (scripted.script, scripted.slept) == ([], [])


def test_a_request_that_cannot_be_made_is_an_error(monkeypatch):
    monkeypatch.setattr(client_module.time, "sleep", pytest.fail)
    with pytest.raises(ServiceError, match="cannot ask"):
        Client("http://[::1").predict(b"picture")


def test_another_service_is_not_taken_for_this_one(scripted, files, capsys):
    scripted.script = [(200, {}, b'{"status": "fine"}')]
    url = f"http://127.0.0.1:{scripted.server_port}"
    assert predict.main(["--url", url, str(files / "seven.png")]) == 1
    assert "none of a service that reads digits" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--json"], []])
def test_whoever_reads_the_output_may_stop(root, files, options):
    command = [sys.executable, "scripts/predict.py", *options, *[str(files / "seven.png")] * 2]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, cwd=root, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_an_absent_service_is_tried_again_and_then_named(free_port, monkeypatch):
    slept = []
    monkeypatch.setattr(client_module.time, "sleep", slept.append)
    client = Client(f"http://127.0.0.1:{free_port}")
    with pytest.raises(ServiceError, match=f"cannot reach http://127.0.0.1:{free_port}: .*refused"):
        client.predict(b"picture")
    assert len(slept) == client_module.ATTEMPTS - 1


def retry_after(text):
    response = requests.Response()
    response.headers["Retry-After"] = text
    return waiting_time(response, attempt=1)


def test_retry_after_is_seconds_or_a_date():
    assert retry_after("7") == 7
    assert retry_after("9999999") == 9999999
    soon = datetime.now(UTC) + timedelta(seconds=10)
    assert 8 < retry_after(format_datetime(soon, usegmt=True)) <= 10
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("Wed, 21 Oct 2015 07:28:00 -0000") == 0
    assert retry_after("soon") == retry_after("\u00b2") == backoff(1) == 1.0


def test_options_go_into_the_query(service, seven):
    client = Client(service.url)
    answer = client.predict(seven, top=1, input=True)
    client.session.close()
    assert len(answer["top"]) == 1
    assert Image.open(io.BytesIO(seven)).size == (280, 280)
    assert answer["input"].startswith("data:image/png;base64,")
