"""What a sweep has: a file for each run and rung, so that it can be stopped at any time."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from convnet.storage.atomic_write import atomic_write
from scripts.sweeping.training import Outcome, Run


class Store:
    """The files of a sweep in a folder.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def weights(self, run: Run, until: int) -> Path:
        """Return where the network of a run is after an epoch."""
        return self.folder / "runs" / f"{run.name}-epoch{until}.npz"

    def put(self, run: Run, until: int, outcome: Outcome) -> None:
        """Keep an outcome; its record is written last, so what has one is whole."""
        weights = self.weights(run, until)
        for file, data in ((weights, outcome.weights), (_state(weights), outcome.state)):
            with atomic_write(file) as stream:
                stream.write(data)
        record = asdict(outcome) | {"settings": run.trial, "seed": run.seed, "data": run.data}
        del record["weights"], record["state"]
        with atomic_write(weights.with_suffix(".json")) as stream:
            stream.write(json.dumps(record, indent=1).encode())

    def get(self, run: Run, until: int) -> Outcome | None:
        """Return the outcome of a run after an epoch, if it is there."""
        weights = self.weights(run, until)
        try:
            record = json.loads(weights.with_suffix(".json").read_text())
        except FileNotFoundError:
            return None
        return Outcome(
            record["history"],
            record["seconds"],
            _state(weights).read_bytes(),
            weights.read_bytes(),
            record["error"],
        )


def _state(weights: Path) -> Path:
    return weights.with_suffix(".state.npz")
