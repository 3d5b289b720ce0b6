"""A real gunicorn for tests, and nginx: on free ports of the loopback interface."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from scripts.clients.gunicorn_process import ROOT, end, free_port, procfile_command, workers

PATIENCE = 60


class Service:
    """A running service; `log` is the file that it writes both its outputs to."""

    def __init__(self, process, port, log):
        self.process, self.port, self.log = process, port, log
        self.url = f"http://127.0.0.1:{port}"

    def connect(self, timeout=PATIENCE):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout)

    def workers(self):
        return workers(self.process.pid)

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        return self.process.wait(PATIENCE)


def eventually(condition, patience=PATIENCE):
    """Wait until `condition()` is true, and return what it then returned."""
    deadline = time.monotonic() + patience
    while not (result := condition()):
        assert time.monotonic() < deadline, f"not within {patience} seconds"
        time.sleep(0.02)
    return result


def answers(service):
    assert service.process.poll() is None, service.log.read_text()
    try:
        service.connect().close()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def serve(
    folder, port=None, *, application="wsgi:app", python=sys.executable, root=ROOT, **settings
):
    """Run the service in `root` with `settings` in its environment; `folder` takes its log."""
    command = procfile_command()
    assert (command[0], command.pop()) == ("gunicorn", "wsgi:app")
    port, log = port or free_port(), Path(folder) / "service.log"
    environ = os.environ | {"PORT": str(port), "HOST": "127.0.0.1"}
    environ |= {name: str(value) for name, value in settings.items()}
    with log.open("w") as output:
        process = subprocess.Popen(
            [python, "-m", *command, application],
            cwd=root,
            env=environ,
            stdout=output,
            stderr=output,
        )
    service = Service(process, port, log)
    try:
        eventually(lambda: answers(service))
        yield service
    finally:
        end(process, PATIENCE)


NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


@contextlib.contextmanager
def nginx(folder: Path, recipe: str, upstreams: dict[str, str], path: str = "/"):
    """Run nginx with the recipe of that name; yield its address, without a slash at the end.

    `upstreams` has the addresses of the recipe, each with the one that is really there.
    """
    if not NGINX:
        reason = "no nginx: apt install nginx-light"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    port = free_port()
    text = (ROOT / "docs/deploy" / recipe).read_text()
    for said, real in ({"listen 80;": f"listen 127.0.0.1:{port};"} | upstreams).items():
        assert text.count(said) == 1, said
        text = text.replace(said, real)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid; daemon off; error_log {folder}/error.log;\nevents {{}}\n"
        f"http {{ access_log off; {places} {text} }}\n"
    )
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}{path.rstrip('/')}"

    def answers():
        assert process.poll() is None, (folder / "error.log").read_text()
        try:
            return requests.get(f"{url}/livez", timeout=5).ok
        except requests.ConnectionError:
            return False

    try:
        eventually(answers)
        yield url
    finally:
        end(process, PATIENCE)
