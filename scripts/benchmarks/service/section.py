"""Requests per second, latency, memory and start of four services, under the same load."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from scripts.benchmarks.bench import Bench
from scripts.benchmarks.peers.process import ROOT
from scripts.benchmarks.service.pictures import canvas_pictures
from scripts.benchmarks.service.running import Application, running
from scripts.benchmarks.table import table

WORKERS = 2
THREADS = 4
CLIENTS = 8
PICTURES = 100
SECONDS_A_ROUND = 5.0

Record = dict[str, Any]

OURS = ("--config", "server/gunicorn_conf.py")
PLAIN = ("--workers", str(WORKERS), "--threads", str(THREADS), "--preload", "--no-control-socket")


def applications(blueprint: Path) -> list[Application]:
    """Return ours, ours without a network and with PyTorch's, and a plain one with PyTorch."""
    workers = {"WEB_CONCURRENCY": str(WORKERS), "THREADS": str(THREADS)}
    theirs = {"BLUEPRINT": str(blueprint), "OMP_NUM_THREADS": "1"}
    return [
        Application("convnet", (*OURS, "wsgi:app"), workers),
        Application("network stubbed", (*OURS, "scripts.benchmarks.service.stubbed:app"), workers),
        Application(
            "network in PyTorch",
            (*OURS, "scripts.benchmarks.service.with_pytorch:app"),
            workers | theirs,
        ),
        Application(
            "plain Flask + PyTorch",
            (*PLAIN, "scripts.benchmarks.service.flask_pytorch:app"),
            theirs,
        ),
    ]


def measure(bench: Bench) -> list[Record]:
    """Run each application several times over, in turn; return the medians."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures = canvas_pictures(PICTURES)
        for index, picture in enumerate(pictures):
            (folder / f"{index:03}.png").write_bytes(picture)
        (folder / "blueprint").write_bytes(_served_network(bench))
        programs = applications(folder / "blueprint")
        rounds = max(1, bench.effort.rounds // 3)
        results: dict[str, list[Record]] = {program.name: [] for program in programs}
        for _ in range(rounds):
            for program in programs:
                results[program.name].append(_run(program, pictures[0], folder))
    return [_medians(name, records) for name, records in results.items()]


def _served_network(bench: Bench) -> bytes:
    with bench.peers("convnet") as (ours,):
        return pickle.dumps(ours.call("pretrained", "digits"))


def _run(program: Application, picture: bytes, folder: Path) -> Record:
    with running(program, picture, folder / "log") as service:
        _load(service.port, 1.0, folder)  # until every worker is warm
        answered = _load(service.port, SECONDS_A_ROUND, folder)
        return {
            **answered,
            "worker_mebibytes": max(service.worker_memory()),
            "first_answer": service.first_answer,
        }


def _load(port: int, seconds: float, folder: Path) -> Record:
    module = "scripts.benchmarks.service.load"
    arguments = map(str, (port, seconds, CLIENTS, folder))
    command = [sys.executable, "-m", module, *arguments]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    report: Record = json.loads(shown)
    if report["statuses"].keys() != {"200"}:
        raise RuntimeError(f"not every answer was 200: {report['statuses']}")
    return report


def _medians(name: str, records: list[Record]) -> Record:
    keys = [key for key in records[0] if key != "statuses"]
    return {"application": name} | {key: median(r[key] for r in records) for key in keys}


def show(records: list[Record]) -> str:
    """Lay the records out as a table."""
    fastest = records[0]["requests_per_second"]
    rows = [
        [
            record["application"],
            f"{record['requests_per_second']:,.0f}",
            f"{fastest / record['requests_per_second']:.2f} ×",
            f"{record['p50'] * 1e3:.1f}",
            f"{record['p99'] * 1e3:.1f}",
            f"{record['worker_mebibytes']:.0f}",
            f"{record['first_answer']:.2f}",
        ]
        for record in records
    ]
    header = (
        *("application", "requests/s", "convnet is", "p50 ms", "p99 ms"),
        *("MiB a worker", "first answer s"),
    )
    title = f"POST /predict, {WORKERS} workers, {CLIENTS} clients, PNGs as the page sends them"
    return table(title, header, rows)
