#!/usr/bin/env python3
"""Measure how well whole numbers are read: compose them from held-out digits, and read them.

    python scripts/compose_numbers.py                        # gaps from none to wide
    python scripts/compose_numbers.py --overlap 3            # neighbours overlap by 0 to 3 pixels
    python scripts/compose_numbers.py --count 50 --out /tmp/numbers      # to be looked at
    python scripts/compose_numbers.py --papers --count 50     # rulings, boxes, grids, signs …

Five digits of MNIST's test set make a number; sizes, heights, gaps, scale and polarity are drawn at
random. Each is a PNG file that is read as `POST /read` would. A number counts as right if all of
its digits are right and nothing else was found.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.training.environment import use_environment

use_environment()

import numpy as np
from PIL import Image

from convnet import datasets
from convnet.datasets import Split
from convnet.training.progress_bar import counted
from scripts.clients.local import LocalReader
from scripts.evaluation import papers
from scripts.synthesis.lines.papers import KINDS
from scripts.synthesis.material import Material
from scripts.synthesis.mnist.numbers import compose
from scripts.synthesis.recorded import collection
from scripts.training.data import open_dataset
from scripts.training.download import DownloadError
from scripts.training.options import positive_int


@dataclass(frozen=True)
class Answer:
    """How one number was read.

    Attributes
    ----------
    text : str
        What is written.
    read : str
        What was read, with ``?`` for what is no digit; empty if nothing was found.
    """

    text: str
    read: str

    @property
    def outcome(self) -> str:
        """Return how it was read: right, or wrong in which way."""
        if self.read == self.text:
            return "right"
        if len(self.read) != len(self.text):
            return "wrong count of digits"
        return "refused a digit" if "?" in self.read else "misread a digit"


OUTCOMES = ("right", "wrong count of digits", "refused a digit", "misread a digit")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parse(argv)
    try:
        reader = LocalReader(options.model)
        if options.papers:
            return _measure_papers(reader, options)
        digits = open_dataset(options.data).test
        if options.out:
            options.out.mkdir(parents=True, exist_ok=True)
        numbers = _read(digits, reader, options)
        answers = list(counted(numbers, "reading", options.count))
    except (OSError, DownloadError, ValueError) as error:
        print(f"compose_numbers.py: {error}", file=sys.stderr)
        return 1
    _report(answers, options.overlap)
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=positive_int, metavar="N",
                        help="how many numbers (2000), or papers of a kind (100)")  # fmt: skip
    parser.add_argument("--overlap", type=int, default=0, choices=range(11), metavar="PIXELS",
                        help="let neighbours overlap by up to so many pixels of 28")  # fmt: skip
    parser.add_argument("--papers", action="store_true",
                        help="on papers and devices instead of clean paper")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of the drawing of lots")
    parser.add_argument("--model", default="digits", metavar="FILE",
                        help="weights, or the name of shipped ones (default digits)")  # fmt: skip
    parser.add_argument("--data", type=Path, metavar="DIR",
                        help="folder with MNIST (default $CONVNET_DATA_DIR or ./data)")  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FOLDER",
                        help="keep the pictures, named by what is written and read")  # fmt: skip
    options = parser.parse_args(argv)
    options.count = options.count or (100 if options.papers else 2000)
    return options


def _measure_papers(reader: LocalReader, options: argparse.Namespace) -> int:
    """Read pages of every kind, and print how well."""
    folder = options.data or datasets.default_folder()
    writers = Material(recorded=collection.load(folder)[1])
    scores = []
    for kind in KINDS:
        pages = papers.draw_pages(kind, options.count, options.seed, writers)
        scores.append(papers.score(kind, counted(pages, kind, options.count), reader))
    print("\n".join(papers.table(scores)))
    return 0


def _read(digits: Split, reader: LocalReader, options: argparse.Namespace) -> Iterator[Answer]:
    """Compose and read one number after the other."""
    rng = np.random.default_rng(options.seed)
    for index in range(options.count):
        number = compose(digits, options.overlap, rng)
        file = io.BytesIO()
        Image.fromarray(number.grey).save(file, "PNG")
        try:
            read = reader(file.getvalue(), "read")["text"]
            answer = Answer(number.text, "".join(read.split()))  # wide gaps are spaces
        except ValueError:  # nothing was found
            answer = Answer(number.text, "")
        if options.out:
            name = "-".join([answer.outcome.split()[0], f"{index:05}", number.text, answer.read])
            (options.out / f"{name.replace('?', 'x')}.png").write_bytes(file.getvalue())
        yield answer


def _report(answers: list[Answer], overlap: int) -> None:
    """Print how many numbers were read right, and wrong in which way."""
    kind = f"overlaps of 0 to {overlap} pixels of 28" if overlap else "gaps from none to wide"
    outcomes = [answer.outcome for answer in answers]
    print(f"{len(answers)} numbers, {kind}")
    for outcome in OUTCOMES:
        print(f"  {outcomes.count(outcome) / len(answers):7.2%} {outcome}")


if __name__ == "__main__":
    raise SystemExit(main())
