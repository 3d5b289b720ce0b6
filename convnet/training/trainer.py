"""Training: forward, loss, backward, update, again and again.

x ──► network ──► logits ──► loss ──► dlogits ──► network backwards ──► grads ──► optimizer

`Trainer.step` is that line. What it calls is in `convnet/network.py`, `convnet/losses.py` and
`convnet/optimizers/`. A run that was stopped goes on with `convnet/training/checkpoint.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np

from convnet.arrays import Array
from convnet.layers import Softmax
from convnet.losses import CrossEntropy
from convnet.network import Sequential
from convnet.optimizers import Adam, Optimizer
from convnet.runtime.malloc import keep_freed_memory
from convnet.training.batches import Augment, DataLoader, Labels, to_float, with_channel
from convnet.training.weight_average import WeightAverage, measure_statistics


class Loss(Protocol):
    """Mean loss of a batch and its gradient by the outputs; the loss owns the 1/N."""

    def __call__(self, outputs: Array, labels: Any, /) -> tuple[float, Array]: ...  # noqa: D102


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
class Progress:
    """How far a run has come: everything of its state that is not an array.

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

    def to_json(self) -> dict[str, Any]:
        """Return a dict that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Progress:
        """Make it again from `to_json`."""
        return cls(**record | {"epochs": [Epoch(**epoch) for epoch in record["epochs"]]})


Callback = Callable[["Trainer", Progress], None]


# Bytes of the largest array whose memory is kept: the next step needs as much again.
_KEPT = 1 << 30


def count_correct(outputs: Array, labels: Labels) -> int:
    """Count the inputs (N, K) whose largest output is that of their class."""
    classes = labels if labels.ndim == 1 else labels.argmax(axis=1)
    return int(np.count_nonzero(outputs.argmax(axis=1) == classes))


class Trainer:
    """Train a network with a loss and an optimizer.

    Parameters
    ----------
    network : Sequential
        What is trained, in place.
    loss : callable
        One of `convnet.losses`.
    optimizer : Optimizer
        One of `convnet.optimizers`.
    average : float, optional
        Decay of an exponential moving average of the weights, which `fit` puts into the network
        at its end.
    count_correct : callable, optional
        ``count_correct(outputs, labels) -> int`` tells how many inputs are right,
        for networks whose outputs are not one row of classes for each input.

    Attributes
    ----------
    outputs : ndarray, shape (N, classes)
        What the network gave for the last step's inputs, before its weights changed.

    Raises
    ------
    ValueError
        If the network ends in Softmax and the loss is not CrossEntropy, which alone includes it.
    """

    def __init__(
        self,
        network: Sequential,
        loss: Loss | None = None,
        optimizer: Optimizer | None = None,
        *,
        average: float | None = None,
        count_correct: Callable[[Array, Labels], int] = count_correct,
    ) -> None:
        keep_freed_memory(_KEPT)
        self.network = network
        self.loss: Loss = CrossEntropy() if loss is None else loss
        self.count_correct = count_correct
        self.optimizer = Adam(1e-3) if optimizer is None else optimizer
        self.average = None if average is None else WeightAverage(network, average)
        self.outputs = np.empty((0, *network.output_shape), np.float32)
        if isinstance(network.layers[-1], Softmax) and not isinstance(self.loss, CrossEntropy):
            raise ValueError(
                f"a network that ends in Softmax needs CrossEntropy, got {self.loss!r}"
            )

    def step(self, x: Array, labels: Labels) -> float:
        """Do one update on inputs (N, …) and labels (N,); return the mean loss before it."""
        self.outputs = self.network.forward(x, training=True)
        loss, dout = self.loss(self.outputs, labels)
        self.network.backward(dout, need_dx=False)
        self.optimizer.step(self.network.params, self.network.grads)
        if self.average is not None:
            self.average.update(self.network)
        return loss

    def fit(
        self,
        images: Array,
        labels: Labels,
        *,
        epochs: int,
        batch_size: int = 128,
        rng: np.random.Generator,
        augment: Augment | None = None,
        final_augment: Augment | None = None,
        final_epochs: int = 0,
        validation: tuple[Array, Labels] | None = None,
        progress: Progress | None = None,
        on_step: Callback | None = None,
        on_epoch: Callback | None = None,
    ) -> Progress:
        """Run `epochs` passes over the data; return every step's loss and every epoch's record.

        Parameters
        ----------
        images : ndarray, shape (N, H, W) or (N, H, W, C)
            uint8 (0..255) or floating point (0..1).
        labels : ndarray, shape (N,) or (N, K)
            Integers, or probabilities of K classes.
        epochs, batch_size : int
            Passes over the data, and images a step.
        rng : numpy.random.Generator
            Gives the seed that all shuffling and augmenting follows from.
        augment, final_augment : callable, optional
            As for `DataLoader`; the second one in the last `final_epochs`.
        validation : (images, labels), optional
            Measured after every epoch; never trained on.
        progress : Progress, optional
            Of a run that was stopped (`convnet.training.checkpoint`); it is continued from there.
        on_step, on_epoch : callable, optional
            Called as ``callback(trainer, progress)`` after each.
        """
        seed = int(rng.integers(2**63))
        progress = Progress(seed) if progress is None else progress
        for epoch in range(progress.epoch, epochs):
            now = augment if epoch < epochs - final_epochs else final_augment
            loader = DataLoader(images, labels, batch_size, progress.seed, now)
            self._run_epoch(loader, epoch, progress, on_step)
            self._close_epoch(progress, validation)
            if on_epoch is not None:
                on_epoch(self, progress)
        if self.average is not None:
            last = final_augment if final_epochs else augment
            self._adopt_average(DataLoader(images, labels, batch_size, progress.seed, last))
        return progress

    def _run_epoch(
        self, loader: DataLoader, epoch: int, progress: Progress, on_step: Callback | None
    ) -> None:
        began = time.perf_counter() - progress.seconds
        for x, labels in loader.epoch(epoch, progress.step):
            progress.losses.append(self.step(x, labels))
            progress.step += 1
            progress.correct += self.count_correct(self.outputs, labels)
            progress.seen += len(x)
            progress.seconds = time.perf_counter() - began
            if on_step is not None:
                on_step(self, progress)

    def _close_epoch(self, progress: Progress, validation: tuple[Array, Labels] | None) -> None:
        record = Epoch(
            progress.epoch + 1,
            float(np.mean(progress.losses[-progress.step :])),
            progress.correct / progress.seen,
            progress.seconds,
            progress.seen / progress.seconds,
        )
        if validation is not None:
            record.validation_loss, record.validation_accuracy = self.evaluate(*validation)
        progress.epochs.append(record)
        progress.epoch += 1
        progress.step = progress.correct = progress.seen = 0
        progress.seconds = 0.0

    def evaluate(self, images: Array, labels: Labels, batch_size: int = 500) -> tuple[float, float]:
        """Return mean loss and accuracy of the network as it answers: nothing is trained."""
        loss, correct = 0.0, 0
        for start in range(0, len(images), batch_size):
            part = slice(start, start + batch_size)
            outputs = self.network.forward(with_channel(to_float(images[part])))
            loss += self.loss(outputs, labels[part])[0] * len(outputs)
            correct += self.count_correct(outputs, labels[part])
        return loss / len(images), correct / len(images)

    def _adopt_average(self, loader: DataLoader, batches: int = 100) -> None:
        """Put the average into the network, and measure BatchNorm's statistics for it."""
        if self.average is None:
            return
        self.average.copy_to(self.network)
        count = min(batches, loader.steps_per_epoch)
        epoch = loader.epoch(_STATISTICS_EPOCH)
        measure_statistics(self.network, (next(epoch)[0] for _ in range(count)))


# BatchNorm's statistics come from the batches of this epoch. No run gets so far, so they are new.
_STATISTICS_EPOCH = 2**31
