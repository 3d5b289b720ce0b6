"""The network that `--architecture` means: a named one, or one of the user's own file."""

from __future__ import annotations

import argparse
import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from convnet.architectures import ARCHITECTURES
from convnet.layers import Layer
from convnet.network import Sequential
from scripts.training.recipes import OF_A_FILE, RECIPES, Recipe

DIGITS = 10


@dataclass(frozen=True)
class Architecture:
    """A network that can be trained.

    Attributes
    ----------
    name : str
        Of a file, its stem.
    layers : callable
        Returns its layers, not yet built, for a number of classes; those of digits by default.
    recipe : Recipe
        How it is trained.
    """

    name: str
    layers: Callable[..., list[Layer]]
    recipe: Recipe

    def network(self, recipe: Recipe, input_shape: tuple[int, ...], seed: int) -> Sequential:
        """Make the network for the classes of a recipe; `seed` decides its weights."""
        layers = self.layers() if recipe.outputs is None else self.layers(recipe.outputs)
        rng = np.random.default_rng(seed)
        return Sequential(layers, input_shape, rng=rng, name=self.name)


def architecture(text: str) -> Architecture:
    """Read what is given as `--architecture`.

    Raises
    ------
    argparse.ArgumentTypeError
        If it is neither a name nor a Python file with a function ``layers(classes)``.
    """
    if text in RECIPES:
        return Architecture(text, ARCHITECTURES[text], RECIPES[text])
    file = Path(text)
    if file.suffix != ".py" or not file.is_file():
        known = ", ".join(RECIPES)
        raise argparse.ArgumentTypeError(f"expected one of {known}, or a .py file, got {text!r}")
    try:
        found = runpy.run_path(text).get("layers")
    except Exception as error:  # whatever the file does wrong
        raise argparse.ArgumentTypeError(f"{text}: {type(error).__name__}: {error}") from error
    if not callable(found):
        raise argparse.ArgumentTypeError(
            f"{text} must define a function layers(classes) that returns a list of layers"
        )

    def layers(classes: int = DIGITS) -> list[Layer]:
        made = found(classes)
        if not isinstance(made, list) or not all(isinstance(layer, Layer) for layer in made):
            raise ValueError(
                f"{text}: layers({classes}) must return a list of layers, got {made!r}"
            )
        return made

    return Architecture(file.stem, layers, OF_A_FILE)
