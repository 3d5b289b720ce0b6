"""The recipe of the served network: small runs of all of it, and its calibration by other means."""

import math
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import convnet
from convnet.training.progress_bar import TrainingBar
from convnet.training.trainer import Progress
from scripts import train
from scripts.recipe import command
from scripts.recipe.calibration import fit_temperature, fit_threshold, trade_off
from scripts.recipe.digits import (
    TUNING,
    Material,
    ServedRecipe,
    gather,
    logits,
    make_trainer,
)
from scripts.recipe.pictures import Pictures, from_mnist, synthetic
from scripts.synthesis import sources
from server.recognizer import Recognizer
from tests.support.tiny_digits import tiny_digits, write_idx

DATA = tiny_digits()
TINY = partial(
    ServedRecipe,
    kinds={"handwriting": 40, "nondigits": 30},
    held_out_kinds={"handwriting": 20, "nondigits": 20},
    held_out=60,
    mnist_repeats=2,
    epochs=2,
    final_epochs=1,
    average=0.9,
)
STEPS = 2 * 14  # of batches of 32: 2 epochs, each 180 tiny digits twice, and 70 drawn pictures


# The whole of it


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_idx(tmp_path_factory.mktemp("data"), DATA)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "ServedRecipe", TINY)


def run(data: Path, folder: Path, *more: str) -> int:
    options = ["--recipe", "digits", "--data", str(data), "--out", str(folder / "n.npz")]
    return train.main([*options, "--batch-size", "32", "--checkpoint", str(folder / "run"), *more])


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run in it."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "ServedRecipe", TINY)
        assert run(data, folder) == 0
    return folder


@pytest.mark.fonts
@pytest.mark.usefixtures("tiny")
def test_a_run_that_is_stopped_and_resumed_gives_the_same_bytes(
    data: Path, tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[int] = []

    def step(bar: TrainingBar, progress: Progress) -> None:
        shown.append(len(progress.losses))
        if progress.losses and len(shown) == 18:
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(TrainingBar, "step", step)
    assert run(data, tmp_path) == 130
    assert not (tmp_path / "n.npz").exists()
    assert run(data, tmp_path, "--resume") == 0
    assert shown == list(range(1, STEPS + 1)), "no step is done twice, none is left out"
    assert (tmp_path / "n.npz").read_bytes() == (trained / "n.npz").read_bytes()


@pytest.mark.fonts
@pytest.mark.usefixtures("tiny")
def test_another_seed_gives_another_network_from_other_pictures(
    data: Path, tmp_path: Path, trained: Path
) -> None:
    assert run(data, tmp_path, "--seed", "1", "--epochs", "1") == 0
    other = convnet.load(tmp_path / "n.npz")
    assert other.metadata["training"]["seed"] == 1
    (ours,) = (trained / "run").glob("handwriting-40-0-*.npz")
    (others,) = (tmp_path / "run").glob("handwriting-40-1-*.npz")
    assert others.read_bytes() != ours.read_bytes()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that commands run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def recipe(data: Path, *more: str) -> list[str]:
    return ["--recipe", "digits", "--data", str(data), "--batch-size", "32", *more]


@pytest.mark.fonts
@pytest.mark.usefixtures("tiny")
def test_a_run_is_kept_where_nobody_said_where(
    data: Path,
    home: Path,
    trained: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def stop_early(bar: TrainingBar, progress: Progress) -> None:
        if len(progress.losses) == 3:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(TrainingBar, "step", stop_early)
        assert train.main(recipe(data)) == 130
    shown = capsys.readouterr()
    assert "The same command with --resume goes on from here" in shown.err
    assert shown.out.startswith(
        "drawing 40 pictures: handwriting …\ndrawing 30 pictures: nondigits"
    )
    kept = home / "runs" / "digits-recipe"
    assert (kept / "seed-0" / "checkpoint.npz").exists()
    assert list(kept.glob("handwriting-40-0-*.npz"))
    assert train.main(recipe(data)) == 1
    assert "add --resume to go on" in capsys.readouterr().err
    assert train.main(recipe(data, "--resume")) == 0
    assert (home / "runs" / "digits.npz").read_bytes() == (trained / "n.npz").read_bytes()


@pytest.mark.fonts
@pytest.mark.usefixtures("tiny")
def test_a_trial_on_fewer_images_is_one(data: Path, home: Path) -> None:
    assert train.main(recipe(data, "--limit", "100", "--epochs", "1")) == 0
    assert convnet.load(home / "runs" / "digits.npz").metadata["training"]["limit"] == 100


@pytest.mark.usefixtures("tiny", "home")
def test_a_limit_that_leaves_nothing_is_refused(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train.main(recipe(data, "--limit", "60")) == 1
    message = "train.py: `--limit` must be above the 60 images that are held out, got 60\n"
    assert capsys.readouterr().err == message


@pytest.mark.parametrize("option", [("--digits", "3,8"), ("--figures", "pictures")])
def test_what_the_recipe_does_not_do_is_refused(
    option: tuple[str, str], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        train.main(recipe(data, *option))
    assert exit_.value.code == 2
    assert f"{option[0]} does not go with --recipe" in capsys.readouterr().err


def by_hand(network: convnet.Sequential, pictures: Pictures) -> np.ndarray:
    """Logits by the plain way."""
    return network.forward(pictures.images[..., None].astype(np.float32) / 255).astype(np.float64)


def energies(scores: np.ndarray) -> np.ndarray:
    return np.array([math.log(sum(math.exp(z) for z in row)) for row in scores.tolist()])


@pytest.mark.fonts
def test_what_the_file_says_is_true_of_the_file(data: Path, trained: Path) -> None:
    network = convnet.load(trained / "n.npz")
    material = gather(TINY(), convnet.datasets.load(data), trained / "run")
    digits, record = by_hand(network, material.digits()), network.metadata
    labels = material.digits().labels

    rejection = record["calibration"]["rejection"]
    accepted = np.mean(energies(digits) >= rejection["threshold"] - 1e-4)
    assert abs(accepted - TINY().accepted) <= 1 / len(labels)
    best = best_temperature(digits, labels)
    assert record["calibration"]["temperature"] == pytest.approx(best, rel=5e-3)

    for kind, pictures in {"mnist": material.mnist, **material.others}.items():
        known = pictures.only(pictures.labels >= 0)
        if kind == "nondigits":
            assert kind not in record["held_out"]
        else:
            right = by_hand(network, known).argmax(axis=1) == known.labels
            assert record["held_out"][kind] == right.mean()
    answers = by_hand(network, from_mnist(DATA.test)).argmax(axis=1)
    assert record["test"] == {"accuracy": np.mean(answers == DATA.test.labels), "images": 60}
    assert record["test"]["accuracy"] > 0.5, "it learns"


@pytest.mark.fonts
def test_the_service_applies_what_the_recipe_stored(trained: Path) -> None:
    recognizer = Recognizer.load(str(trained / "n.npz"))
    record = recognizer.metadata["calibration"]
    assert recognizer.calibration.temperature == record["temperature"]
    assert recognizer.calibration.threshold == record["rejection"]["threshold"]
    assert (recognizer.name, recognizer.version) == ("digits", recognizer.metadata["version"])
    training = recognizer.metadata["training"]
    assert (training["recipe"], training["seed"], training["epochs"]) == ("digits", 0, 2)
    assert training["kinds"] == TINY().kinds


# Pictures


def test_held_out_digits_are_not_trained_on(tmp_path: Path) -> None:
    recipe = ServedRecipe(kinds={}, held_out_kinds={}, held_out=60, mnist_repeats=3)
    material = gather(recipe, DATA, tmp_path)
    assert len(material.train.labels) == 3 * 180
    assert len(material.mnist.labels) == 60
    trained, held_out = (
        {image.tobytes() for image in pictures.images}
        for pictures in (material.train, material.mnist)
    )
    assert len(trained) == 180
    assert not trained & held_out


def test_material_tells_digits_from_what_is_none() -> None:
    images = np.arange(4, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8)
    mixed = Pictures(images, np.array([3, -1, 7, -1], np.int8))
    mnist = Pictures(images[:1], np.array([5], np.int8))
    material = Material(mnist, mnist, {"photos": mixed})
    assert sorted(material.digits().labels.tolist()) == [3, 5, 7]
    assert material.none().labels.tolist() == [-1, -1]
    assert material.none().images[:, 0, 0].tolist() == [1, 3]


def test_pictures_are_drawn_once_and_by_their_seed(tmp_path: Path) -> None:
    draw = partial(
        synthetic,
        {"handwriting": 12},
        material=sources.Material(DATA.train.images, DATA.train.labels),
        workers=1,
    )
    first = draw(seed=1, folder=tmp_path)["handwriting"]
    again = draw(seed=1, folder=tmp_path / "elsewhere")["handwriting"]
    other = draw(seed=2, folder=tmp_path)["handwriting"]
    np.testing.assert_array_equal(first.images, again.images)
    assert not np.array_equal(first.images, other.images)
    (file,) = tmp_path.glob("handwriting-12-1-*.npz")
    (another,) = tmp_path.glob("handwriting-12-2-*.npz")
    file.write_bytes(another.read_bytes())
    kept = draw(seed=1, folder=tmp_path)["handwriting"]
    np.testing.assert_array_equal(kept.images, other.images)


def test_pictures_made_from_other_digits_are_not_taken_for_these(tmp_path: Path) -> None:
    for digit in (1, 7):
        chosen = DATA.train.subset((digit,))
        material = sources.Material(chosen.images, chosen.labels)
        drawn = synthetic({"rescanned": 4}, 0, material, tmp_path, workers=1)["rescanned"]
        assert set(drawn.labels.tolist()) == {digit}


def test_logits_in_blocks_are_the_networks_own(rng: np.random.Generator) -> None:
    network = convnet.build("cnn-numpy", rng=rng)
    pictures = from_mnist(DATA.test)
    blocks = logits(network, pictures, block=7)
    np.testing.assert_allclose(blocks, by_hand(network, pictures), rtol=1e-4, atol=1e-5)


# Calibration


def best_temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """The best of many temperatures, each tried."""

    def cost(temperature: float) -> float:
        z = scores / temperature
        top = z.max(axis=1)
        norm = top + np.log(np.exp(z - top[:, None]).sum(axis=1))
        return float(np.mean(norm - z[np.arange(len(z)), labels]))

    return float(min(np.geomspace(0.2, 5, 1500), key=cost))


def sampled(temperature: float, count: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn from what they mean at a temperature."""
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 3, (count, 10))
    chances = np.exp(scores / temperature)
    chances /= chances.sum(axis=1, keepdims=True)
    return scores, (chances.cumsum(axis=1) > rng.random((count, 1))).argmax(axis=1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_is_found(temperature: float) -> None:
    scores, labels = sampled(temperature)
    fitted = fit_temperature(scores, labels)
    assert fitted == pytest.approx(temperature, rel=0.1)
    assert fitted == pytest.approx(best_temperature(scores, labels), rel=3e-3)


@pytest.mark.parametrize("share", [0.9, 0.995])
def test_the_threshold_lets_a_share_pass(share: float, rng: np.random.Generator) -> None:
    scores = rng.normal(0, 4, (1000, 10))
    threshold = fit_threshold(scores, share)
    assert abs(np.sum(energies(scores) >= threshold) - 1000 * share) <= 1


def test_the_trade_off_is_counted(rng: np.random.Generator) -> None:
    digits, others = rng.normal(1, 2, (700, 10)), rng.normal(-1, 2, (300, 10))
    rows = trade_off(digits, others)
    inside, outside = energies(digits), energies(others)
    for row in rows:
        assert row["digits_accepted"] == sum(e >= row["threshold"] for e in inside) / 700
        assert row["others_refused"] == sum(e < row["threshold"] for e in outside) / 300
    refused = [row["others_refused"] for row in rows]
    assert refused == sorted(refused, reverse=True)
    assert refused[0] > refused[-1]
    assert rows[0]["digits_accepted"] == pytest.approx(0.9, abs=2e-3)


@pytest.mark.usefixtures("home")
def test_a_recipe_with_real_writers_says_how_to_get_them(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "ServedRecipe", partial(TINY, kinds={"recorded": 5}))
    assert train.main(recipe(data)) == 1
    assert "no unipen" in capsys.readouterr().err


def test_the_tuned_recipe_goes_on_from_the_shipped_weights() -> None:
    pictures = Pictures(np.zeros((4, 28, 28), np.uint8), np.zeros(4, np.int8))
    material = Material(pictures, pictures, {})
    shipped = convnet.load_pretrained("digits")
    tuned = make_trainer(TUNING, material).network
    fresh = make_trainer(ServedRecipe(), material).network
    for name, array in shipped.arrays.items():
        np.testing.assert_array_equal(tuned.arrays[name], array)
    assert any((fresh.arrays[name] != array).any() for name, array in shipped.arrays.items())
