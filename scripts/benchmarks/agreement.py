"""Do two libraries compute the same? Asked before anything is timed.

Outputs, loss and BatchNorm's statistics are compared for the whole network. Gradients of a whole
network with ReLU and max-pooling cannot be compared number by number: among millions of
activations, some are so close to 0, or to their neighbour in a window, that the last bit decides
where the gradient goes. PyTorch's float32 differs from its own float64 for the same reason. So the
gradients are compared layer by layer: each layer gets the same input and the same gradient on both
sides. The whole network's gradient must then agree as a vector.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.benchmarks.peers.passes import LayerPass, Pass
from scripts.benchmarks.peers.process import PeerProcess

TOLERANCE = 1e-4
# How much such activations may change the direction and the length of a gradient.
WHOLE_TOLERANCE = 2e-2
STATISTICS = (".mean", ".var")


class Disagreement(Exception):
    """Two libraries do not compute the same; the message says what differs, and by how much."""


Arrays = dict[str, NDArray[Any]]


def distance(ours: NDArray[Any], theirs: NDArray[Any]) -> float:
    """Return the largest difference, as a share of the largest number.

    Gradients may be small throughout, so differences count in proportion to them.
    """
    if ours.shape != theirs.shape:
        raise Disagreement(f"shapes {ours.shape} and {theirs.shape}")
    largest = float(np.abs(theirs).max(initial=0))
    difference = float(np.abs(ours - theirs).max(initial=0))
    return difference / largest if largest > 0 else difference


def compare(ours: Arrays, theirs: Arrays) -> float:
    """Return the largest distance of an array to its counterpart.

    Raises
    ------
    Disagreement
        If it exceeds the tolerance, if there are NaNs, or if one side has other arrays.
    """
    if ours.keys() != theirs.keys():
        raise Disagreement(f"only one side has {sorted(ours.keys() ^ theirs.keys())}")
    distances = {name: distance(ours[name], theirs[name]) for name in ours}
    for name, far in distances.items():
        if not far <= TOLERANCE:  # NaN compares false
            raise Disagreement(f"{name} differs by {far:.1e}, {TOLERANCE:.0e} is allowed")
    return max(distances.values(), default=0.0)


def compare_layer(name: str, ours: LayerPass, theirs: LayerPass) -> float:
    """Compare what one layer computes from the same input and gradient."""
    return compare(*({f"{name}.{k}": v for k, v in p.results.items()} for p in (ours, theirs)))


def compare_passes(ours: Pass, theirs: Pass) -> float:
    """Compare logits, loss and statistics number by number, the gradients as one vector."""
    gradient, expected = _gradient(ours), _gradient(theirs)
    off = float(np.linalg.norm(gradient - expected) / np.linalg.norm(expected))
    if not off <= WHOLE_TOLERANCE:
        raise Disagreement(f"the gradient differs by {off:.1e}, {WHOLE_TOLERANCE:.0e} is allowed")
    return compare(_ends(ours), _ends(theirs))


def check_training(
    ours: PeerProcess, theirs: PeerProcess, images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> float:
    """Compare a training pass of the network that both have open; return the largest distance."""
    calls = ("training_pass", images, labels)
    distances = [compare_passes(ours.call(*calls), theirs.call(*calls))]
    for name, traced in theirs.call("trace", images, labels).items():
        replayed = ours.call("replay", name, traced.x, traced.dout)
        distances.append(compare_layer(name, replayed, traced))
    return max(distances)


def check_predictions(ours: PeerProcess, theirs: PeerProcess, images: NDArray[np.uint8]) -> float:
    """Compare the probabilities that both predict; return the largest distance."""
    found, expected = (peer.call("probabilities", images) for peer in (ours, theirs))
    return compare({"probabilities": found}, {"probabilities": expected})


def _ends(result: Pass) -> Arrays:
    statistics = {k: v for k, v in result.arrays.items() if k.endswith(STATISTICS)}
    return {"logits": result.logits, "loss": np.array(result.loss), **statistics}


def _gradient(result: Pass) -> NDArray[Any]:
    parts = (v for k, v in sorted(result.arrays.items()) if not k.endswith(STATISTICS))
    return np.concatenate([part.ravel() for part in parts])
