"""Which settings are tried: all combinations of some values, or some drawn at random."""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

Settings = dict[str, str | int | float]

WHOLE = ("batch_size", "limit")
"""Settings that are whole numbers."""


@dataclass(frozen=True)
class Values:
    """What one setting may be.

    Attributes
    ----------
    listed : tuple
        Values to choose from.
    low, high : float
        Bounds to draw between, on a logarithmic scale, if none are listed.
    """

    listed: tuple[str | int | float, ...] = ()
    low: float = 0.0
    high: float = 0.0

    def draw(self, rng: np.random.Generator, whole: bool) -> str | int | float:
        """Choose one at random."""
        if self.listed:
            return self.listed[int(rng.integers(len(self.listed)))]
        value = math.exp(rng.uniform(math.log(self.low), math.log(self.high)))
        return round(value) if whole else float(f"{value:.3g}")


def numbers(text: str) -> Values:
    """Read ``1e-3,3e-3`` (these) or ``1e-4..1e-2`` (anything between)."""
    try:
        if ".." in text:
            low, high = (float(part) for part in text.split(".."))
            if 0 < low < high < math.inf:
                return Values(low=low, high=high)
        else:
            found = tuple(float(part) for part in text.split(","))
            if all(0 < value < math.inf for value in found):
                return Values(found)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(
        f"expected numbers above 0 such as 1e-3,3e-3 or 1e-4..1e-2, got {text!r}"
    )


def whole_numbers(text: str) -> Values:
    """Read ``32,64`` or ``16..256``."""
    values = numbers(text)
    if any(value != int(value) for value in (*values.listed, values.low, values.high)):
        raise argparse.ArgumentTypeError(f"expected whole numbers such as 32,64, got {text!r}")
    return Values(tuple(map(int, values.listed)), values.low, values.high)


def grid(space: Mapping[str, Values]) -> list[Settings]:
    """Return all combinations.

    Raises
    ------
    ValueError
        If there is nothing to combine, because a setting has bounds.
    """
    for name, values in space.items():
        if not values.listed:
            raise ValueError(f"{name.replace('_', '-')} has bounds: --random N draws between them")
    lists = [values.listed for values in space.values()]
    return [dict(zip(space, chosen, strict=True)) for chosen in itertools.product(*lists)]


def draws(space: Mapping[str, Values], count: int, seed: int) -> list[Settings]:
    """Return `count` settings drawn at random, each once; the same ones for the same seed."""
    rng = np.random.default_rng((seed, count))
    found: list[Settings] = []
    for _ in range(100 * count):
        drawn = {name: values.draw(rng, name in WHOLE) for name, values in space.items()}
        if drawn not in found:
            found.append(drawn)
        if len(found) == count:
            break
    return found
