"""What the Dockerfile copies is enough, and its commands work: tried without Docker."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")


def command(instruction: str) -> list[str]:
    """Return the command of an instruction, which must have the exec form: a JSON array."""
    return json.loads(re.search(rf"{instruction}[^\n\[]*(\[.*\])$", DOCKERFILE, re.MULTILINE)[1])


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("image")
    for source, target in re.findall(r"^COPY (\S+) (\S+)$", DOCKERFILE, re.MULTILINE):
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / target)
        else:
            shutil.copy(ROOT / source, folder / target)
    return folder


def test_everything_copied_is_let_through_by_dockerignore(image: Path) -> None:
    let_through = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert {path.name for path in image.iterdir()} == set(let_through)


def test_the_container_does_not_run_as_root() -> None:
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", DOCKERFILE, re.MULTILINE)


def test_its_command_serves_and_its_health_check_notices(image: Path, free_port: int) -> None:
    python_first = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": python_first, "PORT": str(free_port), "HOST": "127.0.0.1"}
    healthy = {"args": command("HEALTHCHECK.*?CMD"), "env": environment, "capture_output": True}
    assert subprocess.run(**healthy).returncode != 0
    with subprocess.Popen(command("\nCMD"), env=environment, cwd=image) as service:
        try:
            deadline = time.monotonic() + 60
            while code := subprocess.run(**healthy).returncode:
                assert service.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.2)
            assert code == 0
        finally:
            service.terminate()
