"""Folders of any pictures: trained on as they will be served."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convnet
from convnet import datasets
from convnet.datasets import class_names, idx
from scripts import evaluate, train, visualize
from scripts.datasets.picture_folders import PictureOptions
from server.config import Config
from server.pipeline import Pipeline
from server.recognizer import Recognizer
from tests.support.tiny_digits import tiny_digits, write_idx
from tests.support.training import arguments, fails, run


def picture(kind: str, rng: np.random.Generator, side: int = 40) -> Image.Image:
    """Return a disc (a "cat") or a cross (a "dog") at some place on light ground."""
    y, x = np.mgrid[:side, :side] - side / 2 - rng.uniform(-4, 4, (2, 1, 1))
    inside = np.hypot(x, y) < 11 if kind == "cat" else np.minimum(abs(x), abs(y)) < 3
    grey = np.where(inside, 40, 220) + rng.integers(-20, 21, (side, side))
    return Image.fromarray(grey.astype(np.uint8))


def write(folder: Path, per_class: int = 5, suffix: str = ".png", tint: bool = False) -> Path:
    rng = np.random.default_rng(0)
    for kind in ("cat", "dog"):
        (folder / kind).mkdir(parents=True)
        for number in range(per_class):
            image = picture(kind, rng).convert("RGB")
            if tint:
                image = Image.merge(
                    "RGB", [image.split()[0].point(lambda v: v // 2), *image.split()[1:]]
                )
            image.save(folder / kind / f"{number}{suffix}")
    return folder


def load(folder: Path, **options: object) -> datasets.Dataset:
    return datasets.load(folder, PictureOptions(**options).reader())


def test_five_pictures_a_class_make_a_network_that_is_served(tmp_path: Path) -> None:
    network = run(write(tmp_path / "animals"), tmp_path / "n.npz", architecture="digits")
    assert network.metadata["classes"] == ["cat", "dog"]
    assert network.metadata["input_form"] == "plain"
    assert (network.input_shape, network.output_shape) == ((40, 40, 1), (2,))
    pipeline = Pipeline(Recognizer.load(str(tmp_path / "n.npz")), Config())
    rng = np.random.default_rng(9)
    for kind in ("cat", "dog", "dog", "cat"):
        path = tmp_path / "new.png"
        picture(kind, rng).save(path)
        assert pipeline.predict([path.read_bytes()]).readings[0].label == kind


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
@pytest.mark.parametrize("tint", [False, True])
def test_what_is_learnt_from_is_what_is_served(tmp_path: Path, suffix: str, tint: bool) -> None:
    folder = write(tmp_path / "animals", suffix=suffix, tint=tint)
    dataset = load(folder, size=(20, 24))
    assert dataset.train.input_shape == (20, 24, 3 if tint else 1)
    network = convnet.build(
        "cnn-numpy",
        rng=np.random.default_rng(0),
        input_shape=dataset.train.input_shape,
        classes=2,
    )
    network.metadata = {"classes": ["cat", "dog"], "input_form": dataset.input_form}
    file = folder / "cat" / f"0{suffix}"
    served = Pipeline(Recognizer(network), Config()).predict([file.read_bytes()]).inputs[0]
    first = dataset.train.inputs()[0].reshape(served.shape)  # 0 is in training, and a cat
    np.testing.assert_array_equal(first, served)


def test_sizes_differ_and_are_scaled(tmp_path: Path) -> None:
    folder = write(tmp_path / "animals")
    Image.new("RGBA", (300, 200), (255, 0, 0, 128)).save(folder / "cat" / "wide.png")
    (folder / "dog" / "notes.txt").write_text("no picture")
    dataset = load(folder)
    assert dataset.train.input_shape == (32, 32, 3)
    assert len(dataset.train) + len(dataset.test) == 11
    pink = [image for split in (dataset.train, dataset.test) for image in split.images
            if tuple(image[3, 3]) == (255, 127, 127)]  # fmt: skip
    assert len(pink) == 1


def test_mnists_form_takes_the_ink_alone(tmp_path: Path) -> None:
    dataset = load(write(tmp_path / "signs"), form="mnist")
    assert (dataset.train.input_shape, dataset.input_form) == ((28, 28, 1), "mnist")
    assert (dataset.train.images[:, 0] == 0).all(), "the margin that MNIST's digits have"
    assert dataset.train.images.max() == 255


def test_photos_of_digits_are_no_mnist(tmp_path: Path) -> None:
    folder = write(tmp_path / "digits")
    (folder / "cat").rename(folder / "3")
    (folder / "dog").rename(folder / "8")
    dataset = load(folder)
    assert dataset.train.classes == tuple("0123456789")
    assert (dataset.train.input_shape, dataset.input_form) == ((40, 40, 1), "plain")
    network = run(folder, tmp_path / "n.npz", "--epochs", "1")
    assert network.metadata["input_form"] == "plain"


def test_broken_pictures_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "animals")
    (folder / "dog" / "3.png").write_bytes((folder / "dog" / "3.png").read_bytes()[:200])
    shown = fails(capsys, *arguments(folder, tmp_path / "n.npz"))
    assert f"{folder}/dog/3.png: the PNG picture is damaged" in shown
    (folder / "dog" / "3.png").write_bytes(b"GIF")
    shown = fails(capsys, *arguments(folder, tmp_path / "n.npz"))
    assert f"{folder}/dog/3.png: no picture that can be read" in shown


def test_a_blank_picture_has_no_ink(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "animals")
    Image.new("L", (40, 40), 255).save(folder / "cat" / "empty.png")
    options = ("--input-form", "mnist")
    shown = fails(capsys, *arguments(folder, tmp_path / "n.npz", *options))
    assert f"{folder}/cat/empty.png: " in shown


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--size", "3"], "expected 4 to 256 pixels a side, got '3'"),
        (["--size", "20x"], "expected a size such as 32 or 24x32, got '20x'"),
        (["--input-form", "ink"], "invalid choice: 'ink'"),
    ],
)
def test_bad_options_are_named(
    tmp_path: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        train.main([*arguments(tmp_path, tmp_path / "n.npz"), *options])
    assert message in capsys.readouterr().err


def test_figures_of_other_classes_are_drawn(tmp_path: Path) -> None:
    folder = write(tmp_path / "animals", tint=True)
    run(folder, tmp_path / "n.npz", "--epochs", "1", "--figures", str(tmp_path / "figures"))
    assert len(list((tmp_path / "figures").glob("*.png"))) == 4


@pytest.mark.parametrize("tint", [False, True])
def test_visualize_shows_a_network_of_other_classes(
    tmp_path: Path, tint: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "animals", tint=tint)
    run(folder, tmp_path / "n.npz", "--epochs", "1")
    argv = ["--model", str(tmp_path / "n.npz"), "--out", str(tmp_path / "pictures")]
    for source in (["--image", str(folder / "cat" / "0.png")], ["--data", str(folder)]):
        assert visualize.main([*argv, *source]) == 0
        assert (tmp_path / "pictures" / "layers.png").read_bytes().startswith(b"\x89PNG")
        (tmp_path / "pictures" / "layers.png").unlink()
    digits = write_idx(tmp_path / "digits", tiny_digits())
    assert visualize.main([*argv, "--data", str(digits)]) == 1
    assert "takes pictures of shape (40, 40, " in capsys.readouterr().err


def write_cifar(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("data_batch_1.bin", "test_batch.bin"):
        records = rng.integers(0, 256, (40, 3073), dtype=np.uint8)
        records[:, 0] = np.arange(40) % 10
        (folder / name).write_bytes(records.tobytes())


def write_emnist(folder: Path) -> None:
    split = tiny_digits().train
    for part in ("train", "test"):
        for kind, values in (("images-idx3", split.images), ("labels-idx1", split.labels + 1)):
            (folder / f"emnist-letters-{part}-{kind}-ubyte").write_bytes(idx.encode(values))


def write_keras(folder: Path) -> None:
    data = tiny_digits()
    np.savez(folder / "mnist.npz", x_train=data.train.images, y_train=data.train.labels,
             x_test=data.test.images, y_test=data.test.labels)  # fmt: skip


def write_fashion(folder: Path) -> None:
    write_idx(folder, tiny_digits())
    (folder / "classes.txt").write_text("\n".join(class_names.FASHION))


@pytest.mark.parametrize(
    ("prepare", "shape", "form", "names"),
    [
        (write_cifar, (32, 32, 3), "plain", ["airplane", "automobile"]),
        (write_emnist, (28, 28, 1), "mnist", ["A", "B"]),
        (write_keras, (28, 28, 1), "mnist", [0, 1]),
        (write_fashion, (28, 28, 1), "plain", ["T-shirt/top", "Trouser"]),
    ],
)
@pytest.mark.parametrize("architecture", ["digits", "zero-vs-one"])
def test_every_data_set_trains_and_can_be_served(
    tmp_path: Path, prepare: object, shape: object, form: str, names: list, architecture: str
) -> None:
    prepare(tmp_path)
    digits = ("--digits", "0,1") if architecture == "zero-vs-one" and names == [0, 1] else ()
    options = ("--epochs", "1", "--limit", "40", *digits)
    network = run(tmp_path, tmp_path / "n.npz", *options, architecture=architecture)
    assert (network.input_shape, network.metadata["input_form"]) == (shape, form)
    assert network.metadata["classes"][:2] == names
    assert Recognizer(network).form.name == form


def test_what_does_not_go_together_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "animals")
    argv = arguments(folder, tmp_path / "n.npz")
    assert "--digits needs digits as classes" in fails(capsys, *argv, "--digits", "1,2")
    more = ("--input-form", "mnist", "--size", "32")
    assert "MNIST's form is 28 × 28, got a size of 32 × 32" in fails(capsys, *argv, *more)


def test_evaluate_measures_a_network_of_other_classes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "animals", per_class=14)
    run(folder, tmp_path / "n.npz", architecture="digits")
    model = ["--model", str(tmp_path / "n.npz")]
    assert evaluate.main([*model, "--data", str(folder), "--split", "train"]) == 0
    assert "accuracy 100.00%" in capsys.readouterr().out
    (folder / "dog").rename(folder / "wolf")
    assert evaluate.main([*model, "--data", str(folder)]) == 1
    assert "digits knows cat, dog, the data cat, wolf" in capsys.readouterr().err
