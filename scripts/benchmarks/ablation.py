"""What each idea in the engine is worth: the same work with and without it, in one run."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from scripts.benchmarks.bench import TRAIN_BATCH, Bench
from scripts.benchmarks.clock import ratio
from scripts.benchmarks.peers.alternatives import Case
from scripts.benchmarks.peers.process import PeerProcess
from scripts.benchmarks.table import milliseconds, table, times

Record = dict[str, Any]

CASES = (
    Case(28, 1, 8, 5),
    Case(24, 8, 8, 5),
    Case(28, 1, 16, 3),
    Case(26, 16, 32, 3),
    Case(26, 32, 64, 3),
    Case(13, 64, 64, 3),
    Case(5, 64, 128, 3),
)
ROUNDING = Case(26, 32, 32, 3)
BLOCKS = (16, 32, 64, 128, 256)
STEPS = 10


def measure(bench: Bench) -> Record:
    """Return seconds of every alternative, and rounding errors."""
    with bench.peers("alternatives") as (peer,):
        correlation = [_correlation(bench, peer, case, "ways", "time_correlate") for case in CASES]
        gradients = [
            _correlation(bench, peer, case, "gradient_ways", "time_kernel_gradient")
            for case in CASES
        ]
        rounding = peer.call("rounding", ROUNDING, 32)
        ideas = []
        for network in bench.networks:
            peer.call("create", network)
            ideas += _training(bench, peer, network) + _serving(bench, peer, network)
    return {
        "correlate": correlation,
        "kernel_gradient": gradients,
        "rounding": rounding,
        "ideas": ideas,
    }


def _correlation(bench: Bench, peer: PeerProcess, case: Case, ways: str, method: str) -> Record:
    calls = {way: (peer, (method, case, way, TRAIN_BATCH)) for way in peer.call(ways, case)}
    seconds = bench.alternate(calls)
    flops = case.flops(TRAIN_BATCH)
    return {
        "case": str(case),
        "gflops": {way: flops / median(rounds) / 1e9 for way, rounds in seconds.items()},
    }


def _training(bench: Bench, peer: PeerProcess, network: str) -> list[Record]:
    data = (*bench.batches(STEPS * TRAIN_BATCH), TRAIN_BATCH)
    variants = {
        "as it is": ("time_train", *data),
        "one thread": ("time_threads", 1, 1, *data),
        "BLAS's threads instead of ours": ("time_threads", 1, bench.threads, *data),
        "activation before pooling": ("time_order", True, *data),
        "gradient by the images too": ("time_all_gradients", *data),
    }
    return _ideas(bench, peer, f"{network}, training step of {TRAIN_BATCH}", variants)


def _serving(bench: Bench, peer: PeerProcess, network: str) -> list[Record]:
    one, many = bench.images(1), bench.images(256)
    single = {
        "as it is": ("time_predict", one),
        "no prepared plan": ("time_unprepared", one),
        "BatchNorm not folded": ("time_unfolded", one),
        "the layers as they are trained": ("time_plain_predict", one),
        "network.predict": ("time_natural_predict", one),
    }
    batch = {
        "as it is": ("time_predict", many),
        **{f"blocks of {block}": ("time_blocks", block, many) for block in BLOCKS},
        "the layers as they are trained": ("time_plain_predict", many),
        "network.predict": ("time_natural_predict", many),
    }
    return [
        *_ideas(bench, peer, f"{network}, predicting 1 image", single),
        *_ideas(bench, peer, f"{network}, predicting 256 images", batch),
    ]


def _ideas(
    bench: Bench, peer: PeerProcess, work: str, variants: Mapping[str, tuple[Any, ...]]
) -> list[Record]:
    seconds = bench.alternate({name: (peer, call) for name, call in variants.items()})
    base = seconds["as it is"]
    return [
        {"work": work, "variant": name, "seconds": median(rounds), "slower": ratio(base, rounds)}
        for name, rounds in seconds.items()
    ]


def show(result: Record) -> str:
    """Lay everything out as tables."""
    ways = ("im2col", "im2col by rows", "overlapping windows", "whole rows", "Winograd")
    parts = []
    for key, title in (("correlate", "Correlation"), ("kernel_gradient", "Kernel gradient")):
        rows = [[r["case"], *(_gflops(r["gflops"], way) for way in ways)] for r in result[key]]
        heading = f"{title}, GFLOP/s of one thread, {TRAIN_BATCH} images"
        parts.append(table(heading, ("layer", *ways), rows))
    errors = [[name, f"{error:.1e}"] for name, error in result["rounding"].items()]
    parts.append(table(f"Rounding errors of {ROUNDING}", ("points", "rms error"), errors))
    ideas = [
        [
            record["work"],
            record["variant"],
            milliseconds(record["seconds"]),
            times(record["slower"]),
        ]
        for record in result["ideas"]
    ]
    parts.append(table("Ideas", ("work", "variant", "ms", "time"), ideas, left=2))
    return "\n".join(parts)


def _gflops(found: Mapping[str, float], way: str) -> str:
    return f"{found[way]:.0f}" if way in found else ""
