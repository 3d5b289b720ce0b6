"""How long `import convnet` takes beyond `import numpy`, and loading all of it after that."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from statistics import median

from scripts.benchmarks.bench import Bench
from scripts.benchmarks.peers.process import ROOT, environment
from scripts.benchmarks.table import table

CODE = """
from time import perf_counter as clock
start = clock(); import numpy
numpy_is_there = clock(); import convnet
convnet_is_there = clock(); from convnet import *
print(numpy_is_there - start, convnet_is_there - numpy_is_there, clock() - convnet_is_there)
"""
# So many for each round: each is a new process.
PROCESSES = 3
KINDS = ("numpy", "convnet_beyond_numpy", "every_part")


def measure(bench: Bench) -> dict[str, float]:
    """Return medians, in seconds, over many new processes."""
    count = PROCESSES * bench.effort.rounds
    with tempfile.TemporaryDirectory() as cache:
        _import(cache)  # not counted: the first import compiles the modules
        times = [_import(cache) for _ in range(count)]
    medians = (median(column) for column in zip(*times, strict=True))
    return {**dict(zip(KINDS, medians, strict=True)), "processes": count}


def _import(cache: str) -> list[float]:
    """Import in a new process; `cache` keeps compiled modules, whatever the environment says."""
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": cache}
    shown = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=ROOT,
        env=environment() | compiled,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [float(seconds) for seconds in shown.split()]


def show(result: dict[str, float]) -> str:
    """Lay the result out as a table."""
    names = ("import numpy", "import convnet, after that", "from convnet import *, after that")
    rows = [[name, f"{result[kind] * 1e3:.1f}"] for name, kind in zip(names, KINDS, strict=True)]
    title = f"Imports, medians of {result['processes']:.0f} new processes"
    return table(title, ("", "ms"), rows)
