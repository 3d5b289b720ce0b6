#!/usr/bin/env python3
"""Read pictures by the million, on all cores or on a Dask cluster, into one table.

    python scripts/predict_bulk.py scans/ --out answers.csv
    python scripts/predict_bulk.py 'scans/**/*.png' more.zip old.tar.gz --out answers.parquet
    python scripts/predict_bulk.py t10k-images-idx3-ubyte.gz test.csv --out answers.csv
    python scripts/predict_bulk.py shards/*.parquet --column image --out answers.parquet
    python scripts/predict_bulk.py names.txt --read --out numbers.csv   # a path in each line
    python scripts/predict_bulk.py scans/ --scheduler tcp://10.0.0.1:8786 --out answers.csv

An INPUT is a folder (its pictures, and those in folders below it), a picture, a zip or tar file,
an IDX or CSV file of pixels, a Parquet file, a list of paths (.txt, .lst), or a pattern of any of
these. The table, CSV or Parquet by its name, has a row for each picture, in that order: path,
digit, confidence, verdict (digit or none), error; with --read path, text, confidence, error. A
picture that cannot be read is a row with its reason.

What is killed goes on where it was when the same command is given again. docs/scale.md tells more.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.training.environment import use_environment

use_environment()

from scripts.bulk.command import run
from scripts.training.options import add_places, positive_int, run_resumable


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    return run_resumable(run, parse(argv), "predict_bulk.py")


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="where the pictures are")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE",
                        help="the table: .csv or .parquet")  # fmt: skip
    parser.add_argument("--read", action="store_true", help="each picture shows a whole number")
    parser.add_argument(
        "--model", default="digits", metavar="FILE", help="weights, or the name of shipped ones"
    )
    parser.add_argument("--column", metavar="NAME", help="of Parquet, the column of pictures")
    parser.add_argument("--chunk", type=positive_int, metavar="N",
                        help="pictures that are read, and kept, together (default 2048 of pixels, "
                        "512 of files, 64 with --read)")  # fmt: skip
    add_places(parser)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
