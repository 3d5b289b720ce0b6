"""``scripts/train.py --recipe digits``: the whole recipe, from nothing to a file of weights."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np

from convnet import datasets
from scripts.recipe.digits import (
    Parts,
    ServedRecipe,
    calibrate,
    describe,
    gather,
    make_trainer,
    train,
)
from scripts.synthesis.recorded import collection
from scripts.synthesis.sources import FROM_RECORDED
from scripts.training.bar import TrainingBar
from scripts.training.data import fingerprint, open_dataset
from scripts.training.run import Run

FOLDER = Path("runs/digits-recipe")
"""Where a run is kept unless told otherwise: its pictures, and its checkpoint in ``seed-S/``."""


def train_served(options: argparse.Namespace) -> int:
    """Draw the pictures, train, calibrate, read the test set once, write the weights."""
    recipe = _recipe(options)
    folder = options.checkpoint
    data = open_dataset(options.data)
    material = gather(recipe, data, folder, _recorded(recipe, options.data))
    trainer = make_trainer(recipe, material)
    network = trainer.network
    print(network.summary(), end="\n\n", flush=True)
    bar = TrainingBar(recipe.epochs, recipe.steps_per_epoch(material))
    settings = {"recipe": repr(recipe), "data": fingerprint(data.train)}
    with Run(bar, folder / f"seed-{recipe.seed}", settings, options.every) as run:
        train(recipe, material, trainer, run, options.resume)
    _round_to_half(network.arrays)
    calibrate(recipe, network, material)
    describe(recipe, network, data.test)
    network.save(options.out, dtype=np.float16)
    _report(network.metadata, options.out)
    return 0


def _recipe(options: argparse.Namespace) -> ServedRecipe:
    """Return the recipe with what the command line says instead.

    Raises
    ------
    ValueError
        If so few images are asked for that none are left to train on.
    """
    said = {
        name: getattr(options, name)
        for name in ("seed", "epochs", "batch_size", "learning_rate", "limit")
        if getattr(options, name) is not None
    }
    recipe = dataclasses.replace(ServedRecipe(), **said)
    if recipe.limit is not None and recipe.limit <= recipe.held_out:
        raise ValueError(
            f"`--limit` must be above the {recipe.held_out} images that are held out, "
            f"got {recipe.limit}"
        )
    return recipe


def _recorded(recipe: ServedRecipe, data: Path | None) -> Parts | None:
    """Read what real writers wrote, if the recipe has pictures of it."""
    if FROM_RECORDED.isdisjoint({*recipe.kinds, *recipe.held_out_kinds}):
        return None
    return collection.load(data or datasets.default_folder())


def _round_to_half(arrays: dict[str, np.ndarray]) -> None:
    """Round to float16, as which they are stored, so that all that follows is true of the file."""
    for array in arrays.values():
        array[...] = array.astype(np.float16)


def _report(metadata: dict, out: Path) -> None:
    for kind, accuracy in metadata["held_out"].items():
        print(f"held-out {kind}: {accuracy:.2%}")
    rejection = metadata["calibration"]["rejection"]
    for row in rejection["trade_off"]:
        print(
            f"threshold {row['threshold']:.3f}: {row['digits_accepted']:.2%} of digits accepted, "
            f"{row['others_refused']:.2%} of others refused"
        )
    print(f"test accuracy {metadata['test']['accuracy']:.2%}")
    print(f"weights written to {out}")
