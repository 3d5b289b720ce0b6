"""The service with the oldest and the newest packages that requirements.txt lets in."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import pytest

from tests.support.live import ROOT, serve

LINES = [
    line
    for line in (ROOT / "requirements.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
BOUNDS = {
    name: (low, high)
    for name, low, high in (
        re.fullmatch(r"(\w+)>=([\d.]+),<(\d+)", line).groups() for line in LINES
    )
}
LOWEST = [f"{name}=={low}" for name, (low, _) in BOUNDS.items()]
OLDEST, AFTER_NEWEST = (int(bound.split(".")[0]) for bound in BOUNDS["gunicorn"])
BETWEEN = [f"gunicorn=={major}.*" for major in range(OLDEST + 1, AFTER_NEWEST - 1)]


def cached(requirements, make):
    """Return a folder that `make` has installed into, now or in an earlier run."""
    key = hashlib.sha256(repr((requirements, sys.version)).encode()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"digits-packages-{os.getuid()}-{key}"
    if not (folder / "complete").exists():
        done = make(folder)
        if done.returncode:
            reason = f"cannot install {requirements}: {done.stderr.strip().splitlines()[-1]}"
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
        (folder / "complete").touch()
    return folder


def pip(*arguments):
    command = [sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check"]
    return subprocess.run(command, capture_output=True, text=True)


def environment(requirements):
    """Make a virtual environment of nothing but these packages; return its Python."""

    def make(folder):
        command = [sys.executable, "-m", "venv", "--clear", "--without-pip", folder]
        subprocess.run(command, check=True)
        options = ("--quiet", "--only-binary", ":all:")
        return pip("--python", folder / "bin/python", "install", *options, *requirements)

    return cached(requirements, make) / "bin/python"


def assert_it_serves(service, seven):
    def ask(path, data=None):
        headers = {"Content-Type": "image/png"} if data else {}
        request = urllib.request.Request(service.url + path, data, headers)
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    assert ask("/predict", seven)["digit"] == 7
    assert ask("/read", seven)["text"] == "7"
    assert ask("/explain", seven)["layers"]
    assert ask("/livez")
    assert ask("/openapi.json")["openapi"]
    assert "Traceback" not in service.log.read_text()


@pytest.mark.parametrize("requirements", [LOWEST, LINES], ids=["lowest", "highest"])
def test_the_service_runs_with_the_bounds_of_its_packages(requirements, tmp_path, seven):
    python = environment(requirements)
    with serve(tmp_path, python=str(python), WEB_CONCURRENCY=1) as service:
        assert_it_serves(service, seven)


@pytest.mark.parametrize("requirement", BETWEEN)
def test_the_service_runs_with_each_gunicorn_between(requirement, tmp_path, seven):
    options = ("--quiet", "--no-deps", "--upgrade", "--target")
    folder = cached(requirement, lambda target: pip("install", *options, target, requirement))
    with serve(tmp_path, WEB_CONCURRENCY=1, PYTHONPATH=folder) as service:
        assert_it_serves(service, seven)


def test_a_version_of_another_make_is_refused_with_its_number(tmp_path):
    """What the parts are checked for at start is tried with a gunicorn that lacks one."""
    (tmp_path / "sitecustomize.py").write_text(
        "import gunicorn.http.wsgi, gunicorn\n"
        "del gunicorn.http.wsgi.create\n"
        "gunicorn.__version__ = '99.9'\n"
    )
    command = [sys.executable, "-m", "gunicorn", "--config", "server/gunicorn_conf.py", "wsgi:app"]
    environ = os.environ | {"PYTHONPATH": str(tmp_path), "HOST": "127.0.0.1", "PORT": "0"}
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    assert re.search(r"gunicorn 99\.9 lacks .*create.*requirements\.txt", done.stderr)
