"""Try inputs that are right in their structure and strange in their contents.

    python -m tests.support.fuzzing                       # 1,000 of each kind
    python -m tests.support.fuzzing --count 100000        # so many in all
    python -m tests.support.fuzzing --kinds PNG --first 17 --count 1

Each input follows from its kind and number, so a fault can be repeated. The command fails if
anything comes out but an answer or a refusal with its reason.
"""

import argparse
import os
import sys
import time

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "CONVNET_THREADS"):
    os.environ.setdefault(name, "1")

from tests.support.fuzzing.targets import TARGETS, Tally, run  # noqa: E402 - once threads are set


def main() -> int:
    """Run the command; return 1 if there was a fault, else 0."""
    options = parse()
    kinds = options.kinds.split(",")
    each, faults = -(-options.count // len(kinds)), 0
    for kind in kinds:
        began = time.monotonic()
        tally = Tally()
        for done, tally in enumerate(run(kind, each, options.first), start=1):  # noqa: B007
            if sys.stderr.isatty() and done % 100 == 0:
                print(f"\r{kind}: {done:,} of {each:,}", end="", file=sys.stderr, flush=True)
        if sys.stderr.isatty():
            print("\r", end="", file=sys.stderr)
        rate = each / (time.monotonic() - began)
        came = ", ".join(f"{what} ×{count:,}" for what, count in tally.counts.most_common())
        print(f"{kind}: {each:,} at {rate:,.0f}/s: {came}", flush=True)
        for fault in tally.faults[:20]:
            print(f"  FAULT {fault}", flush=True)
        faults += len(tally.faults)
    print(f"{faults} faults" if faults else "no fault")
    return 1 if faults else 0


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.fuzzing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--count", type=int, default=1000 * len(TARGETS), help="inputs in all")
    parser.add_argument("--first", type=int, default=0, help="number of the first of each kind")
    parser.add_argument("--kinds", default=",".join(TARGETS), help=f"some of {', '.join(TARGETS)}")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
