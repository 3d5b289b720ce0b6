"""``scripts/evaluate.py`` with pictures: networks measured as they are served."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from scripts.served.answers import LabelledFiles
from scripts.served.files import Folder, read_folder, stand_ins
from scripts.served.measurement import Measurement, measure
from scripts.served.summary import HEAD, aligned, mistakes, rows
from scripts.training.data import open_dataset

CARD = Path(__file__).resolve().parents[2] / "docs" / "model-card.md"


def evaluate_served(options: argparse.Namespace) -> None:
    """Run the command.

    Raises
    ------
    OSError, ValueError
        If a network, a data set or a folder of pictures cannot be read.
    DownloadError
        If MNIST is needed and cannot be had.
    """
    sets: dict[str, LabelledFiles] = {}
    folder = read_folder(options.pictures) if options.pictures else None
    if folder:
        sets[str(options.pictures)] = folder
    test = None
    if options.stand_ins or options.card:
        test = open_dataset(options.data).test.subset(options.digits, options.limit)
        sets |= stand_ins(options.count, options.seed, test)
    measurements = measure(options.model, sets, test)
    if options.json:
        print(json.dumps({"models": [one.record() for one in measurements]}, allow_nan=False))
    else:
        _show(measurements, folder, str(options.pictures))
    if options.card:
        from scripts.served.card import write_card  # needs matplotlib

        write_card(options.card, measurements, sets)
        print(f"\n{options.card} written, and its pictures beside it", file=sys.stderr)


def _show(measurements: list[Measurement], folder: Folder | None, name: str) -> None:
    for one in measurements:
        print(f"{one.model}: {one.recognizer.name} {one.recognizer.version}")
    print("", aligned(HEAD, list(rows(measurements))), sep="\n")
    if folder is not None:
        for one in measurements:
            print(f"\nanswered otherwise by {one.model}, the surest first:")
            print(*mistakes(folder, one.answers[name]), sep="\n")
