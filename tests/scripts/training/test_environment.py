"""A command that is started by a Python without the packages goes to .venv, or says how."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
COMMANDS = sorted(
    path.name for path in (ROOT / "scripts").glob("*.py") if "use_environment" in path.read_text()
)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python without any package."""
    folder = tmp_path_factory.mktemp("bare")
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([base, "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin" / "python"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The commands in a folder with a space in its name."""
    folder = tmp_path / "a checkout"
    ignore = shutil.ignore_patterns("__pycache__")
    for name in ("scripts", "convnet"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignore)
    return folder


def run(python: Path, checkout: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [python, *argv], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_it_names_the_command_that_works(bare: Path, checkout: Path, command: str) -> None:
    done = run(bare, checkout, f"scripts/{command}", "--data", "my pictures")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "numpy, flask, PIL, requests missing" in done.stderr
    assert f"scripts/python scripts/{command} --data 'my pictures'" in done.stderr


def test_after_serve_it_runs_in_its_environment(bare: Path, checkout: Path) -> None:
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nprintf "%s|" in .venv "$@"\n')
    python.chmod(0o755)
    unfinished = run(bare, checkout, "scripts/train.py")
    assert unfinished.returncode == 1, "nothing is installed there yet"
    (checkout / ".venv" / "runtime.installed").touch()
    done = run(bare, checkout, "scripts/train.py", "--data", "my pictures")
    assert done.stdout == "in|.venv|scripts/train.py|--data|my pictures|"


def test_an_environment_that_lacks_a_package_is_not_started_for_ever(
    bare: Path, checkout: Path
) -> None:
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([base, "-m", "venv", "--without-pip", checkout / ".venv"], check=True)
    (checkout / ".venv" / "runtime.installed").touch()
    done = run(bare, checkout, "scripts/train.py")
    assert "scripts/python scripts/train.py" in done.stderr
    assert done.returncode == 1


def test_all_commands_for_users_do_it() -> None:
    assert {"train.py", "predict.py", "evaluate.py", "download_data.py", "visualize.py"} <= set(
        COMMANDS
    )
