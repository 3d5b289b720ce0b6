"""`scripts/predict.py --submission`: an unlabelled CSV file in, Kaggle's two columns out."""

from pathlib import Path

import numpy as np
import pytest

from scripts import predict
from tests.scripts.datasets.test_picture_folders import picture
from tests.server.networks import make
from tests.support.tiny_digits import tiny_digits
from tests.support.training import run

PIXELS = ",".join(f"pixel{number}" for number in range(784))


def kaggle(folder: Path, ids: bool = False) -> None:
    """Write train.csv with labels and test.csv without."""
    data = tiny_digits()
    for name, split in (("train", data.train), ("test", data.test)):
        first = split.labels if name == "train" else np.arange(len(split)) + 700
        head = "label," if name == "train" else "Id,"
        rows = split.images.reshape(len(split), -1)
        if name == "train" or ids:
            rows = np.column_stack([first, rows.astype(int)])
        else:
            head = ""
        lines = [head + PIXELS, *(",".join(map(str, row)) for row in rows.tolist())]
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("ids", [False, True])
def test_from_kaggles_files_to_the_submission(
    tmp_path: Path, ids: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    kaggle(tmp_path, ids)
    run(tmp_path, tmp_path / "n.npz", "--epochs", "4")
    argv = ["--model", str(tmp_path / "n.npz"), "--submission", str(tmp_path / "answers.csv")]
    assert predict.main([*argv, str(tmp_path / "test.csv")]) == 0
    assert f"60 answers written to {tmp_path}/answers.csv" in capsys.readouterr().out
    head, *rows = (tmp_path / "answers.csv").read_text().splitlines()
    assert head == ("Id,label" if ids else "ImageId,Label")
    start = 700 if ids else 1
    expected = [f"{start + i},{label}" for i, label in enumerate(tiny_digits().test.labels)]
    assert rows == expected


def test_pictures_of_another_size_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text("\n".join([",".join(["200"] * 16)] * 2))
    argv = ["--submission", str(tmp_path / "answers.csv"), str(tmp_path / "a.csv")]
    assert predict.main(argv) == 1
    assert "digits takes pictures of 28 × 28 × 1, these are 4 × 4" in capsys.readouterr().err
    assert not (tmp_path / "answers.csv").exists()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["test.csv"], "a CSV file needs --submission FILE"),
        (["--submission", "a.csv", "--read", "test.csv"], "does not go with --url, --read"),
        (["--submission", "a.csv", "test.csv", "more.csv"], "--submission takes one CSV file"),
    ],
)
def test_what_does_not_go_together(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        predict.main(argv)
    assert message in capsys.readouterr().err


def test_other_classes_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make((20, 24, 1), ["cat", "dog", "eel", "fox"]).save(tmp_path / "n.npz")
    picture("cat", np.random.default_rng(0)).save(tmp_path / "a.png")
    assert predict.main(["--model", str(tmp_path / "n.npz"), str(tmp_path / "a.png")]) == 0
    first, *rows = capsys.readouterr().out.splitlines()
    name = rows[0].split()[0]
    assert name in ("cat", "dog", "eel", "fox")
    assert first.startswith(f"{tmp_path}/a.png: {name} (")
    assert len(rows) == 3
