"""docs/your-own-data.md, followed word for word: folders, training, a service, an answer."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from server.recognizer import Recognizer
from tests.support.live import serve

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
WALK = "## From two folders to a service", "## What is read"


def section(text: str) -> str:
    return text.split(WALK[0])[1].split(WALK[1])[0]


def shell(command: str, folder: Path, root: Path) -> str:
    """Run a command of the page, with the Python of the tests in the place of `scripts/python`."""
    command = command.replace("scripts/python", shlex.quote(sys.executable))
    command = command.replace(" scripts/", f" {shlex.quote(str(root))}/scripts/")
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def blocks(root: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(section((root / "docs" / "your-own-data.md").read_text()))


def test_from_two_folders_to_an_answer(
    blocks: list[tuple[str, str]], tmp_path: Path, root: Path
) -> None:
    (kind, draw), (_, train), (_, predict), (_, served), (_, curl) = blocks
    assert kind == "python"
    (tmp_path / "draw.py").write_text(draw)
    shell("scripts/python draw.py", tmp_path, root)
    shown = shell(train, tmp_path, root)
    assert float(re.search(r"test accuracy ([\d.]+)%", shown)[1]) > 80
    assert re.match(r"animals/dog/00\.\w+: dog \(", shell(predict, tmp_path, root))
    setting, command = served.split()
    assert command == "scripts/serve"
    name, _, value = setting.partition("=")
    with serve(tmp_path, WEB_CONCURRENCY=1, **{name: str(tmp_path / value)}) as service:
        answer = shell(curl.replace("http://127.0.0.1:8000", service.url), tmp_path, root)
    assert json.loads(answer)["label"] == "dog"


def test_from_python(
    blocks: list[tuple[str, str]], tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (root / "docs" / "your-own-data.md").read_text().split("## From Python")[1]
    (_, code), *_ = BLOCK.findall(text)
    (tmp_path / "draw.py").write_text(blocks[0][1])
    shell("scripts/python draw.py", tmp_path, root)
    (tmp_path / "train.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(root))
    shown = shell("scripts/python train.py", tmp_path, root)
    assert "epoch 1/40: loss" in shown
    assert (tmp_path / "history.png").read_bytes().startswith(b"\x89PNG")
    recognizer = Recognizer.load(str(tmp_path / "animals.npz"))
    assert recognizer.classes.labels == ("cat", "dog")


@pytest.mark.mnist
def test_kaggles_commands(root: Path, tmp_path: Path) -> None:
    """The commands of the page, on MNIST's first pictures in Kaggle's form."""
    from convnet import datasets

    text = (root / "docs" / "your-own-data.md").read_text().split("## Kaggle")[1]
    (_, commands), *_ = BLOCK.findall(text)
    train = datasets.load_mnist().train
    folder = tmp_path / "digit-recognizer"
    folder.mkdir()
    names = ",".join(f"pixel{number}" for number in range(784))
    for name, part in (("train", train.take(slice(200))), ("test", train.take(slice(200, 220)))):
        rows = part.images.reshape(len(part), -1).tolist()
        labels = [f"{label}," if name == "train" else "" for label in part.labels.tolist()]
        lines = [label + ",".join(map(str, row)) for label, row in zip(labels, rows, strict=True)]
        head = "label," * (name == "train") + names
        (folder / f"{name}.csv").write_text("\n".join([head, *lines]) + "\n")
    shell(commands.replace("--out", "--epochs 2 --out", 1), tmp_path, root)
    lines = (tmp_path / "submission.csv").read_text().splitlines()
    assert lines[0] == "ImageId,Label"
    assert len(lines) == 21
