"""What training loses by distorting its pictures."""

from __future__ import annotations

from statistics import median
from typing import Any

from scripts.benchmarks.bench import TRAIN_BATCH, Bench
from scripts.benchmarks.table import share, table

# Steps of one epoch.
STEPS = 100

Record = dict[str, Any]


def measure(bench: Bench) -> list[Record]:
    """Return the images/s of `Trainer.fit` with and without, epoch by epoch in turn."""
    with bench.peers("convnet") as (ours,):
        records = []
        for network in bench.networks:
            ours.call("create", network)
            rates: dict[bool, list[float]] = {False: [], True: []}
            for _ in range(max(3, bench.effort.rounds // 3)):
                for augmented, found in rates.items():
                    images, labels = bench.batches(STEPS * TRAIN_BATCH)
                    found.append(ours.call("fit_rate", images, labels, augmented))
            pairs = zip(rates[True], rates[False], strict=True)
            records.append(
                {
                    "network": network,
                    "images_per_second": median(rates[False]),
                    "images_per_second_augmented": median(rates[True]),
                    "share": median(augmented / plain for augmented, plain in pairs),
                }
            )
    return records


def show(records: list[Record]) -> str:
    """Lay the records out as a table."""
    rows = [
        [
            record["network"],
            f"{record['images_per_second']:,.0f}",
            f"{record['images_per_second_augmented']:,.0f}",
            share(record["share"]),
        ]
        for record in records
    ]
    header = ("network", "images/s without", "with augmentation", "share")
    return table("Trainer.fit with the distortions of the served network's recipe", header, rows)
