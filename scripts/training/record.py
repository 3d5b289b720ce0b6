"""The record in a trained network: how it was trained, and its result on the test set."""

from __future__ import annotations

import dataclasses
from typing import Any

from convnet import datasets
from convnet.network import Sequential
from convnet.training.trainer import Epoch, Progress, Trainer
from scripts.training.recipes import Recipe


def record_training(
    trainer: Trainer, recipe: Recipe, progress: Progress, test: datasets.Split, seed: int, form: str
) -> None:
    """Read the test set, once, and write the run into the network's metadata.

    `form` is how the pictures were prepared, and how a service has to prepare others.
    """
    network = trainer.network
    record_run(trainer, recipe, progress, seed, form)
    targets = recipe.targets(test.labels, network.output_shape[0])
    loss, accuracy = trainer.evaluate(test.images, targets)
    network.metadata["test"] = {"loss": loss, "accuracy": accuracy, "images": len(test)}


def record_run(trainer: Trainer, recipe: Recipe, progress: Progress, seed: int, form: str) -> None:
    """Write the run into the network's metadata, without any test."""
    network = trainer.network
    network.metadata |= {
        "classes": list(recipe.classes(network.output_shape[0])),
        "input_form": form,
        "training": {
            "seed": seed,
            "epochs": recipe.epochs,
            "batch_size": recipe.batch_size,
            "optimizer": type(trainer.optimizer).__name__,
            "schedule": repr(trainer.optimizer.schedule),
            "loss": type(trainer.loss).__name__,
            "augment": None if recipe.augment is None else repr(recipe.augment),
            "digits": recipe.digits,
            "limit": recipe.limit,
            "held_out": recipe.held_out,
            "history": [_without_timing(epoch) for epoch in progress.epochs],
        },
    }


def result(network: Sequential, progress: Progress) -> str:
    """Return the last sentence that a run prints."""
    test = network.metadata["test"]
    seconds = sum(epoch.seconds for epoch in progress.epochs)
    return (
        f"\ntest accuracy {test['accuracy']:.2%}, loss {test['loss']:.4f} "
        f"({test['images']:,} images), after {seconds:,.0f} s of training"
    )


def _without_timing(epoch: Epoch) -> dict[str, Any]:
    """Return the record of an epoch less its speed, so that the same run gives the same file."""
    record = dataclasses.asdict(epoch)
    return {key: record[key] for key in record if key not in ("seconds", "images_per_second")}
