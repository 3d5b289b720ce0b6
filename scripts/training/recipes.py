"""How each named network is trained, unless the command line says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnet.augmentation.augmenter import Augmenter
from convnet.datasets import Dataset, Split
from convnet.datasets.dataset import DIGITS as DIGIT_NAMES
from convnet.losses import BinaryCrossEntropy, CrossEntropy, one_hot
from convnet.network import Sequential
from convnet.optimizers import SGD, Adam, AdamW, Optimizer
from convnet.optimizers.schedules import OneCycle
from convnet.training.batches import Augment, Labels
from convnet.training.history import History
from convnet.training.trainer import Callback, Loss, Trainer
from scripts.training.data import class_numbers, input_form

MakeOptimizer = Callable[[float, int], Optimizer]
DIGITS = tuple(range(10))
FEW = 2000  # pictures
STEPS_FOR_FEW = 400


@dataclass(frozen=True)
class Recipe:
    """Training settings of one network.

    Attributes
    ----------
    optimizer : callable
        ``optimizer(learning_rate, total_steps)``.
    learning_rate : float
        The highest, where it changes.
    epochs, batch_size : int
        Passes over the data, images a step.
    loss : callable
        Makes the loss.
    one_hot : bool
        Whether labels are given to the loss as one-hot vectors.
    augment : callable, optional
        Changes the pictures, see `convnet.augmentation.augmenter`.
    digits, limit : optional
        The part of the data that is used, see `convnet.datasets.Split.subset`.
    held_out : int
        Training images kept back to measure by after every epoch; a tenth of a small set.
    average : float, optional
        Decay of the moving average of the weights, which is what is kept in the end.
    names : tuple of str
        The classes of the data.
    """

    optimizer: MakeOptimizer
    learning_rate: float
    epochs: int
    batch_size: int
    loss: Callable[[], Loss] = CrossEntropy
    one_hot: bool = False
    augment: Augment | None = None
    digits: tuple[int, ...] | None = None
    limit: int | None = None
    held_out: int = 5000
    average: float | None = None
    names: tuple[str, ...] = DIGIT_NAMES

    def for_data(self, data: Dataset, kept: Collection[str] = ()) -> Recipe:
        """Return the recipe for other data than digits; for digits in MNIST's form, itself.

        Pictures in the plain form are not augmented: what changes ink would spoil them. Few
        pictures are shown more often, in smaller batches, unless `kept` names those settings.

        Raises
        ------
        ValueError
            If `kept` has ``digits`` and the classes are others.
        """
        changes: dict[str, Any] = {}
        if input_form(data) != "mnist":
            changes["augment"] = None
        if data.train.classes != DIGIT_NAMES:
            if "digits" in kept:
                raise ValueError("--digits needs digits as classes")
            changes |= {"names": data.train.classes, "digits": None}
            if len(data.train) < FEW:
                changes["batch_size"] = min(self.batch_size, 16)
                steps = -(-len(data.train) // changes["batch_size"])
                changes["epochs"] = max(self.epochs, -(-STEPS_FOR_FEW // steps))
        return replace(self, **{name: changes[name] for name in changes if name not in kept})

    @property
    def outputs(self) -> int | None:
        """Outputs that a network needs; None for digits: as many as it was made for."""
        return None if self.names == DIGIT_NAMES else len(self.names)

    def trainer(self, network: Sequential, count: int) -> Trainer:
        """Make what trains `network` on `count` images."""
        steps = self.epochs * self.steps_per_epoch(count)
        optimizer = self.optimizer(self.learning_rate, steps)
        return Trainer(network, self.loss(), optimizer, average=self.average)

    def steps_per_epoch(self, count: int) -> int:
        """Return the number of batches in `count` images."""
        return -(-count // self.batch_size)

    def split(self, train: Split) -> tuple[Split, Split]:
        """Return the images to train on, and those to measure by."""
        chosen = train.subset(self.digits, self.limit)
        return chosen.hold_out(min(self.held_out, max(len(chosen) // 10, 1)))

    def classes(self, outputs: int) -> tuple[int, ...] | tuple[str, ...]:
        """Return the digit that each output of a network stands for, or the name of its class.

        Raises
        ------
        ValueError
            If there are not as many digits as outputs.
        """
        if self.names != DIGIT_NAMES:
            return self.names
        if outputs == len(DIGITS):
            return DIGITS
        digits = self.digits or DIGITS
        if outputs != len(digits):
            raise ValueError(f"a network with {outputs} outputs cannot tell the digits {digits}")
        return digits

    def targets(self, labels: NDArray[np.integer], outputs: int) -> Labels:
        """Return what the loss takes for these digits: output numbers, or one-hot vectors."""
        numbers = class_numbers(labels, self.classes(outputs))
        return one_hot(numbers, outputs) if self.one_hot else numbers

    def fit(
        self,
        trainer: Trainer,
        train: Split,
        held_out: Split,
        seed: int,
        *,
        progress: History | None,
        on_step: Callback,
        on_epoch: Callback,
        workers: int = 1,
    ) -> History:
        """Train: the same seed gives the same weights, whichever command asks."""
        outputs = trainer.network.output_shape[0]
        return trainer.fit(
            train.images,
            self.targets(train.labels, outputs),
            epochs=self.epochs,
            batch_size=self.batch_size,
            rng=np.random.default_rng((seed, 1)),
            augment=self.augment,
            validation=(held_out.images, self.targets(held_out.labels, outputs)),
            progress=progress,
            on_step=on_step,
            on_epoch=on_epoch,
            workers=workers,
        )


def _sgd(rate: float, steps: int) -> Optimizer:
    return SGD(rate)


def _adam(rate: float, steps: int) -> Optimizer:
    return Adam(rate)


def _one_cycle(rate: float, steps: int) -> Optimizer:
    return AdamW(OneCycle(rate, max(steps, 2), pct_start=0.2), weight_decay=0.02)


RECIPES: dict[str, Recipe] = {
    "digits": Recipe(
        _one_cycle,
        learning_rate=3e-3,
        epochs=8,
        batch_size=128,
        augment=Augmenter(pen=0.3),
        average=0.999,
    ),
    "resnet": Recipe(_one_cycle, learning_rate=1e-2, epochs=3, batch_size=128),
    "torch-example": Recipe(_adam, learning_rate=1e-3, epochs=3, batch_size=128),
    "live-app": Recipe(_adam, learning_rate=1e-3, epochs=5, batch_size=32),
    "cnn-from-scratch": Recipe(_sgd, learning_rate=0.05, epochs=10, batch_size=32),
    "cnn-from-scratch-sigmoid": Recipe(_sgd, learning_rate=0.5, epochs=10, batch_size=32),
    "cnn-numpy": Recipe(_sgd, learning_rate=0.005, epochs=3, batch_size=1),
    "simple-conv-net": Recipe(_sgd, learning_rate=0.05, epochs=6, batch_size=32, one_hot=True),
    "zero-vs-one": Recipe(
        _sgd,
        learning_rate=0.1,
        epochs=3,
        batch_size=8,
        loss=BinaryCrossEntropy,
        digits=(0, 1),
        limit=2000,
        held_out=200,
    ),
}

# For a network of the user's own: what suits most.
OF_A_FILE = Recipe(_adam, learning_rate=1e-3, epochs=5, batch_size=64)
