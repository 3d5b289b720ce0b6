"""``scripts/train.py --recipe digits``: the whole recipe, from nothing to a file of weights."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np

from scripts.served.recipe import ServedRecipe, calibrate, describe, gather, make_trainer, train
from scripts.training.bar import TrainingBar
from scripts.training.data import open_dataset
from scripts.training.run import Run

FOLDER = Path("runs/digits-recipe")


def train_served(options: argparse.Namespace) -> int:
    """Draw the pictures, train, calibrate, read the test set once, write the weights."""
    recipe = _recipe(options)
    folder = options.checkpoint or FOLDER
    data = open_dataset(options.data)
    material = gather(recipe, data, folder)
    trainer = make_trainer(recipe, material)
    network = trainer.network
    print(network.summary(), end="\n\n", flush=True)
    bar = TrainingBar(recipe.epochs, recipe.steps_per_epoch(material))
    with Run(bar, folder / f"seed-{recipe.seed}", {"recipe": repr(recipe)}, options.every) as run:
        train(recipe, material, trainer, run, options.resume)
    _round_to_half(network.arrays)
    calibrate(recipe, network, material)
    describe(recipe, network, data.test)
    network.save(options.out, dtype=np.float16)
    _report(network.metadata, options.out)
    return 0


def _recipe(options: argparse.Namespace) -> ServedRecipe:
    """Return the recipe with what the command line says instead."""
    said = {
        name: getattr(options, name)
        for name in ("seed", "epochs", "batch_size", "learning_rate")
        if getattr(options, name) is not None
    }
    return dataclasses.replace(ServedRecipe(), **said)


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
