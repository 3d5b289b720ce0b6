"""Ask the network of this moment: the weights that a run last wrote."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import convnet
from convnet import Sequential
from convnet.onnx import to_onnx


def ask(weights: Path, ink: NDArray[np.float32]) -> dict[str, Any]:
    """Return what the network in a file makes of one input (28, 28), and at which step it was.

    Raises
    ------
    FileNotFoundError
        If nothing was written yet.
    """
    network = _load(weights, weights.stat().st_mtime_ns)
    with np.errstate(all="ignore"):
        probabilities = np.nan_to_num(network.predict(ink[None, ..., None])[0].astype(np.float64))
    return {
        "digit": int(probabilities.argmax()),
        "labels": labels_of(network),
        "probabilities": [round(float(value), 5) for value in probabilities],
        "step": int(network.metadata["training_room"]["step"]),
    }


def as_onnx(weights: Path) -> bytes:
    """Return the network in a file as ONNX."""
    return to_onnx(convnet.load(weights))


def labels_of(network: Sequential) -> list[str]:
    """Return the name of each output."""
    return network.metadata.get("classes") or [str(i) for i in range(network.output_shape[0])]


@lru_cache(maxsize=2)
def _load(weights: Path, _written: int) -> Sequential:
    return convnet.load(weights)
