"""`scripts/evaluate.py`: what it prints is what the network does."""

import json
from pathlib import Path

import numpy as np
import pytest

import convnet
from scripts import evaluate
from tests.support.tiny_digits import tiny_digits, write_csv, write_idx

DATA = tiny_digits()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_idx(tmp_path_factory.mktemp("data"), DATA)


@pytest.fixture(scope="module")
def network() -> convnet.Sequential:
    """Trained a little: right often, not always."""
    network = convnet.build("simple-conv-net", rng=np.random.default_rng(0))
    trainer = convnet.Trainer(network, optimizer=convnet.SGD(0.01))
    trainer.step(DATA.train.inputs(), DATA.train.labels)
    return network


@pytest.fixture(scope="module")
def model(network: convnet.Sequential, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("model") / "n.npz"
    network.save(path)
    return str(path)


def measure(capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, object]:
    assert evaluate.main([*argv, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def expected_matrix(network: convnet.Sequential, split: convnet.datasets.Split) -> np.ndarray:
    matrix = np.zeros((10, 10), int)
    answers = network.predict(split.inputs()).argmax(axis=1)
    for label, answer in zip(split.labels, answers, strict=True):
        matrix[label, answer] += 1
    return matrix


@pytest.mark.parametrize("part", ["test", "train"])
def test_the_figures_are_right(
    part: str,
    data: Path,
    model: str,
    network: convnet.Sequential,
    capsys: pytest.CaptureFixture[str],
) -> None:
    split = getattr(DATA, part)
    figures = measure(capsys, "--model", model, "--data", str(data), "--split", part)
    matrix = expected_matrix(network, split)
    assert figures["confusion_matrix"] == matrix.tolist()
    assert figures["accuracy"] == matrix.trace() / matrix.sum()
    assert 0.3 < matrix.trace() / matrix.sum() < 1, "the test needs mistakes"
    probabilities = network.predict(split.inputs())[np.arange(len(split)), split.labels]
    assert figures["loss"] == pytest.approx(-np.log(probabilities).mean(), rel=1e-4)
    assert (figures["model"], figures["images"]) == ("simple-conv-net", len(split))


def test_the_text_has_the_same(data: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    figures = measure(capsys, "--model", model, "--data", str(data))
    assert evaluate.main(["--model", model, "--data", str(data)]) == 0
    shown = capsys.readouterr().out
    assert f"accuracy {figures['accuracy']:.2%}" in shown
    assert "label │" in shown
    for row in figures["confusion_matrix"]:
        assert str(max(row)) in shown


def test_any_format_and_any_part(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    csv = write_csv(tmp_path, DATA)
    options = ("--digits", "3,4", "--limit", "7")
    figures = measure(capsys, "--model", model, "--data", str(csv), *options)
    matrix = np.array(figures["confusion_matrix"])
    assert figures["images"] == matrix.sum() == 7
    assert set(np.flatnonzero(matrix.sum(axis=1))) <= {3, 4}


def test_a_network_of_two_digits_is_measured_on_those(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = convnet.build("zero-vs-one", rng=np.random.default_rng(0))
    network.metadata["classes"] = [3, 8]
    network.save(tmp_path / "n.npz")
    model = str(tmp_path / "n.npz")
    figures = measure(capsys, "--model", model, "--data", str(data))
    assert figures["images"] == 12
    assert np.array(figures["confusion_matrix"]).sum(axis=1).tolist() == [6, 6]
    assert evaluate.main(["--model", model, "--data", str(data)]) == 0
    assert "label │ 3 8 │ recall" in capsys.readouterr().out
    assert evaluate.main(["--model", model, "--data", str(data), "--digits", "3,4"]) == 1
    assert "must be some of (3, 8), which zero-vs-one knows" in capsys.readouterr().err


def test_the_shipped_network_is_the_default(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert measure(capsys, "--data", str(data))["model"] == "digits"


def test_figures_are_drawn(
    data: Path, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measure(capsys, "--model", model, "--data", str(data), "--figures", str(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {"confusion-matrix.png", "mistakes.png"}


@pytest.mark.parametrize("missing", ["model", "data"])
def test_what_is_missing_is_named(
    missing: str, data: Path, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"model": model, "data": str(data)} | {missing: str(tmp_path / "none")}
    argv = [word for name, value in options.items() for word in (f"--{name}", value)]
    assert evaluate.main(argv) == 1
    shown = capsys.readouterr().err
    assert str(tmp_path / "none") in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("how", [["--pictures", "x"], ["--stand-ins"], ["--card", "x.md"]])
@pytest.mark.parametrize(
    "option", [["--split", "test"], ["--digits", "1"], ["--limit", "9"], ["--figures", "x"]]
)
def test_options_of_data_sets_are_refused(
    how: list[str], option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        evaluate.main([*how, *option])
    assert exit_.value.code == 2
    assert f"{option[0]} does not go with {how[0]}" in capsys.readouterr().err


def test_a_card_of_a_folder_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        evaluate.main(["--card", "x.md", "--pictures", "x"])
    assert "--pictures does not go with --card" in capsys.readouterr().err


def test_a_network_that_is_not_there_is_named_before_anything_is_drawn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("scripts.evaluation.command.open_dataset", pytest.fail)
    assert evaluate.main(["--stand-ins", "--model", "nope"]) == 1
    message = "evaluate.py: no such network: 'nope' (shipped: digits; else the path of a file)\n"
    assert capsys.readouterr().err == message


@pytest.mark.mnist
def test_the_shipped_network_on_mnist(
    mnist: convnet.datasets.Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = measure(capsys)
    assert figures["images"] == 10_000
    assert figures["accuracy"] >= 0.993
