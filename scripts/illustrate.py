#!/usr/bin/env python3
"""Draw the pictures of docs/how-it-works.md and docs/convolution-or-correlation.md again.

    python scripts/illustrate.py
    python scripts/illustrate.py --notebook   # runs docs/notebooks/mnist.ipynb, keeps its outputs

scripts/synthesis draws the digits in them, and those that their network is trained on, so no data
set is needed. Takes about a minute. The notebook needs MNIST; of its outputs, those that would show
pictures of the data set are left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.training.environment import use_environment

use_environment()

import convnet  # noqa: I001  (before NumPy, so that BLAS starts with one thread)
import numpy as np
from matplotlib.figure import Figure

from convnet import CrossEntropy, Sequential, Trainer, datasets
from convnet.layers import Conv2D
from convnet.metrics import confusion_matrix
from convnet.training.trainer import Progress
from scripts.figures import confusion_figure, cost_curve, kernel_figure, layer_figure
from scripts.figures import lesson, mistake_gallery, turning
from scripts.figures.reading import alignment_figure, finding_figure
from convnet.plots.style import save
from scripts.synthesis.dataset import training_set
from scripts.synthesis.lines.writing import write_line
from scripts.synthesis.scenes.dataset import draw_scenes
from scripts.synthesis.material import Material
from scripts.training.options import positive_int, require_writable_folder
from server.finding.finder import shared_finder
from server.segmentation.line_form import to_frame
from server.segmentation.line_reader import shared_line_reader

NAME = "cnn-numpy"  # the simplest network: it fits into one picture
EPOCHS = 10
SHOWN = 4  # the digit that is followed through the network

# The example of the text: small whole numbers that can be checked without a calculator.
X = np.array([[1, 0, 2, 1], [0, 3, 1, 0], [2, 1, 0, 1], [1, 0, 1, 2]], np.float64)
W = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]], np.float64)
DOUT = np.array([[1, -1], [2, 0]], np.float64)


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "static/images/how-it-works",
                        metavar="DIR", help="where the pictures go")  # fmt: skip
    parser.add_argument("--samples", type=positive_int, default=5000, metavar="N",
                        help="digits that are written (default 5000)")  # fmt: skip
    parser.add_argument("--notebook", type=Path, nargs="?", metavar="FILE",
                        const=ROOT / "docs" / "notebooks" / "mnist.ipynb",
                        help="run this notebook instead")  # fmt: skip
    options = parser.parse_args(argv)
    if options.notebook is not None:
        from scripts.figures.notebook import run_notebook

        run_notebook(options.notebook)
        return 0
    try:
        require_writable_folder(options.out)
        data = written_digits(options.samples)
    except (OSError, ValueError) as error:
        print(f"illustrate.py: {error}", file=sys.stderr)
        return 1
    network, progress = train(data)
    for name, figure in pictures(network, progress, data):
        save(figure, options.out / f"{name}.png")
        print(options.out / f"{name}.png")
    return 0


def written_digits(count: int) -> datasets.Dataset:
    """Write digits stroke by stroke; a fifth of them are for testing.

    Raises
    ------
    ValueError
        If they are too few for the test part to contain the digit that is shown.
    """
    drawn = training_set(count, np.random.default_rng(0), {"handwriting": 1.0})
    cut = count * 4 // 5
    labels = drawn.labels.astype(np.uint8)
    if not cut or SHOWN not in labels[cut:]:
        raise ValueError(f"no {SHOWN} is in the last fifth of {count} digits: write more")
    return datasets.Dataset(
        datasets.Split(drawn.images[:cut], labels[:cut]),
        datasets.Split(drawn.images[cut:], labels[cut:]),
    )


def train(data: datasets.Dataset) -> tuple[Sequential, Progress]:
    """Train the network that is shown."""
    network = convnet.build(NAME, rng=np.random.default_rng(0))
    progress = Trainer(network, CrossEntropy(), convnet.Adam(2e-3)).fit(
        data.train.images,
        data.train.labels,
        epochs=EPOCHS,
        batch_size=32,
        rng=np.random.default_rng(1),
        validation=(data.test.images, data.test.labels),
    )
    return network, progress


def pictures(
    network: Sequential, progress: Progress, data: datasets.Dataset
) -> Iterator[tuple[str, Figure]]:
    """Yield every picture with its name."""
    image = data.test.inputs()[np.flatnonzero(data.test.labels == SHOWN)[0]]
    yield from operations(network, image)
    yield "slope", slope(network, data.test)
    yield "kernel-gradient", turning.kernel_gradient(X, DOUT)
    yield "input-gradient", turning.input_gradient(DOUT, W)
    yield "two-meanings", turning.two_meanings(np.arange(1.0, 10.0).reshape(3, 3))
    yield "layers", layer_figure(network, image)
    yield "kernels", kernel_figure(network)
    yield "cost-curve", cost_curve(progress)
    labels, probabilities = data.test.labels, network.predict(data.test.inputs())
    yield (
        "confusion-matrix",
        confusion_figure(confusion_matrix(probabilities, labels, 10), range(10)),
    )
    yield "finding", finding()
    yield "alignment", alignment()
    yield "mistakes", mistake_gallery(data.test.images, labels, probabilities, range(10))


def operations(network: Sequential, image: np.ndarray) -> Iterator[tuple[str, Figure]]:
    """Yield pictures of single operations, on their way from the image to the probabilities."""
    conv = network.layers[0]
    if not isinstance(conv, Conv2D):
        raise TypeError(f"{network.name} does not begin with a convolution")
    outputs = {layer.name: out[0] for layer, out in network.activations(image[None])}
    channel = int(np.abs(outputs["conv1"]).sum(axis=(0, 1)).argmax())
    row, column = np.unravel_index(outputs["relu1"][2:-6, 2:-6, channel].argmax(), (18, 18))
    place = int(row) + 2, int(column) + 2
    yield "numbers", lesson.picture_as_numbers(image[..., 0], place[0] - 2, place[1] - 2)
    yield "convolution", lesson.convolution_by_hand(conv, image, channel, place)
    yield "activations", lesson.activation_curves()
    corner = place[0] // 2 * 2 - 2, place[1] // 2 * 2 - 2
    part = outputs["relu1"][corner[0] : corner[0] + 4, corner[1] : corner[1] + 4, channel]
    yield "pooling", lesson.pooling_by_hand(part, np.array([[0.3, -0.1], [0.2, 0.5]]))
    untrained = convnet.build(network.name, rng=np.random.default_rng(0))
    yield "softmax", lesson.softmax_and_gradient(untrained.forward(image[None])[0], label=SHOWN)


def finding() -> Figure:
    """Draw what the shipped finder makes of scenes that it was not trained on."""
    scenes = draw_scenes(7, 7, Material())
    return finding_figure(*scenes, shared_finder().look(scenes.greys))


def alignment() -> Figure:
    """Draw how the shipped line reader reads a line."""
    ink = write_line("31.07", np.random.default_rng(5)).astype(np.float32) / 255
    reader, frame = shared_line_reader(), to_frame(ink)
    if frame is None:
        raise ValueError("nothing is written")
    columns = frame.pixels.shape[1] // 2
    logits = reader.logits(frame)[:columns]
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    return alignment_figure(frame.pixels, probabilities, reader.alphabet)


def slope(network: Sequential, test: datasets.Split) -> Figure:
    """Draw the loss of a batch while one weight of the untrained network moves."""
    network = convnet.build(network.name, rng=np.random.default_rng(0), dtype=np.float64)
    x, labels, loss = test.inputs()[:100].astype(np.float64), test.labels[:100], CrossEntropy()
    network.backward(loss(network.forward(x, training=True), labels)[1])
    weight, gradient = network.params["conv1.w"].reshape(-1), network.grads["conv1.w"].reshape(-1)
    which = int(np.abs(gradient).argmax())
    start, moves, losses = weight[which], np.linspace(-1.5, 1.5, 61), []
    for move in moves:
        weight[which] = start + move
        losses.append(loss(network.forward(x), labels)[0])
    return lesson.slope_of_the_loss(start + moves, np.array(losses), 30, float(gradient[which]))


if __name__ == "__main__":
    sys.exit(main())
