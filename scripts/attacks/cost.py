"""Processor time of the worst pictures on each route, measured without a service around it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from scripts.attacks.worst_pictures import PICTURES
from scripts.benchmarks.table import table
from server import create_app
from server.pipeline import Pipeline
from server.problems import Problem
from server.self_test import known_picture

MOST = {"/predict": 0.3, "/read": 1.0, "/explain": 0.3}
"""Seconds of one core that a picture may take."""

ROUNDS = 2


def main() -> int:
    """Measure, and print a table; return 1 if a picture takes too long, else 0."""
    pipeline: Pipeline = create_app().extensions["services"].pipeline
    layers = frozenset(range(len(pipeline.recognizer.layers)))
    calls: dict[str, Callable[[bytes], object]] = {
        "/predict": lambda picture: pipeline.predict([picture]),
        "/read": lambda picture: pipeline.read(picture, with_inputs=True),
        "/explain": lambda picture: pipeline.explain(picture, layers, heatmap=True),
    }
    for call in calls.values():
        measured(call, known_picture())  # what is only made once
    rows, is_over = [], False
    for number, (name, make) in enumerate(PICTURES.items(), start=1):
        print(f"{number}/{len(PICTURES)}  {name}", file=sys.stderr, flush=True)
        picture = make()
        found = {route: measured(call, picture) for route, call in calls.items()}
        is_over |= any(seconds > MOST[route] for route, (seconds, _) in found.items())
        cells = [f"{seconds * 1000:.0f} ms  {came}" for seconds, came in found.values()]
        rows.append((name, f"{len(picture):,}", *cells))
    print(table("processor time of the worst pictures", ("picture", "bytes", *calls), rows))
    return 1 if is_over else 0


def measured(call: Callable[[bytes], object], picture: bytes) -> tuple[float, str]:
    """Return the seconds of this thread that a call takes, the better of some, and what came."""
    best, came = float("inf"), "ok"
    for _ in range(ROUNDS):
        began = time.thread_time()
        try:
            call(picture)
        except Problem as problem:
            came = problem.code
        best = min(best, time.thread_time() - began)
    return best, came
