"""The job that the command line asks for, from its first chunk to the table."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from scripts.bulk.chunks import Chunk, plan
from scripts.bulk.cluster import connect, on_cluster
from scripts.bulk.containers import Options
from scripts.bulk.output import columns, form_of
from scripts.bulk.parquet import require_pyarrow
from scripts.bulk.processes import Numbered, Result, on_processes
from scripts.bulk.progress import Progress
from scripts.bulk.reading import Job
from scripts.bulk.state import State
from scripts.training.options import require_writable
from server.config import Config
from server.recognizer import Recognizer

PLAIN, PACKED, NUMBERS = 2048, 512, 64  # pictures in a chunk: a second or so of one core


def run(options: argparse.Namespace) -> int:
    """Read everything; return the exit status."""
    form = form_of(options.out)
    if form == "parquet":
        require_pyarrow()
    require_writable(options.out)
    recognizer = Recognizer.load(options.model)
    if options.read and not recognizer.reads_numbers:
        raise ValueError(f"{options.model} reads no digits, so it finds no numbers")
    config = Config.from_environment()
    job = Job(
        model=_whole(options.model),
        sha256=recognizer.sha256,
        read=options.read,
        form=form,
        options=Options(str(Path.cwd()), options.column, config.max_body_bytes),
        config=config,
    )
    settings = {
        "inputs": options.inputs,
        "folder": job.options.base,
        "network": job.sha256,
        "read": job.read,
        "column": options.column,
        "chunk": options.chunk,
    }
    state = State(options.out, settings)
    with state.locked():
        parts = _fill(options, job, state)
        state.finish(parts, columns(options.read, recognizer.classes.are_digits))
    return 0


def _whole(model: str) -> str:
    """Return the whole path of a file; the name of a shipped network as it is."""
    return str(Path(model).absolute()) if Path(model).exists() else model


def chunks(options: argparse.Namespace, job: Job) -> Iterator[Chunk]:
    """Yield the chunks of the job."""
    packed = options.chunk or (NUMBERS if job.read else PACKED)
    plain = options.chunk or (NUMBERS if job.read else PLAIN)
    return plan(options.inputs, job.options, plain, packed)


def _fill(options: argparse.Namespace, job: Job, state: State) -> list[Path]:
    """Write all parts that are not there; return all, in order."""
    total = done = 0
    for number, chunk in enumerate(chunks(options, job)):
        total += len(chunk)
        done += len(chunk) if state.has(number, chunk) else 0
    if not total:
        raise ValueError("there are no pictures in what was given")
    progress = Progress(total, done=done)
    if done:
        print(f"{done:,} of {total:,} pictures were read before.")
    parts: list[Path] = []
    errors = 0
    for number, chunk, part in _compute(options, job, _missing(options, job, state, parts)):
        state.add(number, chunk, part.data)
        errors += part.errors
        progress.add(part.rows, part.errors)
    progress.close()
    unreadable = f", {errors:,} of them unreadable" if errors else ""
    print(f"{total - done:,} pictures{unreadable}, {progress.rate:,.0f} a second: {options.out}")
    return parts


def _missing(
    options: argparse.Namespace, job: Job, state: State, parts: list[Path]
) -> Iterator[Numbered]:
    """Yield the chunks whose parts are not there; note the parts of all, which are what is joined.

    The inputs are walked through once for this: a file that comes later does not belong to it.
    """
    for number, chunk in enumerate(chunks(options, job)):
        parts.append(state.part(number, chunk))
        if not state.has(number, chunk):
            yield number, chunk


def _compute(options: argparse.Namespace, job: Job, todo: Iterator[Numbered]) -> Iterator[Result]:
    """Yield parts as they get ready."""
    if options.scheduler is None:
        yield from on_processes(job, todo, options.workers)
        return
    with connect(options.scheduler) as client:
        yield from on_cluster(job, todo, client)
