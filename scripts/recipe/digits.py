"""Train the served network: every choice in one place, and the run that follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import convnet
from convnet import datasets
from convnet.arrays import Array
from convnet.augmentation.augmenter import Augmenter
from convnet.open_set import OpenSetCrossEntropy
from convnet.optimizers import AdamW
from convnet.optimizers.schedules import OneCycle
from convnet.training.batches import to_float, with_channel
from convnet.training.trainer import Trainer
from scripts.recipe.calibration import fit_temperature, fit_threshold, trade_off
from scripts.recipe.pictures import Pictures, from_mnist, synthetic
from scripts.synthesis.material import Material as Start
from scripts.synthesis.recorded.collection import Recorded
from scripts.training.run import Run

VERSION = "3"

Parts = tuple[Recorded, Recorded]
"""What real writers wrote: for training, and for choosing."""


@dataclass(frozen=True)
class ServedRecipe:
    """Everything that was chosen, with what was chosen.

    Attributes
    ----------
    mnist_repeats : int
        How often an epoch shows each MNIST image.
    kinds, held_out_kinds : dict of str to int
        Synthetic pictures of each kind, to train on and to choose by.
    final_epochs : int
        Epochs at the end whose pictures are hardly distorted.
    average : float
        Decay of the moving average of the weights.
    accepted : float
        Share of held-out digits that the threshold lets pass.
    limit : int, optional
        Only so many MNIST images, for a trial of the whole recipe.
    start : str, optional
        The shipped network whose weights training goes on from.
    """

    seed: int = 0
    mnist_repeats: int = 2
    kinds: Mapping[str, int] = field(
        default_factory=lambda: {
            "handwriting": 30_000,
            "recorded": 50_000,
            "scans": 15_000,
            "printed": 20_000,
            "photos": 20_000,
            "restroked": 10_000,
            "rescanned": 10_000,
            "cutouts": 15_000,
            "nondigits": 40_000,
            "letters": 25_000,
            "empties": 4_000,
            "scenes": 50_000,
        }
    )
    held_out_kinds: Mapping[str, int] = field(
        default_factory=lambda: {
            "handwriting": 2_000,
            "recorded": 2_000,
            "scans": 1_000,
            "printed": 1_000,
            "photos": 1_000,
            "rescanned": 1_000,
            "cutouts": 1_000,
            "nondigits": 3_000,
            "letters": 2_000,
            "empties": 300,
            "scenes": 3_000,
        }
    )
    held_out: int = 5_000
    epochs: int = 6
    final_epochs: int = 1
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    average: float = 0.9995
    accepted: float = 0.996
    limit: int | None = None
    start: str | None = None
    augment: Augmenter = field(
        default_factory=lambda: Augmenter(
            rotation=15, shift=2, pen=0.3, blur=0.1, contrast=0.1, noise=0.05, erase=0.05
        )
    )
    final_augment: Augmenter = field(
        default_factory=lambda: Augmenter(
            rotation=5, shift=1, scale=(0.95, 1.05), stretch=1.03, shear=3, elastic=0.4
        )
    )

    def steps_per_epoch(self, material: Material) -> int:
        """Batches in one pass over the training pictures."""
        return -(-len(material.train.labels) // self.batch_size)


TUNING = ServedRecipe(
    start="digits",
    mnist_repeats=1,
    kinds={
        "handwriting": 12_000,
        "recorded": 25_000,
        "scans": 8_000,
        "printed": 12_000,
        "photos": 15_000,
        "restroked": 5_000,
        "rescanned": 5_000,
        "cutouts": 8_000,
        "nondigits": 20_000,
        "letters": 12_000,
        "empties": 2_000,
        "scenes": 50_000,
    },
    epochs=2,
    learning_rate=5e-4,
    average=0.999,
    accepted=0.993,  # some of the scenes cannot be read by anyone
)
"""Goes on from the shipped network: for when what comes before it, such as the finder, changes."""


@dataclass(frozen=True)
class Material:
    """The pictures of one run."""

    train: Pictures
    mnist: Pictures
    others: dict[str, Pictures]

    def digits(self) -> Pictures:
        """Held-out digits of every source."""
        held_out = sum(self.others.values(), self.mnist)
        return held_out.only(held_out.labels >= 0)

    def none(self) -> Pictures:
        """Held-out things that are no digit."""
        held_out = sum(self.others.values(), self.mnist)
        return held_out.only(held_out.labels < 0)


def gather(
    recipe: ServedRecipe, data: datasets.Dataset, folder: Path, recorded: Parts | None = None
) -> Material:
    """Draw all pictures, or read those that an earlier run left in `folder`.

    `recorded` is what real writers wrote, for training and for choosing (`collection.load`); None
    if no kind of the recipe starts from it.
    """
    train, held_out = data.train.subset(limit=recipe.limit).hold_out(recipe.held_out)
    own = from_mnist(train)
    of_training, of_choosing = recorded or (None, None)
    start = Start(train.images, train.labels, of_training)
    drawn = synthetic(recipe.kinds, recipe.seed, start, folder)
    # Another seed: held-out pictures are other pictures.
    start = Start(held_out.images, held_out.labels, of_choosing)
    others = synthetic(recipe.held_out_kinds, recipe.seed + 1_000, start, folder)
    everything = sum([*drawn.values(), *[own] * (recipe.mnist_repeats - 1)], own)
    return Material(everything, from_mnist(held_out), others)


def make_trainer(recipe: ServedRecipe, material: Material) -> Trainer:
    """Return a network, untrained unless the recipe starts from one, with all that trains it."""
    if recipe.start is None:
        network = convnet.build("digits", rng=np.random.default_rng(recipe.seed))
    else:
        network = convnet.load_pretrained(recipe.start)
    steps = recipe.epochs * recipe.steps_per_epoch(material)
    rate = OneCycle(recipe.learning_rate, steps, pct_start=0.2)
    optimizer = AdamW(rate, weight_decay=recipe.weight_decay)
    return Trainer(network, OpenSetCrossEntropy(), optimizer, average=recipe.average)


def train(
    recipe: ServedRecipe, material: Material, trainer: Trainer, run: Run, resume: bool
) -> None:
    """Run the training, from the start or from where `run`'s checkpoint stands."""
    trainer.fit(
        material.train.images,
        material.train.labels,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        rng=np.random.default_rng((recipe.seed, 1)),
        augment=recipe.augment,
        final_augment=recipe.final_augment,
        final_epochs=recipe.final_epochs,
        validation=(material.mnist.images, material.mnist.labels),
        progress=run.begin(trainer, resume),
        on_step=run.on_step,
        on_epoch=run.on_epoch,
    )


def calibrate(recipe: ServedRecipe, network: convnet.Sequential, material: Material) -> None:
    """Fit temperature and threshold on held-out pictures; keep them in the network's metadata."""
    digits, none = material.digits(), material.none()
    of_digits, of_none = logits(network, digits), logits(network, none)
    network.metadata["calibration"] = {
        "temperature": fit_temperature(of_digits, digits.labels),
        "rejection": {
            "score": "energy",
            "threshold": fit_threshold(of_digits, recipe.accepted),
            "trade_off": trade_off(of_digits, of_none),
        },
    }
    sources = {"mnist": material.mnist, **material.others}
    network.metadata["held_out"] = {
        kind: _accuracy(network, pictures.only(pictures.labels >= 0))
        for kind, pictures in sources.items()
        if (pictures.labels >= 0).any()
    }


def describe(recipe: ServedRecipe, network: convnet.Sequential, test: datasets.Split) -> None:
    """Read the test set, once, and put all that should travel with the weights into metadata."""
    settings: dict[str, Any] = asdict(recipe)
    settings |= {name: repr(settings[name]) for name in ("augment", "final_augment")}
    network.metadata |= {
        "name": network.name,
        "version": VERSION,
        "training": {
            "recipe": "digits" if recipe.start is None else "digits-tuned",
            "optimizer": AdamW.__name__,
            "loss": OpenSetCrossEntropy.__name__,
            **settings,
        },
        "test": {"accuracy": _accuracy(network, from_mnist(test)), "images": len(test)},
    }


def logits(network: convnet.Sequential, pictures: Pictures, block: int = 500) -> Array:
    """Return the network's outputs (N, 10)."""
    inputs = with_channel(to_float(pictures.images))
    blocks = range(0, len(inputs), block)
    return np.concatenate([network.forward(inputs[i : i + block]) for i in blocks])


def _accuracy(network: convnet.Sequential, pictures: Pictures) -> float:
    return float(np.mean(logits(network, pictures).argmax(axis=1) == pictures.labels))
