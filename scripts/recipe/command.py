"""``scripts/train.py --recipe NAME``: a whole recipe, from nothing to a file of weights."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from convnet import datasets
from convnet.network import Sequential
from convnet.training.progress_bar import TrainingBar
from convnet.training.trainer import Trainer
from scripts.recipe import finder, lines
from scripts.recipe.digits import (
    TUNING,
    Parts,
    ServedRecipe,
    calibrate,
    describe,
    gather,
    make_trainer,
    train,
)
from scripts.synthesis.material import FROM_RECORDED, Material
from scripts.synthesis.recorded import collection
from scripts.training.data import fingerprint, open_dataset
from scripts.training.run import Run


def folder_of(recipe: str) -> Path:
    """Return where a run is kept unless told otherwise: what it learns from, and ``seed-S/``."""
    return Path("runs") / f"{recipe}-recipe"


def train_recipe(options: argparse.Namespace) -> int:
    """Run the recipe that ``options.recipe`` names, from nothing to a file of weights."""
    return RECIPES[options.recipe](options)


def train_served(options: argparse.Namespace) -> int:
    """Draw the pictures, train, calibrate, read the test set once, write the weights."""
    recipe = _digits_recipe(options)
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


def _digits_recipe(options: argparse.Namespace) -> ServedRecipe:
    """Return the recipe with what the command line says instead.

    Raises
    ------
    ValueError
        If so few images are asked for that none are left to train on.
    """
    chosen = TUNING if options.recipe == "digits-tuned" else ServedRecipe()
    recipe = dataclasses.replace(chosen, **_said(options), limit=options.limit)
    if recipe.limit is not None and recipe.limit <= recipe.held_out:
        raise ValueError(
            f"`--limit` must be above the {recipe.held_out} images that are held out, "
            f"got {recipe.limit}"
        )
    return recipe


def _said(options: argparse.Namespace) -> dict[str, Any]:
    """Return what the command line says of a recipe's settings."""
    names = ("seed", "epochs", "batch_size", "learning_rate")
    said = {name: getattr(options, name) for name in names}
    return {name: value for name, value in said.items() if value is not None}


def _recorded(recipe: ServedRecipe, data: Path | None) -> Parts | None:
    """Read what real writers wrote, if the recipe has pictures of it."""
    if FROM_RECORDED.isdisjoint({*recipe.kinds, *recipe.held_out_kinds}):
        return None
    return collection.load(data or datasets.default_folder())


def train_finder(options: argparse.Namespace) -> int:
    """Draw the scenes, train, measure the held-out ones, write the weights."""
    chosen = finder.PAGES if options.recipe == "page-finder" else finder.FinderRecipe()
    recipe = dataclasses.replace(chosen, **_said(options))
    if options.limit is not None:
        recipe = dataclasses.replace(recipe, scenes=options.limit)
    scenes, held_out = finder.gather(recipe, _writers(options), options.checkpoint)
    trainer = finder.make_trainer(recipe)
    _fit(finder.train, recipe, (scenes, held_out), trainer, options)
    finder.describe(recipe, trainer.network, held_out)
    return _write(trainer.network, options.out)


def train_lines(options: argparse.Namespace) -> int:
    """Draw the lines, train, measure the held-out ones, write the weights."""
    chosen = lines.TUNING if options.recipe == "lines-tuned" else lines.LineRecipe()
    recipe = dataclasses.replace(chosen, **_said(options))
    if options.limit is not None:
        recipe = dataclasses.replace(recipe, lines=options.limit)
    drawn, held_out = lines.gather(recipe, _writers(options), options.checkpoint)
    trainer = lines.make_trainer(recipe)
    _fit(lines.train, recipe, (drawn, held_out), trainer, options)
    lines.describe(recipe, trainer.network, held_out)
    return _write(trainer.network, options.out)


def _fit(
    train: Callable[..., None],
    recipe: finder.FinderRecipe | lines.LineRecipe,
    material: tuple[Any, Any],
    trainer: Trainer,
    options: argparse.Namespace,
) -> None:
    """Train, with a bar and checkpoints; round the weights to what is stored."""
    print(trainer.network.summary(), end="\n\n", flush=True)
    bar = TrainingBar(recipe.epochs, recipe.steps_per_epoch)
    folder = options.checkpoint / f"seed-{recipe.seed}"
    with Run(bar, folder, {"recipe": repr(recipe)}, options.every) as run:
        train(recipe, *material, trainer, run, options.resume)
    _round_to_half(trainer.network.arrays)


def _writers(options: argparse.Namespace) -> Material:
    """Return MNIST's training digits, without those held out, and the writers who were recorded."""
    train, _ = open_dataset(options.data).train.hold_out(ServedRecipe().held_out)
    recorded, _ = collection.load(options.data or datasets.default_folder())
    return Material(train.images, train.labels, recorded)


def _write(network: Sequential, out: Path) -> int:
    for name, value in network.metadata["held_out"].items():
        print(f"held-out {name}: {value}")
    network.save(out, dtype=np.float16)
    print(f"weights written to {out}")
    return 0


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


RECIPES: dict[str, Callable[[argparse.Namespace], int]] = {
    "digits": train_served,
    "digits-tuned": train_served,
    "finder": train_finder,
    "page-finder": train_finder,
    "lines": train_lines,
    "lines-tuned": train_lines,
}
"""What each recipe makes: the network that reads a digit, from nothing or going on from the shipped
one; that finds ink, in a picture of a digit or on a page of numbers; that reads a line."""
