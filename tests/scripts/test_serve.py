"""`scripts/serve`: what it installs, when, what it says, and that it serves.

Most of it runs in a copy whose `.venv` holds a script that notes down how it was called: nothing
is downloaded, and the folder's name has a space in it.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAKE_PYTHON = """#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in *"-m gunicorn"*) echo "listens on $HOST $PORT" >> "$CALLS" ;; esac
case "$*" in
*requirements.lock*) sleep 0.2; echo "$LOCK_ERROR" >&2; [ -z "$LOCK_ERROR" ] ;;
"-c import $BROKEN") exit 1 ;;
esac
"""


class Checkout:
    """A copy of the shell scripts with a Python that only notes its calls."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls_file = folder / "calls"
        commands = ("scripts/serve", "scripts/notebook", "scripts/environment.sh")
        for name in (*commands, "requirements.lock", "pyproject.toml"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)

    def with_fake_python(self) -> "Checkout":
        python = self.folder / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(FAKE_PYTHON)
        python.chmod(0o755)
        return self

    def serve(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.run("serve", *arguments, **environment)

    def run(
        self, command: str, *arguments: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        clean = {k: v for k, v in os.environ.items() if k not in ("HOST", "PORT", "PYTHON")}
        return subprocess.run(
            [self.folder / "scripts" / command, *arguments],
            env=clean
            | {"CALLS": str(self.calls_file), "LOCK_ERROR": "", "BROKEN": "none"}
            | environment,
            cwd=self.folder.parent,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def calls(self, of: str) -> list[str]:
        """Return the calls so far that contain `of`."""
        return [line for line in self.calls_file.read_text().splitlines() if of in line]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "a folder")


def test_the_notebook_is_opened_by_what_its_extra_installs(checkout: Checkout) -> None:
    checkout.with_fake_python()
    assert checkout.run("notebook", "--no-browser").returncode == 0
    installed = checkout.calls("pip install")
    assert installed[1:] == [
        "-m pip install -qq --editable .[train]",
        "-m pip install -qq --editable .[notebook]",
    ]
    assert checkout.calls("-m notebook") == ["-m notebook docs/notebooks/mnist.ipynb --no-browser"]


def test_installs_once(checkout: Checkout) -> None:
    checkout.with_fake_python()
    first = checkout.serve()
    assert first.returncode == 0
    assert checkout.calls("pip install") == [
        "-m pip install -qq --require-hashes -r requirements.lock"
    ]
    assert checkout.serve().returncode == 0
    assert len(checkout.calls("pip install")) == 1
    assert len(checkout.calls("-m gunicorn")) == 2


@pytest.mark.skipif(shutil.which("flock") is None, reason="no flock: util-linux has it")
def test_two_that_start_at_once_take_turns(checkout: Checkout) -> None:
    checkout.with_fake_python()
    with ThreadPoolExecutor(2) as pool:
        served = [pool.submit(checkout.serve) for _ in range(2)]
    assert [one.result().returncode for one in served] == [0, 0]
    assert len(checkout.calls("pip install")) == 1


def test_installs_again_after_a_change_of_the_lock(checkout: Checkout) -> None:
    checkout.with_fake_python().serve()
    with (checkout.folder / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    checkout.serve()
    assert len(checkout.calls("pip install")) == 2


def test_serves_where_it_is_told(checkout: Checkout) -> None:
    checkout.with_fake_python()
    shown = checkout.serve(HOST="0.0.0.0", PORT="1234").stderr
    assert "http://0.0.0.0:1234" in shown
    assert checkout.calls("-m gunicorn") == [
        "-m gunicorn --config server/gunicorn_conf.py wsgi:app"
    ]
    assert checkout.calls("listens on") == ["listens on 0.0.0.0 1234"]
    assert "http://127.0.0.1:8000" in checkout.serve().stderr
    assert "http://[::1]:1234" in checkout.serve(HOST="::1", PORT="1234").stderr
    assert "socket /tmp/digits" in checkout.serve(HOST="unix:/tmp/digits").stderr


def test_falls_back_on_the_ranges_where_the_lock_does_not_fit(checkout: Checkout) -> None:
    checkout.with_fake_python()
    served = checkout.serve(LOCK_ERROR="No matching distribution found")
    assert "taking the newest that requirements.txt allows" in served.stderr
    assert checkout.calls("pip install")[1:] == ["-m pip install -qq -r requirements.txt"]
    assert checkout.calls("-m gunicorn")


def test_stops_at_a_package_that_was_tampered_with(checkout: Checkout) -> None:
    checkout.with_fake_python()
    served = checkout.serve(LOCK_ERROR="THESE PACKAGES DO NOT MATCH THE HASHES")
    assert served.returncode == 1
    assert "not the one that requirements.lock names" in served.stderr
    assert len(checkout.calls("pip install")) == 1
    assert not checkout.calls("-m gunicorn")


def test_what_cannot_be_imported_does_not_count_as_installed(checkout: Checkout) -> None:
    checkout.with_fake_python()
    served = checkout.serve(BROKEN="PIL")
    assert served.returncode == 1
    assert "PIL was installed into .venv, but cannot be imported" in served.stderr
    assert not checkout.calls("-m gunicorn")
    checkout.serve()
    assert len(checkout.calls("pip install")) == 2


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_runs_in_the_shells_of_other_systems(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    """As on macOS before 12.3, `readlink` refuses -f; the command is called by a link to it."""
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell}")
    checkout.with_fake_python()
    tools = tmp_path / "bin"
    tools.mkdir()
    readlink = tools / "readlink"
    readlink.write_text(f'#!/bin/sh\n[ $# = 1 ] && exec {shutil.which("readlink")} "$1"\nexit 1\n')
    readlink.chmod(0o755)
    link = tmp_path / "serve it"
    link.symlink_to(checkout.folder / "scripts" / "serve")
    command = [shell, *(["sh"] if shell == "busybox" else []), str(link)]
    environment = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "LOCK_ERROR": ""}
    environment |= {"CALLS": str(checkout.calls_file), "BROKEN": "none"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert checkout.calls("-m gunicorn")


def test_line_ends_survive_a_clone_for_windows(checkout: Checkout, tmp_path: Path) -> None:
    git = ["git", "-c", "core.autocrlf=true", "-c", "user.name=me", "-c", "user.email=me@here"]
    shutil.copy(ROOT / ".gitattributes", checkout.folder)
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *command], cwd=checkout.folder, check=True, capture_output=True)
    subprocess.run([*git, "clone", "-q", checkout.folder, tmp_path / "clone"], check=True)
    assert b"\r" not in (tmp_path / "clone" / "scripts" / "serve").read_bytes()


def test_settings_of_pip_that_install_elsewhere_are_put_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`user`, `target` and `prefix` lose; the index, which may be a company's, stays."""
    settings = tmp_path / "pip.conf"
    settings.write_text(
        "[global]\nindex-url = https://example.org/a\ntarget = /nowhere\n"
        "[install]\nuser = true\nprefix = /nowhere\nindex-url = https://example.org/it's b\n"
    )
    source = (ROOT / "scripts" / "environment.sh").read_text()
    start = source.index("keep_pip_in_venv() {")
    function = source[start : source.index("\n}\n", start) + 3]
    script = f'python={sys.executable}\n{function}keep_pip_in_venv\n"$python" -m pip config list'
    environment = os.environ | {"PIP_CONFIG_FILE": str(settings), "PIP_TARGET": "/nowhere"}
    for name in ("PIP_INDEX_URL", "PIP_USER", "PIP_PREFIX"):
        environment.pop(name, None)
    shown = subprocess.run(
        ["sh", "-c", script], env=environment, capture_output=True, text=True, check=True
    ).stdout
    assert "example.org/it's b" in shown
    assert not [name for name in ("user", "target", "prefix", "nowhere") if name in shown]


def test_says_which_python_is_missing(checkout: Checkout, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "dirname", "readlink", "cat", "cmp"):
        (tools / name).symlink_to(shutil.which(name))
    (tools / "python3").write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" || exit 1\n'
    )
    (tools / "python3").chmod(0o755)
    served = checkout.serve(PATH=str(tools))
    assert served.returncode == 1
    assert "Python 3.11 or newer is needed" in served.stderr
    assert "found: Python 3.9.2" in served.stderr


def test_refuses_arguments_with_its_line_of_help(checkout: Checkout) -> None:
    refused = checkout.serve("--port", "80")
    assert refused.returncode == 2
    assert refused.stderr == checkout.serve("--help").stdout


needs_environment = pytest.mark.skipif(
    not (ROOT / ".venv" / "runtime.installed").exists(),
    reason="no .venv: run the tests by scripts/test, or scripts/serve once",
)


def start(port: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [ROOT / "scripts" / "serve"],
        env=os.environ | {"PORT": str(port), "HOST": "127.0.0.1", "WEB_CONCURRENCY": "1"},
        cwd="/",
        stderr=subprocess.PIPE,
        text=True,
    )


def answer(url: str, seconds: float = 30) -> str:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return response.read().decode()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@needs_environment
def test_serves_the_page_and_stops_when_told(free_port: int) -> None:
    with start(free_port) as service:
        try:
            assert "<canvas" in answer(f"http://127.0.0.1:{free_port}/")
        finally:
            service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=30) == 0


@needs_environment
def test_says_that_the_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with start(port) as service:
            _, shown = service.communicate(timeout=30)
    assert service.returncode == 1
    assert f"Cannot serve on 127.0.0.1:{port}" in shown
    assert "PORT=8001 scripts/serve" in shown


@needs_environment
@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("MODEL", "none.npz", "`MODEL`: no such network: 'none.npz'"),
        ("THREADS", "many", "`THREADS` must be a whole number, got 'many'"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_sentence(
    free_port: int, monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with start(free_port) as service:
        _, shown = service.communicate(timeout=30)
    assert service.returncode == 1
    _, said = shown.splitlines()  # after the address
    assert said.startswith(sentence)
