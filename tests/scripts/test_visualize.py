"""The pictures: each shows the numbers that it is made from."""

import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import convnet
from convnet.plots.style import save
from convnet.training.curves import running_mean
from convnet.training.trainer import Epoch, Progress
from scripts import visualize
from scripts.figures import (
    confusion_figure,
    cost_curve,
    kernel_figure,
    layer_figure,
    mistake_gallery,
)
from tests.support.tiny_digits import tiny_digits, write_idx

IMAGE = tiny_digits().test.inputs()[0]


@pytest.fixture
def network(rng: np.random.Generator) -> convnet.Sequential:
    return convnet.build("cnn-numpy", rng=rng)


def pictures(figure: Figure) -> list[np.ndarray]:
    """Return the data of every image that is drawn."""
    return [np.asarray(image.get_array()) for axes in figure.axes for image in axes.images]


def texts(figure: Figure) -> str:
    words = [axes.get_title() for axes in figure.axes]
    words += [text.get_text() for axes in figure.axes for text in axes.texts]
    return "\n".join([*words, figure.get_suptitle()])


# What every layer makes


def test_every_layer_is_shown_as_it_computes(network: convnet.Sequential) -> None:
    shown = pictures(layer_figure(network, IMAGE))
    outputs = {layer.name: out[0] for layer, out in network.activations(IMAGE[None])}
    expected = [IMAGE[..., 0]]
    for name in ("conv1", "relu1", "max_pool1"):
        expected += [outputs[name][..., channel] for channel in range(8)]
    expected.append(outputs["dense1"][None])
    assert len(shown) == len(expected)
    for drawn, wanted in zip(shown, expected, strict=True):
        np.testing.assert_allclose(drawn, wanted, rtol=1e-6)


def test_the_bars_are_the_probabilities(network: convnet.Sequential) -> None:
    axes = layer_figure(network, IMAGE).axes[-1]
    heights = [bar.get_height() for bar in axes.patches]
    np.testing.assert_allclose(heights, network.predict(IMAGE[None])[0], rtol=1e-6)


def test_layers_are_captioned(network: convnet.Sequential) -> None:
    shown = texts(layer_figure(network, IMAGE))
    assert "conv1\nConv2D(8, (3, 3))\n26 × 26 × 8" in shown
    assert "flatten" not in shown  # moves numbers, makes none


@pytest.mark.parametrize("name", convnet.ARCHITECTURES)
def test_any_network_can_be_drawn(name: str, rng: np.random.Generator) -> None:
    assert pictures(layer_figure(convnet.build(name, rng=rng), IMAGE))


def test_a_network_of_vectors_can_be_drawn(rng: np.random.Generator) -> None:
    layers = [convnet.Flatten(), convnet.Dense(10)]
    network = convnet.Sequential(layers, (28, 28, 1), rng=rng)
    assert len(pictures(layer_figure(network, IMAGE))) == 2
    with pytest.raises(ValueError, match="no Conv2D layer"):
        kernel_figure(network)


@pytest.mark.parametrize("mode", ["cross-correlation", "convolution"])
def test_kernels_are_shown_as_they_are_laid_on_the_image(
    mode: str, rng: np.random.Generator
) -> None:
    network = convnet.Sequential([convnet.Conv2D(5, 3, mode=mode)], (28, 28, 1), rng=rng)
    w = network.params["conv1.w"][:, :, 0]
    w = w[::-1, ::-1] if mode == "convolution" else w
    for index, drawn in enumerate(pictures(kernel_figure(network))):
        np.testing.assert_allclose(drawn, w[..., index], rtol=1e-6)


# Curves, matrices, mistakes


def test_the_cost_curve_shows_every_step_and_epoch() -> None:
    losses = [2.0, 1.0, 0.5, 0.25]
    epochs = [Epoch(1, 1.5, 0.6, 1, 9, 0.7, 0.8), Epoch(2, 0.4, 0.9, 1, 9, 0.3, 0.85)]
    cost, accuracy = cost_curve(Progress(0, losses=losses, epochs=epochs)).axes
    steps, mean, held_out = cost.lines
    np.testing.assert_allclose(steps.get_xydata(), [(0.5, 2), (1, 1), (1.5, 0.5), (2, 0.25)])
    np.testing.assert_allclose(mean.get_ydata(), losses)
    np.testing.assert_allclose(held_out.get_xydata(), [(1, 0.7), (2, 0.3)])
    training, validation = accuracy.lines
    np.testing.assert_allclose(training.get_ydata(), [0.6, 0.9])
    np.testing.assert_allclose(validation.get_ydata(), [0.8, 0.85])


def test_the_cost_curve_does_without_held_out_images_and_with_a_loss_of_zero() -> None:
    figure = cost_curve(Progress(0, losses=[1.0, 0.0], epochs=[Epoch(1, 0.5, 0.5, 1, 9)]))
    assert [len(axes.lines) for axes in figure.axes] == [2, 1]


def test_running_mean_against_a_loop(rng: np.random.Generator) -> None:
    values = rng.random(200)
    expected = [values[max(0, i - 3) : i + 1].mean() for i in range(200)]
    np.testing.assert_allclose(running_mean(values), expected)


def test_the_confusion_matrix_shows_its_counts() -> None:
    figure = confusion_figure(np.array([[5, 0], [2, 13]]), (3, 8))
    (axes,) = figure.axes
    shown = {(text.get_position(), text.get_text()) for text in axes.texts}
    assert shown == {((0, 0), "5"), ((0, 1), "2"), ((1, 1), "13")}  # column, row; no zeros
    assert [label.get_text() for label in axes.get_xticklabels()] == ["3", "8"]
    assert axes.get_title() == "90.00% of 20 right"


def test_the_gallery_shows_mistakes_the_surest_first() -> None:
    images = np.arange(5, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8)
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.6, 0.4], [0.05, 0.95]])
    figure = mistake_gallery(images, np.array([0, 0, 1, 0, 0]), probabilities, (3, 8))
    assert [int(picture[0, 0]) for picture in pictures(figure)] == [4, 1, 2]
    titles = [axes.get_title() for axes in figure.axes if axes.images]
    assert titles == ["3 → 8  95%", "3 → 8  80%", "8 → 3  70%"]
    assert "3 of 5 read wrongly" in texts(figure)


def test_a_gallery_without_mistakes_is_a_picture_too() -> None:
    images = np.zeros((1, 28, 28), np.uint8)
    figure = mistake_gallery(images, np.array([0]), np.array([[0.9, 0.1]]), (0, 1))
    assert "0 of 1" in texts(figure)


def test_the_same_picture_is_the_same_bytes(network: convnet.Sequential, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        save(layer_figure(network, IMAGE), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


# The command


def test_a_test_image_is_drawn(
    network: convnet.Sequential, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_idx(tmp_path / "data", tiny_digits())
    network.save(tmp_path / "n.npz")
    argv = ["--model", str(tmp_path / "n.npz"), "--data", str(data), "--index", "3"]
    argv += ["--out", str(tmp_path / "out")]
    assert visualize.main(argv) == 0
    shown = capsys.readouterr().out
    for name in ("layers.png", "kernels.png"):
        assert str(tmp_path / "out" / name) in shown
        with Image.open(tmp_path / "out" / name) as picture:
            assert min(picture.size) > 100
    assert visualize.main([*argv, "--index", "60"]) == 1
    assert "`--index` must be in 0..59, got 60" in capsys.readouterr().err


def test_a_picture_file_goes_through_the_preprocessing(
    network: convnet.Sequential, tmp_path: Path
) -> None:
    ink = np.full((200, 300), 255, np.uint8)
    ink[40:160, 140:160] = 0  # a one, black on white
    Image.fromarray(ink).save(tmp_path / "one.png")
    network.save(tmp_path / "n.npz")
    model = ["--model", str(tmp_path / "n.npz")]
    argv = [*model, "--image", str(tmp_path / "one.png"), "--out", str(tmp_path)]
    assert visualize.main(argv) == 0
    seen = visualize._image(visualize._parse(argv), network)
    assert seen.shape == (28, 28, 1)
    assert seen[14, 14] > 0.9  # ink is 1 now
    assert seen[0, 0] == 0


def test_a_folder_that_cannot_be_made_is_named(
    network: convnet.Sequential, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_idx(tmp_path / "data", tiny_digits())
    network.save(tmp_path / "n.npz")
    argv = ["--model", str(tmp_path / "n.npz"), "--data", str(data)]
    assert visualize.main([*argv, "--out", str(tmp_path / "n.npz" / "below")]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith(f"visualize.py: the folder {tmp_path}/n.npz/below cannot be made: ")
    assert shown.count("\n") == 1


def test_what_is_no_picture_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "no.png").write_bytes(b"text")
    assert visualize.main(["--image", str(tmp_path / "no.png")]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("visualize.py: ")
    assert "Traceback" not in shown


def test_plots_are_public_and_say_what_they_need(
    network: convnet.Sequential, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from convnet import plots

    plots.save(plots.layer_figure(network, IMAGE), tmp_path / "layers.png")
    with Image.open(tmp_path / "layers.png") as picture:
        assert picture.width > 100
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"plots need matplotlib: .*the `train` extra"):
        plots.layer_figure(network, IMAGE)
