"""What can be seen of a network while it learns: numbers for a page to draw."""

import base64
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnet import Sequential
from convnet.layers import Conv2D, Dense, Layer, ReLU
from convnet.losses import log_softmax

Floats = NDArray[np.floating]

BINS = 24
MOST_KERNELS, MOST_MAPS, MOST_MISTAKES = 32, 16, 12
OF_HISTOGRAMS = 64
"""Pictures whose activations are counted."""


def rounded(values: Floats, digits: int = 4) -> Any:
    """Return numbers as lists, short enough to be sent; what is no number as 0."""
    return np.round(np.nan_to_num(np.asarray(values, np.float64)), digits).tolist()


def picture(values: NDArray[np.generic]) -> str:
    """Return grey values 0 … 1 as bytes in base64, row by row."""
    grey = np.clip(np.asarray(values, np.float64) * 255, 0, 255).astype(np.uint8)
    return base64.b64encode(grey.tobytes()).decode()


def kernels(network: Sequential) -> dict[str, Any] | None:
    """Return the kernels of the first convolution, summed over what they read; None without one."""
    first = next((layer for layer in network.layers if isinstance(layer, Conv2D)), None)
    if first is None:
        return None
    weights = first.params["w"].sum(axis=2)[..., :MOST_KERNELS].transpose(2, 0, 1)
    return {"layer": first.name, "values": rounded(weights, 3)}


def maps(layer: Layer, output: Floats, shown: Floats) -> dict[str, Any]:
    """Return what a layer made of one picture: maps (C, H, W), or one row of numbers."""
    values = output.transpose(2, 0, 1) if output.ndim == 3 else output.reshape(1, 1, -1)[..., :256]
    return {
        "layer": layer.name,
        "values": rounded(values[:MOST_MAPS], 3),
        "picture": picture(shown[..., 0]),
    }


def histogram(values: Floats) -> dict[str, Any]:
    """Count values in `BINS` bins from the smallest to the largest."""
    finite = values[np.isfinite(values)] if values.size else np.zeros(1)
    if not finite.size:
        finite = np.zeros(1)
    low, high = float(finite.min()), float(finite.max())
    counts, _ = np.histogram(finite, BINS, (low, high if high > low else low + 1e-6))
    size = float(np.sqrt(np.mean(np.square(finite, dtype=np.float64))))
    found = {"low": low, "high": high, "rms": size}
    short = {key: float(f"{value:.3g}") for key, value in found.items()}
    return {"counts": counts.tolist(), **short}


def histograms(network: Sequential, outputs: Sequence[tuple[Layer, Floats]]) -> list[Any]:
    """Return activations and gradients of each layer; of a ReLU, the share that is dead."""
    found = []
    for layer, output in outputs:
        some = output[:OF_HISTOGRAMS]
        row: dict[str, Any] = {"layer": layer.name, "activations": histogram(some)}
        if isinstance(layer, ReLU):
            units = (some == 0).all(axis=tuple(range(some.ndim - 1)))
            row["dead"] = round(float(units.mean()), 4)
        if layer.grads:
            row["gradients"] = histogram(np.concatenate([g.ravel() for g in layer.grads.values()]))
        found.append(row)
    return found


def answers(scores: Floats, labels: NDArray[np.integer], images: Floats) -> dict[str, Any]:
    """Return confusion matrix (rows: the digit, columns: the answer) and the worst mistakes."""
    scores = np.nan_to_num(scores.astype(np.float64))
    classes, read = scores.shape[1], scores.argmax(axis=1)
    matrix = np.zeros((max(classes, int(labels.max()) + 1), classes), int)
    np.add.at(matrix, (labels, read), 1)
    wrong = np.flatnonzero(read != labels)
    probabilities = np.exp(log_softmax(scores))
    losses = -np.log(np.maximum(probabilities[wrong, labels[wrong]], 1e-30))
    worst = wrong[np.argsort(-losses)][:MOST_MISTAKES]
    return {
        "confusion": matrix.tolist(),
        "mistakes": [
            {
                "picture": picture(images[i, ..., 0]),
                "label": int(labels[i]),
                "read": int(read[i]),
                "sure": round(float(probabilities[i, read[i]]), 3),
            }
            for i in worst
        ],
        "accuracy": 1 - len(wrong) / len(labels),
    }


def places(
    outputs: Sequence[tuple[Layer, Floats]], images: Floats, labels: NDArray[np.integer]
) -> dict[str, Any]:
    """Return where each picture lies by the last hidden layer: its first principal components."""
    hidden, last = images, images
    for layer, output in outputs:
        hidden, last = (last, output) if isinstance(layer, Dense) else (hidden, output)
    flat = np.nan_to_num(hidden.reshape(len(hidden), -1).astype(np.float64))
    flat -= flat.mean(axis=0)
    if flat.shape[1] > 512:  # as many columns, taken evenly: the picture is the same to the eye
        flat = flat[:, :: math.ceil(flat.shape[1] / 512)]
    vectors = np.linalg.eigh(flat.T @ flat)[1][:, -2:][:, ::-1]
    vectors = vectors * np.where(vectors.sum(axis=0) < 0, -1, 1)  # or the picture turns over
    points = flat @ vectors
    return {
        "points": rounded(points / max(np.abs(points).max(), 1e-9), 3),
        "labels": labels.tolist(),
    }
