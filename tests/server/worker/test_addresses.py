"""Where the service may listen, and what serves it: IPv6, a socket in the file system, Waitress."""

import http.client
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from server.config import Config
from tests.support.live import PATIENCE, ROOT, eventually, free_port


@pytest.mark.parametrize(
    ("host", "bind"),
    [
        ("127.0.0.1", "127.0.0.1:8000"),
        ("::", "[::]:8000"),
        ("::1", "[::1]:8000"),
        ("unix:/run/digits.sock", "unix:/run/digits.sock"),
    ],
)
def test_addresses_are_written_as_gunicorn_takes_them(host: str, bind: str) -> None:
    assert Config(host=host).bind == bind


def status(connect) -> int | None:
    """Ask for /livez over a new connection; None if nobody listens yet."""
    connection = http.client.HTTPConnection("localhost", timeout=PATIENCE)
    try:
        connection.sock = connect()
        connection.request("GET", "/livez")
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def serve(command: list[str], log: Path, **environ: str) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=os.environ | environ | {"WEB_CONCURRENCY": "1"},
            stdout=output,
            stderr=output,
        )


def answers(process: subprocess.Popen[bytes], log: Path, connect) -> None:
    """Check that /livez is answered, then end the service."""
    try:

        def is_there() -> bool:
            assert process.poll() is None, log.read_text()
            return status(connect) == 200

        eventually(is_there)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


GUNICORN = ["gunicorn", "--config", "server/gunicorn_conf.py", "wsgi:app"]


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("command", [GUNICORN, ["server"]], ids=["gunicorn", "python -m server"])
def test_ipv6(command: list[str], tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    process = serve(command, log, HOST="::1", PORT=str(port))
    answers(process, log, lambda: socket.create_connection(("::1", port), PATIENCE))


def test_a_socket_in_the_file_system(tmp_path: Path) -> None:
    path, log = tmp_path / "digits.sock", tmp_path / "log"

    def connect() -> socket.socket:
        client = socket.socket(socket.AF_UNIX)
        try:
            client.connect(str(path))
        except OSError:
            client.close()
            raise
        return client

    answers(serve(GUNICORN, log, HOST=f"unix:{path}"), log, connect)


def test_waitress_serves_where_there_is_no_gunicorn(tmp_path: Path) -> None:
    pytest.importorskip("waitress")
    port, log = free_port(), tmp_path / "log"
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'gunicorn' else find(name, *rest)\n"
    )
    process = serve(["server"], log, HOST="127.0.0.1", PORT=str(port), PYTHONPATH=str(tmp_path))
    answers(process, log, lambda: socket.create_connection(("127.0.0.1", port), PATIENCE))
    assert "Serving on" in log.read_text()
