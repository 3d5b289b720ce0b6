"""How much of the network's throughput is left when whole tables and archives are read.

On one core: the network alone in batches, and rows of scripts/predict_bulk.py from the file to the
encoded table, by processor time. Then rows a second, by the clock, on one process and on one for
each core.
"""

from __future__ import annotations

import io
import itertools
import tempfile
import time
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

import convnet
from convnet.datasets import idx
from scripts.benchmarks.bench import Bench
from scripts.benchmarks.clock import alternate, stopwatch
from scripts.benchmarks.table import share, table
from scripts.bulk.chunks import Chunk, plan
from scripts.bulk.containers import Options
from scripts.bulk.processes import on_processes
from scripts.bulk.reading import BLOCK, Job, work
from server.config import Config
from server.recognizer import Recognizer

COUNT = 512  # pictures of a call
CHUNKS = 24  # for each process, where several are compared

Record = dict[str, Any]


def measure(bench: Bench) -> Record:
    """Return rows a second: of the network, of each kind of file, and by processes."""
    recognizer = Recognizer.load("digits")
    images = bench.images(COUNT)
    inputs = images.astype(np.float32)[..., np.newaxis] / np.float32(255)
    with tempfile.TemporaryDirectory() as folder:
        job = Job("digits", recognizer.sha256, False, "csv", Options(folder), Config())
        kinds = {name: _chunks(name, images, Path(folder), job) for name in ("IDX", "CSV", "PNG")}
        threads = convnet.get_threads()
        convnet.set_threads(1)
        calls = {"network": partial(recognizer.logits, inputs, BLOCK)}
        calls |= {name: partial(_read, job, chunks) for name, chunks in kinds.items()}
        watch = partial(stopwatch, seconds=bench.effort.seconds, clock=time.process_time)
        bursts = {name: partial(watch, call) for name, call in calls.items()}
        seconds = alternate(bursts, bench.effort.rounds)
        convnet.set_threads(threads)
        processes = {
            count: median(_rate(job, kinds["IDX"], count) for _ in range(3))
            for count in sorted({1, bench.threads})
        }
    rates = {name: COUNT / median(rounds) for name, rounds in seconds.items()}
    return {"rows_per_second": rates, "by_processes": processes}


def _chunks(kind: str, images: np.ndarray, folder: Path, job: Job) -> list[Chunk]:
    name = {"IDX": "a.idx", "CSV": "a.csv", "PNG": "a.zip"}[kind]
    if kind == "IDX":
        (folder / name).write_bytes(idx.encode(images))
    elif kind == "CSV":
        np.savetxt(folder / name, images.reshape(len(images), -1), fmt="%d", delimiter=",")
    else:
        with zipfile.ZipFile(folder / name, "w") as archive:
            for number, image in enumerate(images):
                file = io.BytesIO()
                Image.fromarray(image).save(file, "PNG")
                archive.writestr(f"{number}.png", file.getvalue())
    return list(plan([name], job.options, COUNT, COUNT))


def _read(job: Job, chunks: list[Chunk]) -> None:
    for chunk in chunks:
        work(job, chunk)


def _rate(job: Job, chunks: list[Chunk], count: int) -> float:
    """Return rows a second of so many processes, without their start."""
    many = itertools.islice(itertools.cycle(chunks), CHUNKS * count)
    started, rows = 0.0, 0
    parts: Iterator[Any] = on_processes(job, enumerate(many), count)
    for number, _, part in parts:
        if not started:
            started = time.perf_counter()
        else:
            rows += part.rows
        del number
    return rows / (time.perf_counter() - started)


def show(record: Record) -> str:
    """Lay the record out as tables."""
    rates = record["rows_per_second"]
    rows = [[name, f"{rate:,.0f}", share(rate / rates["network"])] for name, rate in rates.items()]
    one = record["by_processes"][1]
    by = [[str(n), f"{rate:,.0f}", f"{rate / one:.2f} ×"] for n, rate in
          record["by_processes"].items()]  # fmt: skip
    return "\n".join(
        [
            table("28×28 pictures on one core", ("from", "rows/s of it", "of the network"), rows),
            table("scripts/predict_bulk.py, IDX", ("processes", "rows/s", "of one"), by),
        ]
    )
