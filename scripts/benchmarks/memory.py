"""Peak memory of training; each library runs in a process that does nothing else."""

from __future__ import annotations

from typing import Any

from scripts.benchmarks.bench import TRAIN_BATCH, Bench
from scripts.benchmarks.peers.blueprint import Blueprint
from scripts.benchmarks.table import table

Record = dict[str, Any]

STEPS = 10
# Each step allocates what the last one did; after some seconds the peak no longer moves.
SECONDS = 4.0


def measure(bench: Bench) -> list[Record]:
    """Return, for each network and library, MiB after the import and at the peak of training."""
    return [
        {"network": name, "convnet": _peak(bench, "convnet", plan)}
        | {"pytorch": _peak(bench, "pytorch", plan)}
        for name, plan in _blueprints(bench).items()
    ]


def _blueprints(bench: Bench) -> dict[str, Blueprint]:
    with bench.peers("convnet") as (ours,):
        return {name: ours.call("create", name) for name in bench.networks}


def _peak(bench: Bench, name: str, plan: Blueprint) -> Record:
    with bench.peers(name) as (peer,):
        imported = peer.call("memory")["now"]
        peer.call("open", plan)
        peer.call("time_train", *bench.batches(STEPS * TRAIN_BATCH), TRAIN_BATCH, SECONDS)
        peak = peer.call("memory")["peak"]
    return {"imported": imported, "peak": peak, "training": peak - imported}


def show(records: list[Record]) -> str:
    """Lay the records out as a table."""
    header = ("network", "convnet imported", "training", "peak",
              "PyTorch imported", "training", "peak", "share of training", "of peak")  # fmt: skip
    rows = []
    for record in records:
        ours, theirs = record["convnet"], record["pytorch"]
        figures = [f"{one[key]:.0f}" for one in (ours, theirs) for key in _COLUMNS]
        shares = [f"{ours[key] / theirs[key]:.0%}" for key in _COLUMNS[1:]]
        rows.append([record["network"], *figures, *shares])
    return table(f"Memory of training in MiB, batch {TRAIN_BATCH}", header, rows)


_COLUMNS = ("imported", "training", "peak")
