"""One run up to an epoch: by the recipe and the machinery of scripts/train.py, in one process."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import convnet
from convnet import datasets
from convnet.training import checkpoint
from convnet.training.trainer import Progress, Trainer
from scripts.datasets.picture_folders import PictureOptions
from scripts.sweeping.space import Settings
from scripts.training.architecture import architecture
from scripts.training.data import fingerprint, input_form, open_dataset
from scripts.training.record import record_run


@dataclass(frozen=True)
class Run:
    """A training with some settings and a seed.

    Attributes
    ----------
    settings : tuple of (name, value)
    seed : int
    epochs : int
        Of the whole training: the learning rate may depend on it.
    data : str
        Path of the data set.
    print : str
        Fingerprint of the data: a machine that has another set refuses.
    """

    settings: tuple[tuple[str, str | int | float], ...]
    seed: int
    epochs: int
    data: str
    print: str

    @property
    def trial(self) -> Settings:
        """The settings."""
        return dict(self.settings)

    @property
    def name(self) -> str:
        """A name for the files of this run: other settings, or data, have another."""
        text = json.dumps([sorted(self.settings), self.epochs, self.print])
        return f"{hashlib.sha256(text.encode()).hexdigest()[:10]}-seed{self.seed}"


@dataclass(frozen=True)
class Outcome:
    """Where a run is.

    Attributes
    ----------
    history : list of dict
        A record for each epoch, as in the metadata of a network.
    seconds : float
        Of training.
    state : bytes
        A checkpoint, to go on from.
    weights : bytes
        The network's file.
    error : str
        Why the run cannot go on.
    """

    history: list[dict[str, Any]]
    seconds: float = 0.0
    state: bytes = b""
    weights: bytes = b""
    error: str = ""

    @property
    def accuracy(self) -> float:
        """Held-out accuracy after the last epoch; 0 for a run that failed."""
        return 0.0 if self.error or not self.history else self.history[-1]["validation_accuracy"]

    @property
    def loss(self) -> float:
        """Held-out loss after the last epoch."""
        failed = self.error or not self.history
        return math.inf if failed else self.history[-1]["validation_loss"]


@lru_cache(maxsize=1)
def dataset(path: str) -> datasets.Dataset:
    """Read the data set once in each process."""
    return open_dataset(Path(path), PictureOptions())


def train(run: Run, until: int, state: bytes = b"") -> Outcome:
    """Train a run up to the epoch `until`, from its beginning or from a state.

    One thread computes: how many there are decides the last bits of sums, and so of the weights.
    """
    convnet.set_threads(1)
    data = dataset(run.data)
    if fingerprint(data.train) != run.print:
        raise ValueError(f"{run.data} here is not the data set that the sweep began with")
    asked = architecture(str(run.trial["architecture"]))
    said = {name: value for name, value in run.settings if name != "architecture"}
    recipe = dataclasses.replace(asked.recipe, **said, epochs=run.epochs)
    recipe = recipe.for_data(data, {*said, "epochs"})
    train_set, held_out = recipe.split(data.train)
    network = asked.network(recipe, data.train.input_shape, run.seed)
    trainer = recipe.trainer(network, len(train_set))
    try:
        progress = recipe.fit(
            trainer,
            train_set,
            held_out,
            run.seed,
            progress=_resume(trainer, state),
            on_step=_stop_if_hopeless,
            on_epoch=lambda trainer, progress: _stop_at(until, trainer, progress),
        )
    except FloatingPointError as error:
        return Outcome([], error=str(error))
    record_run(trainer, recipe, progress, run.seed, input_form(data))
    return _outcome(trainer, progress)


def _stop_if_hopeless(trainer: Trainer, progress: Progress) -> None:
    if not math.isfinite(progress.losses[-1]):
        raise FloatingPointError(f"no finite loss at step {len(progress.losses)}")


def _stop_at(until: int, trainer: Trainer, progress: Progress) -> None:
    trainer.should_stop = progress.epoch >= until


def _resume(trainer: Trainer, state: bytes) -> Progress | None:
    if not state:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "state.npz"
        file.write_bytes(state)
        return checkpoint.load(file, trainer)


def _outcome(trainer: Trainer, progress: Progress) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        state, weights = Path(folder) / "state.npz", Path(folder) / "weights.npz"
        checkpoint.save(state, trainer, progress)
        trainer.network.save(weights)
        return Outcome(
            trainer.network.metadata["training"]["history"],
            sum(epoch.seconds for epoch in progress.epochs),
            state.read_bytes(),
            weights.read_bytes(),
        )
