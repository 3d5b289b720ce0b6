"""Write the pictures that belong together into one folder."""

from __future__ import annotations

from pathlib import Path

from convnet import datasets
from convnet.metrics import confusion_matrix
from convnet.network import Sequential
from convnet.plots import confusion_figure, cost_curve, layer_figure, mistake_gallery, save
from convnet.training.trainer import Progress
from scripts.training.data import class_numbers
from scripts.training.models import classes_of


def draw_training(
    folder: Path, network: Sequential, progress: Progress, test: datasets.Split
) -> None:
    """Write cost-curve.png, what `draw_evaluation` writes, and layers.png."""
    save(cost_curve(progress), folder / "cost-curve.png")
    draw_evaluation(folder, network, test)
    save(layer_figure(network, test.inputs()[0]), folder / "layers.png")
    print(f"pictures written to {folder}/")


def draw_evaluation(folder: Path, network: Sequential, test: datasets.Split) -> None:
    """Write confusion-matrix.png and mistakes.png."""
    classes = classes_of(network)
    labels, probabilities = class_numbers(test.labels, classes), network.predict(test.inputs())
    matrix = confusion_matrix(probabilities, labels, len(classes))
    save(confusion_figure(matrix, classes), folder / "confusion-matrix.png")
    save(mistake_gallery(test.images, labels, probabilities, classes), folder / "mistakes.png")
