"""Debian's nginx with a recipe of docs/deploy/, on loopback, for the time of a test."""

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import requests

from tests.support.live import ROOT, eventually, free_port

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
        process.send_signal(signal.SIGTERM)
        process.wait(30)
