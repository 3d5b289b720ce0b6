"""docs/adding-a-layer.md, followed word for word in a copy of the project."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.live import serve
from tests.support.page import Desk

# "`path/to/file.py`:" and then a block of code, which is the file or what changes in it.
STEP = re.compile(r"`(\S+\.py)`:\n\n```(python|diff)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLE = re.compile(r"## 6\. Use it\n\n```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
CHECK = re.compile(
    r"^```python\n(import convnet\n.*?gradients\.check.*?)^```", re.MULTILINE | re.DOTALL
)
SAVED = re.compile(r"^```python\n(network\.save.*?)^```", re.MULTILINE | re.DOTALL)


def change(text: str, diff: str) -> str:
    """Apply hunks without line numbers: what they show must be in the file exactly once."""
    for hunk in re.split(r"^@@\n", diff, flags=re.MULTILINE):
        lines = hunk.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if line[0] in " -")
        after = "".join(line[1:] for line in lines if line[0] in " +")
        assert text.count(before) == 1, f"not exactly once in the file:\n{before}"
        text = text.replace(before, after)
    return text


@pytest.fixture(scope="module")
def guide(root: Path) -> str:
    return (root / "docs" / "adding-a-layer.md").read_text()


@pytest.fixture(scope="module")
def project(guide: str, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which all steps were done."""
    project = tmp_path_factory.mktemp("project")
    ignore = shutil.ignore_patterns("__pycache__", "js")
    for folder in ("convnet", "scripts", "server", "tests"):
        shutil.copytree(root / folder, project / folder, ignore=ignore)
    for folder in ("static", "templates"):
        shutil.copytree(root / folder, project / folder)
    for file in ("pyproject.toml", "wsgi.py"):
        shutil.copy(root / file, project)
    for file, kind, code in STEP.findall(guide):
        path = project / file
        assert path.exists() == (kind == "diff"), file
        path.write_text(change(path.read_text(), code) if kind == "diff" else code)
    return project


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def test_all_steps_are_found(guide: str) -> None:
    assert [file for file, _, _ in STEP.findall(guide)] == [
        "convnet/layers/prelu.py",
        "convnet/layers/__init__.py",
        "tests/support/layer_cases.py",
        "tests/convnet/test_weights.py",
        "convnet/onnx/converters.py",
        "tests/scripts/test_export_onnx.py",
    ]


def test_the_commands_of_the_guide_pass(guide: str, project: Path) -> None:
    commands = "".join(COMMAND.findall(guide)).splitlines()
    assert len(commands) == 2
    for command in commands:
        python, *arguments = command.split()
        assert python == "python"
        done = run(project, sys.executable, *arguments, "-v", "-p", "no:cacheprovider")
        assert done.returncode == 0, done.stdout
        assert re.search(r"prelu.* PASSED", done.stdout)


def test_the_layer_can_be_used(guide: str, project: Path) -> None:
    (example,) = EXAMPLE.findall(guide)
    done = run(project, sys.executable, "-c", example)
    assert done.returncode == 0, done.stderr
    assert "prelu1: PReLU(0.25)" in done.stdout


@pytest.mark.browser
def test_the_layer_is_on_the_page(
    guide: str, project: Path, tmp_path: Path, open_desk: Callable[..., Desk]
) -> None:
    (example,), (saved,) = EXAMPLE.findall(guide), SAVED.findall(guide)
    done = run(project, sys.executable, "-c", example + saved)
    assert done.returncode == 0, done.stderr
    assert "MODEL=prelu.npz scripts/serve" in guide
    with serve(tmp_path, root=project, MODEL="prelu.npz", WEB_CONCURRENCY=1) as service:
        desk = open_desk(url=service.url)
        desk.page.click("#samples button >> nth=3")
        card = desk.page.locator(".layer[data-name=prelu1]")
        assert card.locator("p").inner_text().startswith("Leaky ReLU with a trained slope")
        card.locator("button").press("Enter")
        desk.wait("() => document.querySelector('.equation strong')")
        assert "convnet/layers/prelu.py" in desk.text(".inspector-head")
        desk.page.locator(".picker input").fill("5")
        desk.wait("() => document.querySelector('.picker output').textContent.includes('6')")
        desk.settle()
        numbers = re.findall(r"−?\d+\.\d+", desk.text(".equation"))
        x, slope, out = (float(number.replace("−", "-")) for number in numbers)
        assert out == pytest.approx(x if x > 0 else slope * x, abs=2e-3)
        trained = np.load(project / "prelu.npz")["prelu1.slope"]
        assert slope == pytest.approx(trained[5], abs=1e-3)


def test_the_gradients_can_be_checked_in_one_line(guide: str, project: Path) -> None:
    (line,) = CHECK.findall(guide)
    done = run(project, sys.executable, "-c", line)
    assert done.returncode == 0, done.stderr
    assert "'slope': " in done.stdout


def test_the_battery_notices_a_mistake(project: Path, tmp_path: Path) -> None:
    """As the guide promises: without `minimum`, a gradient is wrong, and the test says which."""
    copy = tmp_path / "project"
    shutil.copytree(project, copy)
    layer = copy / "convnet" / "layers" / "prelu.py"
    layer.write_text(layer.read_text().replace("np.minimum(x, 0)", "x"))
    done = run(
        copy,
        sys.executable,
        "-m",
        "pytest",
        "tests/convnet/layers/test_every_layer.py",
        "-k",
        "prelu",
        "-q",
    )
    assert done.returncode == 1
    assert "slope" in done.stdout


def test_the_guide_is_written_as_the_project_is(guide: str, project: Path) -> None:
    files = [file for file, _, _ in STEP.findall(guide)]
    for command in (
        ["ruff", "check", *files],
        ["ruff", "format", "--check", *files],
        ["mypy", "convnet/layers/prelu.py"],
    ):
        done = run(project, sys.executable, "-m", *command)
        assert done.returncode == 0, done.stdout + done.stderr
