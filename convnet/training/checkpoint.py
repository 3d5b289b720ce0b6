"""Everything that a training run needs to go on as if it had never stopped.

One .npz file, written atomically: weights and BatchNorm's state, what the optimizer and the
weight average remember, the random generators inside layers, and the run's progress.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnet.layers import Dropout
from convnet.storage.npz import ArrayFile, save_arrays
from convnet.training.trainer import Progress, Trainer


def save(
    path: str | os.PathLike[str],
    trainer: Trainer,
    progress: Progress,
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Write the run's state; an older file is replaced only once this one is complete.

    `settings` is anything that JSON can hold and that decides how the run goes on: `load` compares
    it with that of the run that wants to resume.
    """
    standing = progress.to_json()
    losses = standing.pop("losses")  # as an array: a long run has a million of them
    record = {
        "progress": standing,
        "generators": _generator_states(trainer),
        "settings": dict(settings or {}),
    }
    arrays: dict[str, NDArray[Any]] = {
        "record": np.frombuffer(json.dumps(record).encode(), np.uint8),
        "losses": np.array(losses, np.float64),
    }
    arrays |= _prefixed("network", trainer.network.arrays)
    arrays |= _prefixed("optimizer", trainer.optimizer.state_dict())
    if trainer.average is not None:
        arrays |= _prefixed("average", trainer.average.params)
        arrays["average-steps"] = np.array(trainer.average.steps)
    save_arrays(path, arrays)


def load(
    path: str | os.PathLike[str], trainer: Trainer, settings: Mapping[str, Any] | None = None
) -> Progress:
    """Put a saved state into `trainer`, made as it was for the first run; return the progress.

    Raises
    ------
    ValueError
        With the path, if the file is damaged, belongs to another network or optimizer, or was
        saved with other `settings`; it names them.
    """
    arrays = ArrayFile(path).read_all()
    try:
        record = json.loads(arrays["record"].tobytes())
        _compare(record["settings"], dict(settings or {}))
        trainer.network.set_arrays(_group(arrays, "network"))
        trainer.optimizer.load_state_dict(_group(arrays, "optimizer"))
        if trainer.average is not None:
            trainer.average.params = _group(arrays, "average")
            trainer.average.steps = int(arrays["average-steps"])
        _restore_generators(trainer, record["generators"])
        return Progress.from_json(record["progress"] | {"losses": arrays["losses"].tolist()})
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: {error}") from error


def _compare(saved: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    asked = json.loads(json.dumps(asked))  # tuples are lists in the file
    differing = [
        f"{name} {saved.get(name)!r}, now {asked.get(name)!r}"
        for name in sorted(saved.keys() | asked.keys())
        if saved.get(name) != asked.get(name)
    ]
    if differing:
        raise ValueError(f"the run was begun with {'; '.join(differing)}")


def _generator_states(trainer: Trainer) -> dict[str, Any]:
    return {
        layer.name: layer.rng.bit_generator.state
        for layer in trainer.network.layers
        if isinstance(layer, Dropout)
    }


def _restore_generators(trainer: Trainer, states: dict[str, Any]) -> None:
    for layer in trainer.network.layers:
        if isinstance(layer, Dropout):
            layer.rng.bit_generator.state = states[layer.name]


def _prefixed(group: str, arrays: dict[str, Any]) -> dict[str, NDArray[Any]]:
    return {f"{group}:{name}": np.asarray(value) for name, value in arrays.items()}


def _group(arrays: dict[str, NDArray[Any]], group: str) -> dict[str, Any]:
    prefix = f"{group}:"
    return {
        name.removeprefix(prefix): value
        for name, value in arrays.items()
        if name.startswith(prefix)
    }
