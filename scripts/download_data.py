#!/usr/bin/env python3
"""Download data sets from where they are published, verified.

    python scripts/download_data.py                      # MNIST, into ./data or $CONVNET_DATA_DIR
    python scripts/download_data.py --set cifar10        # into its folder below that
    python scripts/download_data.py --set unipen         # with semeion and optdigits: real writers,
                                                         # whom `train.py --recipe digits` needs
    python scripts/download_data.py --out elsewhere
    python scripts/download_data.py --mirror https://mirror.example/mnist

A download that was cut short goes on where it stopped; a file appears under its name only when its
contents are right. Files that are already there and right are left alone. Of UNIPEN, Semeion and
optdigits only the part that training may learn from is kept; the other writers are for testing.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.training.environment import use_environment

use_environment()

from convnet import datasets
from scripts.training.download import DownloadError, download
from scripts.training.sources import SOURCES


def main(argv: list[str] | None = None) -> int:
    """Download what is missing; return 0 when all of it is there."""
    args = _parser().parse_args(argv)
    try:
        download(SOURCES[args.set], args.out, args.mirror or ())
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130
    except (DownloadError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    sets = "\n".join(f"    {name:<14} {source.title}" for name, source in SOURCES.items())
    parser = argparse.ArgumentParser(
        description=f"{__doc__}\nsets:\n{sets}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--set", choices=SOURCES, default="mnist", metavar="NAME",
                        help="which data set (default mnist)")  # fmt: skip
    parser.add_argument("--out", type=Path, default=datasets.default_folder(), metavar="DIR",
                        help="folder of all data (default data, or $CONVNET_DATA_DIR)")  # fmt: skip
    parser.add_argument("--mirror", action="append", metavar="URL", help="instead of those known")
    return parser


if __name__ == "__main__":
    sys.exit(main())
