"""``scripts/evaluate.py`` with pictures: networks measured as they are served."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from scripts.clients.local import LocalReader
from scripts.evaluation.answers import Inputs, from_arrays, prepare
from scripts.evaluation.files import Folder, read_folder, stand_ins
from scripts.evaluation.measurement import ARRAYS, Measurement, measure
from scripts.evaluation.real import measure_real, table
from scripts.evaluation.summary import HEAD, aligned, mistakes, rows
from scripts.synthesis.standins import StandIn
from scripts.training.data import open_dataset
from server.recognizer import Recognizer

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
    real = None
    if options.real:
        real = table(measure_real(options.real, LocalReader(options.model[0])))
        print(*real, sep="\n")
        if not (options.pictures or options.stand_ins or options.card):
            return
    recognizers = [Recognizer.load(model) for model in options.model]
    sets: dict[str, StandIn] = {}
    inputs: dict[str, Inputs] = {}
    folder = None
    if options.pictures:
        folder, inputs[str(options.pictures)] = _open_folder(options.pictures)
    if options.stand_ins or options.card:
        test = open_dataset(options.data).test
        sets = stand_ins(options.count, options.seed, test)
        inputs |= {name: prepare(pictures) for name, pictures in sets.items()}
        inputs[ARRAYS] = from_arrays(test.images, test.labels.astype(int))
    measurements = measure(options.model, recognizers, inputs)
    if options.json:
        print(json.dumps({"models": [one.record() for one in measurements]}, allow_nan=False))
    else:
        _show(measurements, folder, str(options.pictures))
    if options.card:
        from scripts.evaluation.card import write_card  # needs matplotlib

        write_card(options.card, measurements, sets, real)
        print(f"\n{options.card} written, and its pictures beside it", file=sys.stderr)


def _open_folder(path: Path) -> tuple[Folder, Inputs]:
    """Read the pictures of a folder; name the files that are none, and leave them out.

    Raises
    ------
    ValueError
        If nothing is left.
    """
    folder = read_folder(path)
    inputs = prepare(folder)
    for place, reason in inputs.left_out.items():
        print(f"evaluate.py: left out: {folder.paths[place]}: {reason}", file=sys.stderr)
    if not len(inputs.labels):
        raise ValueError(f"{path}: none of the files in it can be read as a picture")
    return folder.without(inputs.left_out), inputs


def _show(measurements: list[Measurement], folder: Folder | None, name: str) -> None:
    for one in measurements:
        print(f"{one.model}: {one.recognizer.name} {one.recognizer.version}")
    print("", aligned(HEAD, list(rows(measurements))), sep="\n")
    if folder is not None:
        for one in measurements:
            print(f"\nanswered otherwise by {one.model}, the surest first:")
            print(*mistakes(folder, one.answers[name]), sep="\n")
