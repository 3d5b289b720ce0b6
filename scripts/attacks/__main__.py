"""Attack a service on this machine as a hostile client would, and print what came of it.

    scripts/attack                         # starts the service, attacks it: 5 minutes
    scripts/attack --quick                 # the same, shorter and with less: 1 minute
    scripts/attack --only pictures
    scripts/attack http://127.0.0.1:8000 --master PID
    scripts/attack --cost                  # processor time of the worst pictures

Requests of doubtful framing, bodies and connections that take more than they give, pictures that
are within all limits and as dear as can be, and what a hostile page may ask of the training room.
Each row has what came back, how long an honest client waited meanwhile for /livez and /predict (99
of 100 answers came within), and the memory of the largest worker. The command fails where a limit
is broken: 250 ms, 1 s, 150 MiB; no answer to
a request that nobody sent, and no 500. Only services on loopback are attacked, for a limited time;
memory is seen of services that this command starts, or whose gunicorn's process is named.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scripts.training.environment import use_environment

use_environment()

from scripts.attacks import cost
from scripts.attacks.catalogue import catalogue
from scripts.attacks.running import Result, attack_all
from scripts.attacks.target import Target, running
from scripts.benchmarks.table import table

KINDS = ("framing", "bodies", "connections", "pictures", "training room")
QUICK_SCALE = 0.2


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 1 if a limit is broken, else 0."""
    options = parse(argv)
    if options.cost:
        return cost.main()
    _allow_many_connections()
    try:
        with _target(options) as target:
            return attack(target, options)
    except (OSError, RuntimeError, ValueError) as error:
        print(f"scripts/attack: {error}", file=sys.stderr)
        return 1


def attack(target: Target, options: argparse.Namespace) -> int:
    """Attack, show the table and what is worse than it may be."""
    kinds = [kind for kind in catalogue(options.scale) if kind.name in options.only]
    total = sum(len(kind.attacks) if kind.is_loud else 1 for kind in kinds)
    begun: list[str] = []

    def show(name: str) -> None:
        begun.append(name)
        print(f"{len(begun)}/{total}  {name}", file=sys.stderr, flush=True)

    results = []
    for result in attack_all(target, kinds, options.quick, options.measure, show):
        results.append(result)
        for fault in result.faults():
            print(f"    {fault}", file=sys.stderr, flush=True)
    header = ("sent", "came back", "/livez p99", "/predict p99", "refused", "memory")
    print(table(f"attacks on {target.host}:{target.port}", header, [*map(row, results)], left=2))
    faults = [(result.name, fault) for result in results for fault in result.faults()]
    for name, fault in faults:
        print(f"BROKEN  {name}: {fault}")
    print(f"{len(faults)} limits broken" if faults else "no limit broken")
    return 1 if faults else 0


def row(result: Result) -> tuple[str, ...]:
    """Write a result for the table."""
    waits, memory = result.waits, result.memory
    live, predict = (
        f"{waits.p99(path) * 1000:.0f} ms" if waits else "–" for path in ("/livez", "/predict")
    )
    refused = str(waits.refused()) if waits else "–"
    held = "–" if memory is None else f"{memory:.0f} MiB"
    return result.name, str(result.outcome), live, predict, refused, held


@contextlib.contextmanager
def _target(options: argparse.Namespace) -> Iterator[Target]:
    if options.url:
        target = Target.of(options.url, options.master)
        target.ask("/livez")  # or say at once that nobody listens
        yield target
        return
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "service.log") as target:
        yield target


def _allow_many_connections() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/attack",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("url", nargs="?", help="a running service on loopback; without, one is "
                        "started")  # fmt: skip
    parser.add_argument("--master", type=int, metavar="PID", help="process of its gunicorn, whose "
                        "workers' memory is watched")  # fmt: skip
    parser.add_argument("--only", default=",".join(KINDS), metavar="KINDS",
                        help=f"some of {', '.join(KINDS)}")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="less of everything, for less time")
    parser.add_argument("--no-honest", dest="measure", action="store_false",
                        help="measure no honest client")  # fmt: skip
    parser.add_argument("--cost", action="store_true", help="measure the processor time of the "
                        "worst pictures on each route, without a service")  # fmt: skip
    options = parser.parse_args(argv)
    options.only = options.only.split(",")
    options.scale = QUICK_SCALE if options.quick else 1.0
    if unknown := set(options.only) - set(KINDS):
        parser.error(f"`--only` knows {', '.join(KINDS)}, not {', '.join(sorted(unknown))}")
    return options


if __name__ == "__main__":
    sys.exit(main())
