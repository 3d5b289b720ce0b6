"""Look at a network while it trains, as often as that costs less than a twentieth of the time."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from convnet import Trainer
from convnet.layers import Softmax
from server.training_room import views
from server.training_room.pictures import Pictures
from server.training_room.run_folder import RunFolder

SHARE = 0.05
"""The share of the time that may go into looking."""

EVERY = 0.2
"""Seconds between two looks, or more where they cost too much."""


class Watch:
    """Looks at the network of a trainer, in turns, and writes what it sees into the folder.

    Attributes
    ----------
    spent : float
        Seconds that all looks have taken.
    layer, digit : int
        Whose maps are drawn, and of which digit.
    """

    def __init__(self, trainer: Trainer, pictures: Pictures, folder: RunFolder) -> None:
        self.trainer, self.folder = trainer, folder
        self.images, self.labels = pictures.watched
        self.spent, self.layer, self.digit = 0.0, 0, 0
        self.held: tuple[float, float] | None = None
        self._turn = self._look = 0
        self._looks: tuple[Callable[[int], None], ...] = (self.answers, self.inside, self.weights)

    def look(self, step: int, elapsed: float) -> None:
        """Take one look, if what looks have cost so far allows for it."""
        if self.spent > SHARE * elapsed:
            return
        began = time.perf_counter()
        self._looks[self._turn % len(self._looks)](step)
        self._turn += 1
        self.spent += time.perf_counter() - began

    def look_at_all(self, step: int) -> None:
        """Take every look, whatever that costs: nobody waits, as when the run is paused."""
        for one in self._looks:
            one(step)

    def answers(self, step: int) -> None:
        """Ask the network what held-out pictures show."""
        network = self.trainer.network
        outputs = list(network.activations(self.images))
        softmax = isinstance(network.layers[-1], Softmax) and len(outputs) > 1
        scores = outputs[-2 if softmax else -1][1]
        with np.errstate(all="ignore"):
            loss = self._loss(scores)
            seen = views.answers(scores, self.labels, self.images)
            self.held = loss, seen.pop("accuracy")
            seen["places"] = views.places(outputs, self.images, self.labels)
        self.show("answers", step, seen)

    def _loss(self, scores: Any) -> float:
        try:
            return float(
                np.nan_to_num(self.trainer.loss(scores, self.labels)[0], nan=1e9, posinf=1e9)
            )
        except ValueError:  # scores that are no numbers any more
            return 1e9

    def inside(self, step: int) -> None:
        """Look at kernels, maps, activations and gradients."""
        network = self.trainer.network
        chosen = int(np.argmax(self.labels == self.digit))
        images = np.concatenate(
            [self.images[chosen : chosen + 1], self.images[: views.OF_HISTOGRAMS]]
        )
        with np.errstate(all="ignore"):
            outputs = list(network.activations(images))
            layer, output = outputs[min(self.layer, len(outputs) - 1)]
            seen = {
                "kernels": views.kernels(network),
                "maps": views.maps(layer, output[0], images[0]),
                "histograms": views.histograms(network, outputs),
            }
        self.show("inside", step, seen)

    def show(self, name: str, step: int, seen: dict[str, Any]) -> None:
        """Write what was seen; `look` numbers all that pages may have missed."""
        self._look += 1
        self.folder.write(f"{name}.json", {"step": step, "look": self._look, **seen})

    def weights(self, step: int) -> None:
        """Save the network of this moment: who draws is answered by it."""
        network = self.trainer.network
        network.metadata["training_room"] = {"step": step}
        network.save(self.folder.weights)
