"""Everything that a training run needs to go on as if it had never stopped.

One .npz file, written atomically: weights and BatchNorm's state, what the optimizer and the
weight average remember, the random generators inside layers, and the run's progress.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnet.layers import Dropout, chain
from convnet.storage.npz import ArrayFile, Header, naming, save_arrays
from convnet.storage.packed_json import pack, unpack
from convnet.training.trainer import Progress, Trainer

_OWN = {"record", "losses"}
# A checkpoint holds the weights, two arrays like them that the optimizer remembers, their average;
# and its records: the losses of ten million steps take 80 MB.
_COPIES = 4
_RECORDS = 1 << 27


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
    own: dict[str, NDArray[Any]] = {"record": pack(record), "losses": np.array(losses, np.float64)}
    save_arrays(path, own | _arrays(trainer))


def load(
    path: str | os.PathLike[str], trainer: Trainer, settings: Mapping[str, Any] | None = None
) -> Progress:
    """Put a saved state into `trainer`, made as it was for the first run; return the progress.

    Raises
    ------
    ValueError
        With the path, if the file is damaged, belongs to another network or optimizer, or was
        saved with other `settings`; it names them. Nothing is changed then.
    """
    weights = sum(array.nbytes for array in trainer.network.arrays.values())
    file = ArrayFile(path, limit=_RECORDS + _COPIES * weights)
    with naming(path):
        _require_fit(file.headers, trainer)
    arrays = file.read_all()
    with naming(path):
        record = unpack(arrays["record"])
        _compare(dict(record["settings"]), dict(settings or {}))
        progress = _progress(record["progress"], arrays["losses"])
        _require_states(record["generators"], trainer)
        trainer.network.set_arrays(_group(arrays, "network"))
        trainer.optimizer.load_state_dict(_group(arrays, "optimizer"))
        if trainer.average is not None:
            trainer.average.params = _group(arrays, "average")
            trainer.average.steps = int(arrays["average-steps"])
        for name, layer in _with_generator(trainer).items():
            layer.rng.bit_generator.state = record["generators"][name]
    return progress


def _arrays(trainer: Trainer) -> dict[str, NDArray[Any]]:
    arrays = _prefixed("network", trainer.network.arrays)
    arrays |= _prefixed("optimizer", trainer.optimizer.state_dict())
    if trainer.average is not None:
        arrays |= _prefixed("average", trainer.average.params)
        arrays["average-steps"] = np.array(trainer.average.steps)
    return arrays


def _require_fit(headers: Mapping[str, Header], trainer: Trainer) -> None:
    """Compare names, shapes and dtypes with what `save` would write, before any array is read."""
    params = trainer.network.params
    slots = {  # there once a step was taken
        f"optimizer:{slot}/{key}": Header(param.shape, param.dtype)
        for slot in trainer.optimizer.slots
        for key, param in params.items()
    }
    always = {
        name: Header(array.shape, array.dtype)
        for name, array in _arrays(trainer).items()
        if name not in slots
    }
    if not headers.keys() >= _OWN:
        raise ValueError(f"no checkpoint: it lacks {sorted(_OWN - headers.keys())}")
    found = {name: header for name, header in headers.items() if name not in _OWN}
    missing = sorted(always.keys() - found.keys())
    unknown = sorted(found.keys() - always.keys() - slots.keys())
    if missing or unknown:
        optimizer = type(trainer.optimizer).__name__
        raise ValueError(
            f"a checkpoint of another network or optimizer: with {optimizer} here "
            f"{missing[:5]} are missing, {unknown[:5]} unknown"
        )
    for name, header in found.items():
        if header != (expected := (slots | always)[name]):
            raise ValueError(f"{name} is {header}, expected {expected}")


def _require_states(states: Mapping[str, Any], trainer: Trainer) -> None:
    """Try the states on other generators of their kind, before any in the network is changed."""
    for name, layer in _with_generator(trainer).items():
        other = type(layer.rng.bit_generator)(0)
        other.state = states[name]
        if other.state != states[name]:
            raise ValueError(f"no state of the generator in {name}: {states[name]}")


def _progress(record: dict[str, Any], losses: NDArray[Any]) -> Progress:
    """Make the progress again; its numbers must be such as a run has."""
    if losses.dtype != np.float64 or losses.ndim != 1:
        raise ValueError(f"losses must be a list of float64, got {losses.shape} {losses.dtype}")
    progress = Progress.from_json(record | {"losses": losses.tolist()})
    counts = (progress.seed, progress.epoch, progress.step, progress.correct, progress.seen)
    if not all(type(count) is int and count >= 0 for count in counts):
        raise ValueError(f"seed, epoch, step, correct and seen must be counts, got {counts}")
    if not progress.step <= min(len(losses), progress.seen) or progress.correct > progress.seen:
        raise ValueError(f"{counts} and {len(losses)} losses are of no run")
    records = [asdict(epoch).values() for epoch in progress.epochs]
    measured = [progress.seconds, *(value for values in records for value in values)]
    if not all(value is None or type(value) in (int, float) for value in measured):
        raise ValueError("what the epochs came to must be numbers")
    return progress


def _compare(saved: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    asked = json.loads(json.dumps(asked))  # tuples are lists in the file
    differing = [
        f"{name} {saved.get(name)!r}, now {asked.get(name)!r}"
        for name in sorted(saved.keys() | asked.keys())
        if saved.get(name) != asked.get(name)
    ]
    if differing:
        raise ValueError(f"the run was begun with {'; '.join(differing)}")


def _with_generator(trainer: Trainer) -> dict[str, Dropout]:
    layers = chain.walk(trainer.network.layers)
    return {name: layer for name, layer in layers if isinstance(layer, Dropout)}


def _generator_states(trainer: Trainer) -> dict[str, Any]:
    generators = _with_generator(trainer)
    return {name: layer.rng.bit_generator.state for name, layer in generators.items()}


def _prefixed(group: str, arrays: dict[str, Any]) -> dict[str, NDArray[Any]]:
    return {f"{group}:{name}": np.asarray(value) for name, value in arrays.items()}


def _group(arrays: dict[str, NDArray[Any]], group: str) -> dict[str, Any]:
    prefix = f"{group}:"
    return {
        name.removeprefix(prefix): value
        for name, value in arrays.items()
        if name.startswith(prefix)
    }
