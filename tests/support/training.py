"""Call `scripts/train.py` with command-line arguments."""

from pathlib import Path

import pytest

import convnet
from scripts import train


def arguments(data: Path, out: Path, *more: str, architecture: str = "cnn-numpy") -> list[str]:
    return ["--architecture", architecture, "--data", str(data), "--out", str(out), *more]


def run(data: Path, out: Path, *more: str, architecture: str = "cnn-numpy") -> convnet.Sequential:
    assert train.main(arguments(data, out, *more, architecture=architecture)) == 0
    return convnet.load(out)


def fails(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    assert train.main(list(argv)) == 1
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err
    return shown.err
