"""The command: rows as the service reads, whatever dies in between."""

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convnet.datasets import idx
from scripts import predict_bulk
from scripts.bulk import command as command_module
from scripts.clients.local import LocalReader
from tests.support.live import eventually

ROWS = 800


def digits(count, rng):
    """Blots of about a digit's size: whatever they are read as."""
    pictures = np.zeros((count, 28, 28), np.uint8)
    pictures[:, 4:24, 7:21] = np.kron(rng.integers(0, 2, (count, 5, 7)), np.ones((4, 2))) * 255
    return np.maximum(
        pictures, pictures[:, ::-1, ::-1]
    )  # in MNIST's form: the middle is the middle


@pytest.fixture
def folder(tmp_path, seven, rng, monkeypatch):
    """Pictures in files: good ones, an empty one, and none at all."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in/below").mkdir(parents=True)
    (tmp_path / "in/seven.png").write_bytes(seven)
    Image.new("L", (40, 40), 255).save(tmp_path / "in/blank.png")
    (tmp_path / "in/broken.jpg").write_text("no picture")
    Image.fromarray(digits(1, rng)[0]).save(tmp_path / "in/below/blot, with a comma.png")
    return tmp_path


def rows_of(path):
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            return list(csv.DictReader(file))
    from pyarrow import parquet

    return parquet.read_table(path).to_pylist()


def test_rows_say_what_the_service_would(folder):
    out = folder / "out.csv"
    assert predict_bulk.main(["in", "--out", str(out), "--workers", "1"]) == 0
    rows = {row["path"]: row for row in rows_of(out)}
    assert list(rows) == [
        *("in/blank.png", "in/broken.jpg", "in/seven.png", "in/below/blot, with a comma.png")
    ]
    assert rows["in/blank.png"]["error"] == "nothing is drawn in the picture"
    assert rows["in/broken.jpg"]["error"].startswith("the bytes are not a PNG")
    assert not rows["in/broken.jpg"]["digit"]
    reader = LocalReader("digits")
    for name in ("in/seven.png", "in/below/blot, with a comma.png"):
        row, answer = rows[name], reader((folder / name).read_bytes(), "predict")
        assert row["digit"] == ("" if answer["digit"] is None else str(answer["digit"]))
        assert float(row["confidence"]) == pytest.approx(answer["confidence"], abs=1e-5)
        assert row["verdict"] == ("digit" if answer["is_digit"] else "none")
        assert not row["error"]
    assert not list(folder.glob("out.csv.*"))


def test_numbers_are_read(folder):
    out = folder / "out.csv"
    assert predict_bulk.main(["in", "--read", "--out", str(out), "--workers", "1"]) == 0
    rows = {row["path"]: row for row in rows_of(out)}
    assert rows["in/seven.png"]["text"] == "7"
    assert float(rows["in/seven.png"]["confidence"]) > 0.5
    assert rows["in/blank.png"]["error"] == "nothing is written in the picture"


def test_no_row_depends_on_how_fast_the_machine_is(folder, monkeypatch):
    """The service may give up a picture after so much time; here it takes as long as it takes."""
    monkeypatch.setenv("READ_MILLISECONDS", "1")
    arguments = ["in/seven.png", "--read", "--out", "out.csv", "--workers", "1"]
    assert predict_bulk.main(arguments) == 0
    (row,) = rows_of(folder / "out.csv")
    assert (row["text"], row["error"]) == ("7", "")


def test_a_file_that_is_there_is_not_overwritten(folder, capsys):
    (folder / "out.csv").write_text("mine")
    assert predict_bulk.main(["in", "--out", "out.csv"]) == 1
    assert "there already" in capsys.readouterr().err
    assert (folder / "out.csv").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["none.zip", "--out", "out.csv"], "none.zip: no such file"),
        (["in", "--out", "out.xls"], "should end with .csv or .parquet"),
        (["in/*.tiff", "--out", "out.csv"], "no pattern"),
        (["in", "--model", "none-such", "--out", "out.csv"], "no such network"),
    ],
)
def test_a_wrong_command_is_refused_before_any_work(folder, capsys, arguments, reason):
    assert predict_bulk.main(arguments) == 1
    assert reason in capsys.readouterr().err
    assert not (folder / "out.csv").exists()


@pytest.fixture
def many(tmp_path, rng, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "many.idx").write_bytes(idx.encode(digits(ROWS, rng)))
    return tmp_path


def command(root, *arguments):
    script = [sys.executable, str(root / "scripts/predict_bulk.py"), "many.idx", *arguments]
    return [*script, "--chunk", "20", "--workers", "2"]


def children(pid):
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_what_was_killed_goes_on_and_no_row_is_lost_or_doubled(root, many, capsys):
    with subprocess.Popen(command(root, "--out", "out.csv"), stderr=subprocess.DEVNULL) as process:
        eventually(lambda: len(list(many.glob("out.csv.parts/0*-*"))) > 3)
        workers = children(process.pid)
        process.send_signal(signal.SIGKILL)
    assert len(workers) >= 2
    eventually(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in workers))
    done = list(many.glob("out.csv.parts/0*-*"))
    assert 0 < len(done) < ROWS / 20
    times = {path: path.stat().st_mtime_ns for path in done}

    assert predict_bulk.main(["many.idx", "--out", "out.csv", "--chunk", "7"]) == 1
    assert "chunk: 20, now 7" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in times} == times

    again = subprocess.run(command(root, "--out", "out.csv"), capture_output=True, text=True)
    assert f"{20 * len(done):,} of {ROWS:,} pictures were read before." in again.stdout
    subprocess.run(command(root, "--out", "whole.csv"), check=True, capture_output=True)
    assert (many / "out.csv").read_bytes() == (many / "whole.csv").read_bytes()
    names = [row["path"] for row in rows_of(many / "out.csv")]
    assert names == [f"many.idx#{number}" for number in range(ROWS)]
    assert sorted(path.name for path in many.iterdir()) == ["many.idx", "out.csv", "whole.csv"]


def test_a_picture_that_ends_its_process_is_a_row(root, many, monkeypatch, seven):
    """As a decoder does that crashes: here, one that is made to."""
    (many / "in").mkdir()
    for number in range(6):
        (many / f"in/{number}.png").write_bytes(seven + b"DEADLY" * (number == 2))
    (many / "sitecustomize.py").write_text(
        "import io, os, signal\n"
        "from PIL import Image\n"
        "whole = Image.open\n"
        "def open(file, **options):\n"
        "    if b'DEADLY' in file.getvalue(): os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return whole(file, **options)\n"
        "Image.open = open\n"
    )
    environment = os.environ | {"PYTHONPATH": str(many)}
    script = [sys.executable, str(root / "scripts/predict_bulk.py"), "in", "--out", "out.csv"]
    subprocess.run([*script, "--chunk", "3"], env=environment, check=True, capture_output=True)
    rows = rows_of(many / "out.csv")
    assert [row["digit"] for row in rows] == ["7", "7", "", "7", "7", "7"]
    assert rows[2]["error"] == "reading this picture ended the process that did it"


def test_files_that_come_meanwhile_do_not_belong_to_it(folder, seven, monkeypatch):
    compute = command_module.on_processes

    def come_late(job, chunks, workers):
        for number, result in enumerate(compute(job, chunks, workers)):
            (folder / f"in/{number}.png").write_bytes(seven)
            yield result

    monkeypatch.setattr(command_module, "on_processes", come_late)
    assert predict_bulk.main(["in", "--out", "out.csv", "--workers", "1", "--chunk", "4"]) == 0
    assert len(rows_of(folder / "out.csv")) == 4


def test_parquet_has_the_same_rows_as_csv(folder):
    for name in ("out.csv", "out.parquet"):
        arguments = ["in", "--out", name, "--workers", "1", "--chunk", "1"]
        assert predict_bulk.main(arguments) == 0
    for text, row in zip(rows_of(folder / "out.csv"), rows_of(folder / "out.parquet"), strict=True):
        assert text["path"] == row["path"]
        assert text["digit"] == ("" if row["digit"] is None else str(row["digit"]))
        assert text["error"] == (row["error"] or "")
        if text["confidence"]:
            assert row["confidence"] == pytest.approx(float(text["confidence"]))


def test_without_pyarrow_parquet_says_what_to_install(folder, capsys, monkeypatch):
    monkeypatch.setattr("scripts.bulk.parquet.pyarrow", None)
    assert predict_bulk.main(["in", "--out", "out.parquet"]) == 1
    assert "pip install -e '.[scale]'" in capsys.readouterr().err


def test_names_of_other_classes(folder, rng):
    import convnet
    from convnet.layers import Dense, Flatten

    network = convnet.Sequential([Flatten(), Dense(3)], (8, 8, 3), rng=rng, name="animals")
    network.metadata |= {"classes": ["cat", "dog", "owl"], "input_form": "plain"}
    network.save(folder / "animals.npz")
    arguments = ["in", "--model", "animals.npz", "--out", "out.csv", "--workers", "1"]
    assert predict_bulk.main(arguments) == 0
    rows = rows_of(folder / "out.csv")
    assert {row["label"] for row in rows} <= {"", "cat", "dog", "owl"}
    assert [bool(row["error"]) for row in rows] == [False, True, False, False]
