"""The record of a training run: how far it has come, and how good the network was on the way."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from convnet.training.curves import draw, new_figure

# What the field calls the numbers of an epoch (Keras' `History.history`).
_NAMES = {
    "loss": "loss",
    "accuracy": "accuracy",
    "validation_loss": "val_loss",
    "validation_accuracy": "val_accuracy",
}


@dataclass
class Epoch:
    """The results of one pass over the training data."""

    epoch: int
    loss: float
    accuracy: float
    seconds: float
    images_per_second: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None


@dataclass
class History:
    """What `Trainer.fit` returns: everything of a run's state that is not an array.

    Attributes
    ----------
    seed : int
        All shuffling and augmenting follows from it.
    epoch, step : int
        Epochs that are finished, and steps of the current one.
    correct, seen, seconds
        Of the current epoch: right answers, images, and time.
    losses : list of float
        The mean loss of every step so far, for the cost curve.
    epochs : list of Epoch
        The finished ones.
    """

    seed: int
    epoch: int = 0
    step: int = 0
    correct: int = 0
    seen: int = 0
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)

    @property
    def history(self) -> dict[str, list[float]]:
        """The numbers of the finished epochs by the names that Keras gives them.

        ``loss`` and ``accuracy``, and ``val_loss`` and ``val_accuracy`` where a validation set was
        measured.
        """
        columns = {
            name: [getattr(epoch, field) for epoch in self.epochs] for field, name in _NAMES.items()
        }
        return {name: values for name, values in columns.items() if None not in values}

    def plot(self) -> Any:
        """Draw loss and accuracy over the epochs.

        Returns
        -------
        matplotlib.figure.Figure
            A notebook shows it; ``figure.savefig("history.png")`` writes it.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If no epoch is finished yet.
        """
        return draw(self, new_figure(7, 3))

    def to_json(self) -> dict[str, Any]:
        """Return a dict that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> History:
        """Make it again from `to_json`."""
        return cls(**record | {"epochs": [Epoch(**epoch) for epoch in record["epochs"]]})
