"""Training: forward, loss, backward, update, again and again.

x ──► network ──► logits ──► loss ──► dlogits ──► network backwards ──► grads ──► optimizer

`Trainer.step` is that line. What it calls is in `convnet/network.py`, `convnet/losses.py` and
`convnet/optimizers/`. A run that was stopped goes on with `convnet/training/checkpoint.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from convnet.arrays import Array
from convnet.checks import require_positive, require_positive_int
from convnet.layers import Softmax
from convnet.losses import CrossEntropy
from convnet.network import Sequential
from convnet.optimizers import Adam, Optimizer
from convnet.optimizers.clipping import clip_by_global_norm
from convnet.runtime.malloc import keep_freed_memory
from convnet.training.batches import Augment, DataLoader, Labels, to_float, with_channel
from convnet.training.class_weight import ClassWeighted, class_weighted
from convnet.training.early_stopping import EarlyStopping
from convnet.training.history import Epoch, History
from convnet.training.parallel.team import Team
from convnet.training.progress_bar import TrainingBar
from convnet.training.weight_average import WeightAverage, measure_statistics


class Loss(Protocol):
    """Mean loss of a batch and its gradient by the outputs; the loss owns the 1/N."""

    def __call__(self, outputs: Array, labels: Any, /) -> tuple[float, Array]: ...  # noqa: D102


Progress = History  # its earlier name
Callback = Callable[["Trainer", History], None]


@dataclass
class _Run:
    """What the epochs of one call of `fit` have in common."""

    history: History
    validation: tuple[Array, Labels] | None
    on_step: Callback | None
    on_epoch: Callback | None
    early_stopping: EarlyStopping | None
    bar: TrainingBar | None
    team: Team | None = None

    def batches(self, loader: DataLoader, epoch: int) -> Iterator[tuple[Any, Labels]]:
        """Yield what is left of an epoch, prepared unless the workers do that."""
        of_epoch = loader.epoch if self.team is None else loader.stored
        return of_epoch(epoch, self.history.step)

    def is_over(self, network: Sequential) -> bool:
        """Whether the epoch that was just finished is a reason to stop early."""
        stopping = self.early_stopping
        return stopping is not None and stopping.is_over(network, self.history)


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
    clip_norm : float, optional
        The longest that the gradient of all weights together may be; a longer one is shortened
        before the optimizer sees it (Pascanu et al., "On the difficulty of training recurrent
        neural networks", 2013).

    Attributes
    ----------
    outputs : ndarray, shape (N, classes)
        What the network gave for the last step's inputs, before its weights changed.
    should_stop : bool
        A callback sets it to end `fit` after the present step, with the record so far.

    Raises
    ------
    ValueError
        If the network ends in Softmax and the loss is not CrossEntropy, which alone includes it, or
        `clip_norm` is not positive.
    """

    def __init__(
        self,
        network: Sequential,
        loss: Loss | None = None,
        optimizer: Optimizer | None = None,
        *,
        average: float | None = None,
        count_correct: Callable[[Array, Labels], int] = count_correct,
        clip_norm: float | None = None,
    ) -> None:
        keep_freed_memory(_KEPT)
        self.network = network
        self.loss: Loss = CrossEntropy() if loss is None else loss
        self.count_correct = count_correct
        self.optimizer = Adam(1e-3) if optimizer is None else optimizer
        self.average = None if average is None else WeightAverage(network, average)
        self.outputs = np.empty((0, *network.output_shape), np.float32)
        self.clip_norm = None if clip_norm is None else require_positive("clip_norm", clip_norm)
        self.should_stop = False
        # What takes a batch forward and back: the network, or its workers while `fit` has some.
        self._passes: Any = network
        self._class_weight: ClassWeighted | None = None
        if isinstance(network.layers[-1], Softmax) and not isinstance(self.loss, CrossEntropy):
            raise ValueError(
                f"a network that ends in Softmax needs CrossEntropy, got {self.loss!r}"
            )

    def step(self, x: Array, labels: Labels) -> float:
        """Do one update on inputs (N, …) and labels (N,); return the mean loss before it."""
        self.outputs = self._passes.forward(x, training=True)
        loss, dout = (self._class_weight or self.loss)(self.outputs, labels)
        self._passes.backward(dout, need_dx=False)
        params, grads = self.network.trainable_params, self.network.grads
        grads = {name: grads[name] for name in params}
        if self.clip_norm is not None:
            clip_by_global_norm(grads, self.clip_norm)
        self.optimizer.step(params, grads)
        if self.average is not None:
            self.average.update(self.network)
        return loss

    def fit(
        self, images: Array, labels: Labels, *, epochs: int, batch_size: int = 128,
        rng: np.random.Generator, augment: Augment | None = None,
        final_augment: Augment | None = None, final_epochs: int = 0,
        validation: tuple[Array, Labels] | None = None, progress: History | None = None,
        on_step: Callback | None = None, on_epoch: Callback | None = None, verbose: bool = False,
        early_stopping: EarlyStopping | int | None = None, workers: int = 1,
        class_weight: Mapping[int, float] | str | None = None, clip_norm: float | None = None,
    ) -> History:  # fmt: skip
        """Run `epochs` passes over the data; return every step's loss and every epoch's record.

        Parameters
        ----------
        images, labels : ndarray
            uint8 (0..255) or floats (0..1) of shape (N, H, W) or (N, H, W, C); integers (N,), or
            probabilities (N, K) of K classes.
        epochs, batch_size, rng
            Passes over the data, images a step, and what all shuffling and augmenting follows from.
        augment, final_augment, final_epochs : optional
            As for `DataLoader`; the second one in the last `final_epochs`.
        validation : (images, labels), optional
            Measured after every epoch; never trained on.
        progress : History, optional
            Of a run that was stopped (`convnet.training.checkpoint`); it is continued from there.
        on_step, on_epoch : callable, optional
            Called as ``callback(trainer, history)`` after each; see `should_stop`.
        verbose : bool
            Whether to show a progress bar on a terminal, and a line for every epoch.
        early_stopping : EarlyStopping or int, optional
            Ends the run when it no longer improves; a number is its patience, in epochs.
        class_weight : dict of int to float, or "balanced", optional
            How much each class counts in the loss: `convnet.training.class_weight`.
        clip_norm : float, optional
            From now on, as for `Trainer`.
        workers : int
            Processes that share each batch (`convnet.training.parallel`); 1: threads of this one.
        """
        history = _new_or_continued(progress, rng)
        self._set(clip_norm, class_weight, labels)
        bar = TrainingBar(epochs, -(-len(images) // batch_size)) if verbose else None
        run = _Run(history, validation, on_step, on_epoch, EarlyStopping.read(early_stopping), bar)
        run.team = self._team(workers, images, batch_size)

        def load(epoch: int) -> DataLoader:
            now = augment if epoch < epochs - final_epochs else final_augment
            return DataLoader(images, labels, batch_size, history.seed, now)

        if self._run_epochs(run, epochs, load) and self.average is not None:
            self._adopt_average(load(epochs - 1))
        return history

    def _set(
        self,
        clip_norm: float | None,
        class_weight: Mapping[int, float] | str | None,
        labels: Labels,
    ) -> None:
        """Take over what `fit` was told of the gradient and the loss."""
        if clip_norm is not None:
            self.clip_norm = require_positive("clip_norm", clip_norm)
        self._class_weight = class_weighted(self.loss, class_weight, labels)

    def _team(self, workers: int, images: Array, batch_size: int) -> Team | None:
        """Return what shares the passes, not yet started; None for this process alone."""
        if require_positive_int("workers", workers) == 1:
            return None
        return Team(self.network, workers, images, batch_size)

    def _run_epochs(self, run: _Run, epochs: int, load: Callable[[int], DataLoader]) -> bool:
        """Run what is left of the epochs; return False if a callback stopped the run."""
        self.should_stop = False
        if run.early_stopping is not None:
            run.early_stopping.begin(run.history, run.validation is not None, self.average)
        self._passes = run.team or self.network
        try:
            with run.team or nullcontext():
                for epoch in range(run.history.epoch, epochs):
                    if self._run_epoch(load(epoch), epoch, run):
                        break
                    if self.should_stop and run.history.epoch < epochs:
                        return False
        finally:
            self._passes, self._class_weight = self.network, None
            if run.bar is not None:
                run.bar.close()
        if run.early_stopping is not None:
            run.early_stopping.restore(self.network)
        return True

    def _run_epoch(self, loader: DataLoader, epoch: int, run: _Run) -> bool:
        """Run an epoch to its end, or until a callback stops it; return whether to stop early."""
        history = run.history
        began = time.perf_counter() - history.seconds
        for x, labels in run.batches(loader, epoch):
            history.losses.append(self.step(x, labels))
            history.step += 1
            history.correct += self.count_correct(self.outputs, labels)
            history.seen += len(x)
            history.seconds = time.perf_counter() - began
            if run.bar is not None:
                run.bar.step(history)
            if run.on_step is not None:
                run.on_step(self, history)
            if self.should_stop and history.step < loader.steps_per_epoch:
                return False
        self._close_epoch(history, run.validation)
        over = run.is_over(self.network)  # before a callback can change the weights
        if run.bar is not None:
            run.bar.epoch(history)
        if run.on_epoch is not None:
            run.on_epoch(self, history)
        return over

    def _close_epoch(self, history: History, validation: tuple[Array, Labels] | None) -> None:
        record = Epoch(
            history.epoch + 1,
            float(np.mean(history.losses[-history.step :])),
            history.correct / history.seen,
            history.seconds,
            history.seen / history.seconds,
        )
        if validation is not None:
            record.validation_loss, record.validation_accuracy = self.evaluate(*validation)
        history.epochs.append(record)
        history.epoch += 1
        history.step = history.correct = history.seen = 0
        history.seconds = 0.0

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


def _new_or_continued(progress: History | None, rng: np.random.Generator) -> History:
    """Return the record of a run; a new one's seed is drawn, and so it is for a resumed one."""
    new = History(int(rng.integers(2**63)))
    return new if progress is None else progress
