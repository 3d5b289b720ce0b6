"""`scripts/reproduce.py`: the table in docs/classics.md is what the networks came to."""

import re
from pathlib import Path

import numpy as np
import pytest

import convnet
from convnet import datasets
from scripts import reproduce
from scripts.reproduce import CLASSICS, Classic, Result
from scripts.training import formats
from scripts.training.table import BEGIN, END, replace_table, table
from tests.support.tiny_digits import tiny_digits, write_idx

DATA = tiny_digits(train=300)


# Data as their authors had it


@pytest.mark.parametrize(
    ("write", "reader"),
    [
        (formats.write_idx, datasets.idx),
        (formats.write_gzipped_idx, datasets.idx),
        (formats.write_archive, datasets.idx),
        (formats.write_csv, datasets.csv),
    ],
)
def test_what_is_written_is_read(write: object, reader: object, tmp_path: Path) -> None:
    write(tmp_path, DATA)
    assert datasets.find(tmp_path)[0] is reader
    read = datasets.load(tmp_path)
    for part in ("train", "test"):
        got, wanted = getattr(read, part), getattr(DATA, part)
        np.testing.assert_array_equal(got.images, wanted.images)
        np.testing.assert_array_equal(got.labels, wanted.labels)


def test_each_classic_has_its_own_format() -> None:
    written = {name: classic.write for name, classic in CLASSICS.items()}
    assert written["cnn-numpy"] is formats.write_csv
    assert written["simple-conv-net"] is formats.write_archive
    assert written["live-app"] is formats.write_gzipped_idx


# The command


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All five, trained on a data set that takes seconds."""
    folder = tmp_path_factory.mktemp("reproduced")
    (folder / "table.md").write_text(f"# Before\n\n{BEGIN}\nold\n{END}\n\nAfter.\n")
    argv = ["--data", str(write_idx(folder / "data", DATA)), "--out", str(folder / "weights")]
    reproduce.main([*argv, "--table", str(folder / "table.md")])
    return folder


def test_the_table_says_what_the_weights_say(reproduced: Path) -> None:
    text = (reproduced / "table.md").read_text()
    assert "old" not in text
    assert text.startswith("# Before\n")
    assert text.endswith("After.\n")
    for name, classic in CLASSICS.items():
        record = convnet.load(reproduced / "weights" / f"{name}.npz").metadata
        (row,) = (line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        history = record["training"]["history"]
        assert f"**{record['test']['accuracy']:.2%}**, {history[-1]['accuracy']:.2%}" in row
        assert f"{history[0]['loss']:.3f} → {history[-1]['loss']:.3f}" in row
        assert classic.author in row
        assert re.search(r"\| \d+ \|$", row)  # seconds


def test_the_table_says_on_what_it_was_measured(reproduced: Path) -> None:
    assert f"NumPy {np.__version__}" in (reproduced / "table.md").read_text()


@pytest.mark.parametrize("limits", [{"test": 0.9}, {"train": 0.9}, {"loss": 0.1}])
def test_below_the_author_is_below(limits: dict[str, float]) -> None:
    classic = Classic("", "", formats.write_idx, "", **limits)
    assert Result(0.95, 0.95, (1.0, 0.05), 1).reaches(classic)
    assert not Result(0.85, 0.85, (1.0, 0.15), 1).reaches(classic)


def test_a_network_below_its_author_fails_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reproduce, "reproduce", lambda *_: Result(0.97, 0.99, (1.0, 0.1), 5))
    data = write_idx(tmp_path / "data", DATA)
    argv = ["--data", str(data), "--table", str(tmp_path / "t.md"), "--only"]
    assert reproduce.main([*argv, "live-app"]) == 1
    assert "below the author's result: live-app" in capsys.readouterr().err
    assert reproduce.main([*argv, "simple-conv-net"]) == 0


# Tables in documents


def test_tables() -> None:
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_only_what_is_between_the_marks_changes(tmp_path: Path) -> None:
    document = tmp_path / "d.md"
    document.write_text(f"before {BEGIN} x {END} after")
    replace_table(document, "new")
    assert document.read_text() == f"before {BEGIN}\nnew\n{END} after"
    replace_table(tmp_path / "new.md", "new")
    assert (tmp_path / "new.md").read_text() == f"{BEGIN}\nnew\n{END}\n"


@pytest.mark.parametrize("text", ["no marks", BEGIN, END, f"{END} {BEGIN}"])
def test_a_document_without_marks_is_left_alone(text: str, tmp_path: Path) -> None:
    (tmp_path / "d.md").write_text(text)
    with pytest.raises(ValueError, match=r"d\.md has no"):
        replace_table(tmp_path / "d.md", "new")
    assert (tmp_path / "d.md").read_text() == text


# The document


def test_every_classic_is_at_or_above_its_author_in_the_docs(root: Path) -> None:
    text = (root / "docs" / "classics.md").read_text().partition(BEGIN)[2]
    for name, classic in CLASSICS.items():
        (row,) = (line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        test, training = (float(share) / 100 for share in re.findall(r"([\d.]+)%", row))
        last_loss = float(re.search(r"→ (\d\.\d{3}) \(", row)[1])
        assert Result(test, training, (last_loss,), 0).reaches(classic)
