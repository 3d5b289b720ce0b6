"""The command scripts/soak."""

from __future__ import annotations

import argparse
import sys

from scripts.soaking.trials import TRIALS, Effort, Row, run
from scripts.training.options import positive_float, positive_int
from scripts.training.table import table

HEAD = ["trial", "requests", "answers", "lost", "measured", ""]


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 1 if a trial failed."""
    options = parse(argv)
    effort = Effort(
        options.seconds, options.minutes, options.clients, options.kills, options.reloads
    )
    rows = []
    for name in options.only:
        print(f"{name} …", file=sys.stderr, flush=True)
        rows.append(run(name, effort))
    print(table(HEAD, list(map(cells, rows))))
    return 1 if any(row.faults for row in rows) else 0


def cells(row: Row) -> list[str]:
    """Return a row of the table."""
    statuses = sorted(row.tally.statuses.items())
    return [
        row.trial,
        f"{row.tally.requests:,}",
        ", ".join(f"{count:,} × {status}" for status, count in statuses) or "none",
        str(row.tally.lost),
        row.note,
        "; ".join(row.faults) or "stands",
    ]


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line; scripts/soak explains it."""
    parser = argparse.ArgumentParser(prog="soak")
    parser.add_argument("--only", type=some, default=tuple(TRIALS), metavar="A,B")
    parser.add_argument("--seconds", type=positive_float, default=Effort.seconds)
    parser.add_argument("--minutes", type=positive_float, default=Effort.minutes)
    for name in ("clients", "kills", "reloads"):
        parser.add_argument(f"--{name}", type=positive_int, default=getattr(Effort, name))
    return parser.parse_args(argv)


def some(text: str) -> tuple[str, ...]:
    """Read names of trials."""
    if unknown := [name for name in text.split(",") if name not in TRIALS]:
        raise argparse.ArgumentTypeError(
            f"expected some of {', '.join(TRIALS)}, got {unknown[0]!r}"
        )
    return tuple(text.split(","))


if __name__ == "__main__":
    sys.exit(main())
