"""`scripts/train.py`: one word trains a network, any moment is a good one to stop."""

import contextlib
import gzip
import hashlib
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convnet
from convnet.datasets.mnist import SHA256
from convnet.storage.npz import ArrayFile
from scripts import train
from scripts.training.recipes import RECIPES
from scripts.training.sources import MNIST, SOURCES, RemoteFile
from tests.support.tiny_digits import tiny_digits, write_csv, write_idx
from tests.support.training import arguments, fails, run

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_idx(tmp_path_factory.mktemp("data"), tiny_digits())


# One word


@pytest.mark.parametrize("architecture", RECIPES)
def test_one_word_trains_each(
    architecture: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = run(data, tmp_path / "n.npz", "--epochs", "2", architecture=architecture)
    assert network.name == architecture
    record, shown = network.metadata, capsys.readouterr().out
    assert record["training"]["epochs"] == 2
    assert [epoch["epoch"] for epoch in record["training"]["history"]] == [1, 2]
    assert f"test accuracy {record['test']['accuracy']:.2%}" in shown
    assert "epoch 2/2: loss" in shown
    assert "images/s" in shown
    assert network.summary() in shown


MY_NET = """
from convnet import Conv2D, Dense, GlobalAveragePool2D, ReLU, Residual


def layers(classes):
    block = Residual([Conv2D(8, 3, padding=1), ReLU()])
    return [Conv2D(8, 3), ReLU(), block, GlobalAveragePool2D(), Dense(classes)]
"""


def test_a_network_of_ones_own_comes_from_a_file(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "my_net.py"
    file.write_text(MY_NET)
    network = run(data, tmp_path / "n.npz", "--epochs", "1", architecture=str(file))
    assert (network.name, network.output_shape) == ("my_net", (10,))
    assert [layer.kind for layer in network.layers][2] == "residual"
    assert network.metadata["training"]["batch_size"] == 64


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("x = 1", "must define a function layers(classes)"),
        ("def layers(classes:", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def layers(classes): return [classes]", "must return a list of layers, got [10]"),
        (None, "expected one of digits,"),
    ],
)
def test_a_file_without_a_network_is_refused(
    code: str | None,
    reason: str,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "net.py"
    if code is not None:
        file.write_text(code)
    argv = ["--architecture", str(file), "--data", str(data), "--out", str(tmp_path / "n.npz")]
    with contextlib.suppress(SystemExit):
        assert train.main(argv) == 1
    assert not (tmp_path / "n.npz").exists()
    assert reason in capsys.readouterr().err


def test_the_record_says_how_and_how_well(data: Path, tmp_path: Path) -> None:
    options = ("--epochs", "3", "--learning-rate", "0.01", "--batch-size", "4", "--seed", "9")
    network = run(data, tmp_path / "n.npz", *options)
    training = network.metadata["training"]
    assert (training["seed"], training["epochs"], training["batch_size"]) == (9, 3, 4)
    assert (training["optimizer"], training["loss"]) == ("SGD", "CrossEntropy")
    assert training["schedule"] == "Constant(learning_rate=0.01)"
    test = tiny_digits().test
    answers = network.predict(test.inputs()).argmax(axis=1)
    assert network.metadata["test"]["images"] == 60
    assert network.metadata["test"]["accuracy"] == np.mean(answers == test.labels) > 0.9


def test_without_a_word_it_is_the_network_for_a_first_try(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "n.npz"
    assert train.main(["--data", str(data), "--out", str(out), "--epochs", "1"]) == 0
    assert convnet.load(out).name == "live-app"
    assert train._parse([]).out == Path("runs/live-app.npz")
    assert train._parse(["--recipe", "digits"]).architecture is None


def test_same_seed_same_bytes(data: Path, tmp_path: Path) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        options = ("--epochs", "1", "--limit", "60", "--seed", seed)
        run(data, tmp_path / f"{name}.npz", *options, architecture="digits")
    a, b, c = ((tmp_path / f"{name}.npz").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_same_bytes_in_another_process(data: Path, tmp_path: Path, root: Path) -> None:
    run(data, tmp_path / "a.npz", architecture="live-app")
    script = [sys.executable, str(root / "scripts" / "train.py")]
    command = [*script, *arguments(data, tmp_path / "b.npz", architecture="live-app")]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_the_format_of_the_data_does_not_matter(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "idx.npz")
    run(write_csv(tmp_path / "csv", tiny_digits()), tmp_path / "csv.npz")
    write_idx(tmp_path / "kaggle" / "archive", tiny_digits())
    run(tmp_path / "kaggle", tmp_path / "archive.npz")
    one, two, three = (
        (tmp_path / f"{name}.npz").read_bytes() for name in ("idx", "csv", "archive")
    )
    assert one == two == three


def test_folders_of_pictures_are_data_too(tmp_path: Path) -> None:
    for part, split in (("train", tiny_digits().train), ("test", tiny_digits().test)):
        for number, (image, label) in enumerate(zip(split.images, split.labels, strict=True)):
            folder = tmp_path / part / str(label)
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(folder / f"{number}.png")
    network = run(tmp_path, tmp_path / "n.npz", "--epochs", "3")
    assert network.metadata["test"] == pytest.approx(
        {"loss": 0, "accuracy": 1, "images": 60}, abs=0.1
    )


# A part of the data


def test_a_subset_by_digits_and_number(data: Path, tmp_path: Path) -> None:
    network = run(data, tmp_path / "n.npz", "--digits", "3,8,1", "--limit", "20")
    assert network.metadata["training"]["digits"] == [1, 3, 8]
    assert network.metadata["training"]["limit"] == 20
    assert network.metadata["test"]["images"] == 18  # all that show these digits
    assert network.metadata["classes"] == list(range(10))


def test_two_outputs_stand_for_the_two_digits(data: Path, tmp_path: Path) -> None:
    options = ("--digits", "3,8", "--epochs", "30", "--learning-rate", "0.3")
    network = run(data, tmp_path / "n.npz", *options, architecture="zero-vs-one")
    assert network.metadata["classes"] == [3, 8]
    test = tiny_digits().test.subset((3, 8))
    answers = np.array([3, 8])[network.predict(test.inputs()).argmax(axis=1)]
    assert np.mean(answers == test.labels) == network.metadata["test"]["accuracy"] == 1


# What is refused


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--architecture", "lenet"], "or a .py file, got 'lenet'"),
        (["--epochs", "0"], "expected a whole number of at least 1, got '0'"),
        (["--batch-size", "x"], "expected a whole number of at least 1, got 'x'"),
        (["--learning-rate", "nan"], "expected a number above 0, got 'nan'"),
        (["--learning-rate", "-1"], "expected a number above 0, got '-1'"),
        (["--digits", "0,10"], "expected digits such as 0,1, got '0,10'"),
        (["--digits", ""], "expected digits such as 0,1, got ''"),
        (["--resume"], "--resume needs --checkpoint DIR"),
    ],
)
def test_bad_options_are_named(
    options: list[str], message: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        train.main([*arguments(data, data / "n.npz"), *options])
    assert exit_.value.code == 2
    assert message in capsys.readouterr().err


def test_no_data_is_an_error_where_a_folder_was_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = fails(capsys, *arguments(tmp_path / "none", tmp_path / "n.npz"))
    assert f"train.py: {tmp_path}/none: no such folder" in shown
    assert "download_data.py" in shown
    assert "CONVNET_DATA_DIR" in shown


def test_a_place_that_cannot_be_written_is_named_before_training(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for out in (tmp_path, tmp_path / "file" / "n.npz"):
        assert train.main(arguments(data, out)) == 1
        shown = capsys.readouterr()
        assert "epoch" not in shown.out
        assert str(tmp_path) in shown.err


@pytest.mark.parametrize("option", ["--checkpoint", "--figures"])
def test_folders_that_cannot_be_written_are_named_before_training(
    option: str, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for folder, reason in (("file", "is a file"), ("file/below", "cannot be made")):
        argv = arguments(data, tmp_path / "n.npz", option, str(tmp_path / folder))
        assert train.main(argv) == 1
        shown = capsys.readouterr()
        assert shown.out == "", "no network is built, nothing is trained"
        assert f"{tmp_path / folder} {reason}" in shown.err


def test_a_folder_of_the_name_does_not_hinder_the_usual_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "runs" / "live-app").mkdir(parents=True)  # its checkpoint, as in docs/classics.md
    monkeypatch.chdir(tmp_path)
    options = train._parse(["--architecture", "live-app", "--checkpoint", "runs/live-app"])
    assert options.out == Path("runs/live-app.npz")


def test_broken_data_is_named(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(data, folder)
    images = folder / "train-images-idx3-ubyte"
    images.write_bytes(images.read_bytes()[:-1])
    assert "train-images-idx3-ubyte" in fails(capsys, *arguments(folder, tmp_path / "n.npz"))


def test_digits_that_a_network_has_no_outputs_for(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = arguments(data, tmp_path / "n.npz", "--digits", "0,1,2", architecture="zero-vs-one")
    assert "2 outputs cannot tell the digits (0, 1, 2)" in fails(capsys, *more)


@pytest.mark.filterwarnings("ignore:.*encountered:RuntimeWarning")
def test_divergence_ends_the_run_with_advice(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = fails(capsys, *arguments(data, tmp_path / "n.npz", "--learning-rate", "1e30"))
    assert "no finite loss: try a lower learning rate" in shown
    assert not (tmp_path / "n.npz").exists()


# Data that comes by itself


@pytest.fixture
def mirror(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A web server with the tiny data set, in the place of the mirrors that have MNIST."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    files = []
    for file in data.iterdir():
        (folder / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        monkeypatch.setitem(SHA256, file.name, digest)
        files.append(RemoteFile(f"{file.name}.gz", f"sha256:{digest}", gunzipped=True))
    monkeypatch.setitem(SOURCES, "mnist", replace(MNIST, files=tuple(files)))

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    handler = partial(Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def set_mirrors(monkeypatch: pytest.MonkeyPatch, *mirrors: str) -> None:
    monkeypatch.setitem(SOURCES, "mnist", replace(SOURCES["mnist"], mirrors=mirrors))


def test_missing_data_is_fetched_and_said(
    mirror: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_mirrors(monkeypatch, mirror)
    monkeypatch.setenv("CONVNET_DATA_DIR", str(tmp_path / "fetched"))
    out = tmp_path / "n.npz"
    argv = ["--architecture", "zero-vs-one", "--out", str(out)]
    assert train.main(argv) == 0
    assert f"Downloading MNIST into {tmp_path}/fetched/" in capsys.readouterr().out
    assert len(list((tmp_path / "fetched").glob("*.gz"))) == 4
    set_mirrors(monkeypatch)  # now it is there
    first = out.read_bytes()
    assert train.main(argv) == 0
    assert out.read_bytes() == first


def test_no_mirror_is_an_error_that_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    set_mirrors(monkeypatch, "http://127.0.0.1:9")
    monkeypatch.setenv("CONVNET_DATA_DIR", str(tmp_path / "fetched"))
    shown = fails(capsys, "--architecture", "cnn-numpy", "--out", str(tmp_path / "n.npz"))
    assert "Could not download" in shown
    assert "http://127.0.0.1:9" in shown


# Pictures


def test_figures_are_drawn(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "n.npz", "--figures", str(tmp_path / "figures"))
    drawn = {path.name: path.read_bytes() for path in (tmp_path / "figures").iterdir()}
    assert drawn.keys() == {"cost-curve.png", "confusion-matrix.png", "mistakes.png", "layers.png"}
    assert all(picture.startswith(PNG) for picture in drawn.values())


def test_without_matplotlib_it_is_said_first(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in [name for name in sys.modules if name.startswith("scripts.figures")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SystemExit):
        train.main(arguments(data, tmp_path / "n.npz", "--figures", str(tmp_path)))
    assert "pictures need matplotlib: install the `train` extra" in capsys.readouterr().err


# What the terminal shows


@pytest.mark.parametrize("with_tqdm", [True, False])
def test_the_bar_shows_loss_accuracy_and_speed(
    with_tqdm: bool,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("convnet.training.progress_bar.REFRESH", 0.0)
    if not with_tqdm:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    run(data, tmp_path / "n.npz", "--epochs", "1")
    shown = capsys.readouterr().err
    assert "epoch 1/1" in shown
    assert "216/216" in shown
    for word in ("loss 0.", "accuracy 9", "images/s"):
        assert word in shown


def test_the_history_is_json_in_the_file(data: Path, tmp_path: Path) -> None:
    run(data, tmp_path / "n.npz")
    description = json.loads(ArrayFile(tmp_path / "n.npz").read("network").tobytes())
    assert "seconds" not in description["metadata"]["training"]["history"][0]
