"""Several threads predict with one shared network: the same answers, and how many a second."""

from __future__ import annotations

from typing import Any

from scripts.benchmarks.bench import Bench
from scripts.benchmarks.table import table

CALLERS = 4
BATCHES = (1, 64)

Record = dict[str, Any]


def measure(bench: Bench) -> list[Record]:
    """Return the images/s of one caller and of several, each computing in its own thread alone."""
    with bench.peers("convnet") as (ours,):
        records = []
        for network in bench.networks:
            ours.call("create", network)
            for batch in BATCHES:
                alone = ours.call("time_shared", bench.images(batch), 1, bench.effort.seconds)
                images = bench.images(CALLERS * batch)
                shared = ours.call("time_shared", images, CALLERS, bench.effort.seconds)
                records.append(
                    {
                        "network": network,
                        "batch": batch,
                        "callers": CALLERS,
                        "same_answers": shared.same,
                        "images_per_second_alone": alone.images_per_second,
                        "images_per_second": shared.images_per_second,
                        "gain": shared.images_per_second / alone.images_per_second,
                    }
                )
    return records


def show(records: list[Record]) -> str:
    """Lay the records out as a table."""
    rows = [
        [
            record["network"],
            str(record["batch"]),
            f"{record['images_per_second_alone']:,.0f}",
            f"{record['images_per_second']:,.0f}",
            f"{record['gain']:.2f} ×",
            "yes" if record["same_answers"] else "NO",
        ]
        for record in records
    ]
    header = (
        "network",
        "batch",
        "images/s, 1 caller",
        f"{CALLERS} callers",
        "gain",
        "same answers",
    )
    return table("Threads that share one network, one computing thread each", header, rows)
