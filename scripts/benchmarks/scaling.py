"""Does an image cost the same in batches of any size?"""

from __future__ import annotations

from statistics import median
from typing import Any

from scripts.benchmarks.bench import Bench, Call, Seconds
from scripts.benchmarks.table import table

SIZES = (32, 64, 128, 256, 512, 1024)

Record = dict[str, Any]


def measure(bench: Bench) -> list[Record]:
    """Return the cost of an image by batch size, for each network and kind of work."""
    with bench.peers("convnet") as (ours,):
        records = []
        for network in bench.networks:
            ours.call("create", network)
            train: dict[str, Call] = {
                str(size): (ours, ("time_train", *bench.batches(2 * max(SIZES)), size))
                for size in SIZES
            }
            predict: dict[str, Call] = {
                str(size): (ours, ("time_predict", bench.images(size))) for size in SIZES
            }
            records.append(_record(network, "train", bench.alternate(train)))
            records.append(_record(network, "predict", bench.alternate(predict)))
    return records


def _record(network: str, work: str, seconds: Seconds) -> Record:
    cost = {size: median(rounds) / int(size) for size, rounds in seconds.items()}
    spread = max(cost.values()) / min(cost.values()) - 1
    return {"network": network, "work": work, "seconds_per_image": cost, "spread": spread}


def show(records: list[Record]) -> str:
    """Lay the records out as a table."""
    rows = [
        [
            f"{record['network']}, {record['work']}",
            *(f"{cost * 1e6:.1f}" for cost in record["seconds_per_image"].values()),
            f"{record['spread']:.0%}",
        ]
        for record in records
    ]
    header = ("batch", *map(str, SIZES), "spread")
    return table("Microseconds per image, by batch size", header, rows)
