"""One step as it is told by hand: the batch, its scores and loss, the gradients, the weights.

The step is done once more on a copy of the network as it was before: dropout draws the same
numbers there, so every figure is that of the real step.
"""

from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnet import Sequential, Trainer
from convnet.arrays import Array
from convnet.layers import Layer
from convnet.losses import log_softmax
from server.training_room.views import picture, rounded

SHOWN = 8
"""Pictures of the batch whose scores are shown."""


class SteppingTrainer(Trainer):
    """A trainer that notes how a step went, if it is told to.

    Attributes
    ----------
    noting : bool
        Whether the next steps are noted.
    noted : dict, optional
        The last step that was.
    """

    noting = False
    noted: dict[str, Any] | None = None

    def step(self, x: Array, labels: NDArray[Any]) -> float:
        """Do one update; see `Trainer.step`."""
        if not self.noting:
            return super().step(x, labels)
        before = deepcopy(self.network)
        loss = super().step(x, labels)
        with np.errstate(all="ignore"):
            self.noted = tell(self, before, x, labels)
        return loss


def tell(trainer: Trainer, before: Sequential, x: Array, labels: NDArray[Any]) -> dict[str, Any]:
    """Return how a step of `trainer` went that began with the network `before`."""
    scores = before.forward(x, training=True)
    loss, gradient = trainer.loss(scores, labels)
    pictures = [
        {
            "picture": picture(x[i, ..., 0]),
            "label": int(labels[i]),
            "scores": rounded(scores[i], 3),
            "probabilities": rounded(np.exp(log_softmax(scores[i : i + 1]))[0]),
            "loss": short(trainer.loss(scores[i : i + 1], labels[i : i + 1])[0]),
            "gradient": rounded(gradient[i] * len(x), 3),
        }
        for i in range(min(SHOWN, len(x)))
    ]
    layers = []
    for layer in reversed(before.order):
        came, gradient = gradient, layer.backward(gradient)
        layers.append(
            {
                "layer": layer.name,
                "shape": list(layer.output_shape),
                "came": size(came),
                "weights": weights(layer, trainer.network),
            }
        )
    rate = trainer.optimizer.learning_rate
    return {
        "batch": len(x),
        "loss": short(loss),
        "rate": short(rate),
        "pictures": pictures,
        "layers": layers,
    }


def weights(layer: Layer, after: Sequential) -> list[dict[str, Any]]:
    """Return for each array of weights its sizes, and the weight with the largest gradient."""
    found = []
    for key, old in layer.params.items():
        name = f"{layer.name}.{key}"
        gradient, new = layer.grads[key], after.params[name]
        place = np.unravel_index(int(np.nan_to_num(np.abs(gradient)).argmax()), gradient.shape)
        found.append(
            {
                "name": name,
                "shape": list(old.shape),
                "size": size(old),
                "gradient": size(gradient),
                "change": size(new - old),
                "largest": {
                    "place": [int(index) for index in place],
                    "before": short(old[place]),
                    "gradient": short(gradient[place]),
                    "after": short(new[place]),
                },
            }
        )
    return found


def size(values: Array) -> float:
    """Return the root of the mean square."""
    return short(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def short(value: Any) -> float:
    """Return a number with six significant digits; what is no number as 0."""
    return float(f"{float(np.nan_to_num(value)):.6g}")
