"""What README.md shows works as shown."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convnet
from convnet.datasets import Dataset, Split

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()
CODE = re.search(r"```python\n(.*?)```", README, re.DOTALL)[1]


def run() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(CODE, "README.md", "exec"), names)
    return names


def accuracy(names: dict[str, Any]) -> float:
    test = names["mnist"].test
    return float(np.mean(names["network"].predict(test.inputs()).argmax(axis=1) == test.labels))


def bars(count: int, rng: np.random.Generator) -> Split:
    """Return images of a bar whose place is the label, in noise."""
    labels = rng.integers(0, 10, count).astype(np.uint8)
    images = rng.integers(0, 100, (count, 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label + 4] = 255
    return Split(images, labels)


def test_the_snippet_has_nine_lines() -> None:
    assert len(list(filter(None, CODE.splitlines()))) == 9


def test_the_snippet_learns(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator, capsys: pytest.CaptureFixture[str]
) -> None:
    generated = Dataset(bars(3000, rng), bars(200, rng))
    monkeypatch.setattr(convnet.datasets, "load_mnist", lambda: generated)
    names = run()
    assert accuracy(names) > 0.95
    shown = re.findall(r"\d+", capsys.readouterr().out)
    assert shown[5:] == [str(label) for label in generated.test.labels[:5]]


@pytest.mark.mnist
def test_the_snippet_learns_mnist() -> None:
    assert accuracy(run()) > 0.92
