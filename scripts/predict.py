#!/usr/bin/env python3
"""Read the digits in picture files, with the network here or with a running service.

    python scripts/predict.py digit.png photo.jpg
    python scripts/predict.py --read house-number.jpg              # a number of several digits
    python scripts/predict.py --json *.png                         # one JSON object a line
    python scripts/predict.py --url http://127.0.0.1:8000 digit.png
    python scripts/predict.py --model runs/live-app.npz digit.png
    python scripts/predict.py --model runs/live-app.npz --submission answers.csv test.csv   # Kaggle

The preprocessing is the service's own, so both ways give the same answer. The exit status is 0 if
every file was read, 1 if one could not be (the others still are), 2 if the command was wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any, Protocol

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.training.environment import use_environment

use_environment()

BAR = 20
FIELD = {"predict": "is_digit", "read": "digits"}  # a field that each route's answer always has


class Reader(Protocol):
    """Turns the bytes of a picture into the answer that docs/api.md describes."""

    def __call__(self, picture: bytes, route: str) -> dict[str, Any]:
        """Read one picture; `route` is ``predict`` or ``read``."""

    def close(self) -> None:
        """Close connections and files."""


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parse(argv)
    if options.submission is not None:
        return submit(options)
    try:
        reader = open_reader(options)
    except (OSError, ValueError) as error:
        print(f"predict.py: {error}", file=sys.stderr)
        return 1
    route = "read" if options.read else "predict"
    show = show_json if options.json else show_number if options.read else show_digit
    failed = 0
    for file in options.images:
        try:
            answer = reader(file.read_bytes(), route)
            if FIELD[route] not in answer:
                raise ValueError("the answer is none of a service that reads digits")
        except (OSError, ValueError) as error:
            failed += 1
            print(f"predict.py: {file}: {reason(error)}", file=sys.stderr)
        else:
            show(file, answer)
    reader.close()
    return 1 if failed else 0


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="picture files")
    parser.add_argument("--submission", type=Path, metavar="FILE",
                        help="answer an unlabelled CSV file instead")  # fmt: skip
    parser.add_argument("--read", action="store_true", help="each picture shows a whole number")
    parser.add_argument("--json", action="store_true", help="print one JSON object for each file")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--url", type=address, help="ask the service at this address")
    where.add_argument(
        "--model", default="digits", metavar="FILE", help="weights, or the name of shipped ones"
    )
    options = parser.parse_args(argv)
    if options.submission is not None:
        if options.url or options.read or options.json:
            parser.error("--submission does not go with --url, --read or --json")
        if len(options.images) != 1:
            parser.error("--submission takes one CSV file")
    elif any(file.suffix == ".csv" for file in options.images):
        parser.error("a CSV file needs --submission FILE, where the answers go")
    return options


def submit(options: argparse.Namespace) -> int:
    """Answer the rows of a CSV file; return the exit status."""
    from scripts.datasets.submission import write_submission

    try:
        count = write_submission(options.images[0], options.model, options.submission)
    except (OSError, ValueError) as error:
        print(f"predict.py: {error}", file=sys.stderr)
        return 1
    print(f"{count:,} answers written to {options.submission}")
    return 0


def address(text: str) -> str:
    """Parse the address of a service."""
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"it begins with http:// or https://, not as {text!r}")
    return text


def open_reader(options: argparse.Namespace) -> Reader:
    """Load the network, or make a client of the service."""
    if options.url:
        from scripts.clients.convnet_client import Client

        return Client(options.url)
    from scripts.clients.local import LocalReader

    return LocalReader(options.model)


def show_digit(file: Path, answer: dict[str, Any]) -> None:
    """Print the digit, and how likely each one is; of other classes, how likely the first are."""
    label = answer.get("label", answer["digit"])  # older services give the digit alone
    others = any(item["digit"] is None for item in answer.get("top", ()))
    if label is not None:
        print(f"{file}: {label} ({answer['confidence']:.1%})")
    else:
        print(f"{file}: not recognised as {'anything known' if others else 'a digit'}")
    likely = [(item["label"], item["probability"]) for item in answer["top"]] if others else None
    for name, probability in likely or enumerate(answer["probabilities"]):
        bar = "█" * round(probability * BAR)
        print(f"  {name} {probability:6.1%} {bar}".rstrip())


def show_number(file: Path, answer: dict[str, Any]) -> None:
    """Print the number, and where each of its digits is."""
    print(f"{file}: {answer['text']}")
    for digit in answer["digits"]:
        name = digit["digit"] if digit["is_digit"] else "?"
        x, y, width, height = digit["box"]
        print(f"  {name} {digit['confidence']:6.1%} at {x},{y}, {width}×{height}")


def show_json(file: Path, answer: dict[str, Any]) -> None:
    """Print the whole answer on one line."""
    print(json.dumps({"file": str(file), **answer}, ensure_ascii=False), flush=True)


def reason(error: Exception) -> str:
    """Return what went wrong with a file, without its name."""
    return (isinstance(error, OSError) and error.strerror) or str(error)


def run() -> int:
    """Run the command until it ends, is interrupted, or nobody reads its output any more."""
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of the output has closed it, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130  # as shells do
    return status


if __name__ == "__main__":
    sys.exit(run())
