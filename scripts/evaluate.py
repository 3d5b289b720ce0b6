#!/usr/bin/env python3
"""Measure trained networks on labelled digits.

    python scripts/evaluate.py                           # the shipped network, the test set
    python scripts/evaluate.py --model runs/live-app.npz --data data
    python scripts/evaluate.py --model runs/zero-vs-one.npz --figures runs/pictures
    python scripts/evaluate.py --split train --digits 4,9 --limit 1000 --json
    python scripts/evaluate.py --pictures photos         # photos/0/ … photos/9/, photos/none/
    python scripts/evaluate.py --stand-ins --count 300
    python scripts/evaluate.py --model runs/a.npz runs/b.npz runs/c.npz --stand-ins
    python scripts/evaluate.py --card                    # all of it, into docs/model-card.md

`--data` is a data set as for train.py (docs/your-own-data.md); without it, $CONVNET_DATA_DIR or
./data. A network that knows some digits only is measured on those. `--figures` writes the
confusion matrix and the mistakes as PNG files. Of several networks, mean ± standard deviation is
printed.

`--pictures`, `--stand-ins` and `--card` measure networks as they are served: every picture is a
file, which goes through the service's decoding, preprocessing, calibration and rejection. Stand-ins
are drawn by scripts/synthesis/standins/, by code that has no part in training. A folder without
those sub-folders has files named by what they show: `0001_7.png`, `0002_none.png`. Files that
cannot be decoded are named and left out of the counts; a picture in which nothing is drawn counts
as refused.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.training.environment import use_environment

use_environment()

import convnet  # noqa: I001  (before NumPy, so that BLAS starts with one thread)
import numpy as np

from convnet import datasets, metrics
from convnet.losses import CrossEntropy
from scripts.training.download import DownloadError
from scripts.evaluation.command import CARD, evaluate_served
from scripts.evaluation.summary import spread
from scripts.training.data import class_numbers, open_dataset, pictures_like
from scripts.training.models import classes_of, open_network
from scripts.training.options import digits, positive_int, refuse, require_matplotlib


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parse(argv)
    try:
        if options.pictures or options.stand_ins or options.card or options.real:
            evaluate_served(options)
        else:
            _evaluate(options)
    except (OSError, DownloadError, ValueError) as error:
        print(f"evaluate.py: {error}", file=sys.stderr)
        return 1
    return 0


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", nargs="+", default=["digits"], metavar="FILE",
                        help="weights, or the name of shipped ones (default digits)")  # fmt: skip
    parser.add_argument(
        "--data", type=Path, metavar="PATH", help="the data set: a folder or a file"
    )
    parser.add_argument("--split", choices=("test", "train"), help="which part (default test)")
    parser.add_argument("--digits", type=digits, metavar="0,1", help="only these digits")
    parser.add_argument("--limit", type=positive_int, metavar="N", help="only the first N images")
    parser.add_argument("--figures", type=Path, metavar="DIR", help="draw pictures into a folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    served = parser.add_argument_group("as served")
    served.add_argument("--pictures", type=Path, metavar="DIR",
                        help="picture files in 0/ … 9/, and none/ for no digit")  # fmt: skip
    served.add_argument("--real", type=Path, metavar="DIR",
                        help="folders of real pictures, called …_7.png")  # fmt: skip
    served.add_argument("--stand-ins", action="store_true", help="pictures drawn to measure by")
    served.add_argument("--card", type=Path, nargs="?", const=CARD, metavar="FILE",
                        help="write the model card (default docs/model-card.md)")  # fmt: skip
    served.add_argument("--count", type=positive_int, default=1000, metavar="N",
                        help="pictures in each stand-in set (default 1000)")  # fmt: skip
    served.add_argument("--seed", type=int, default=0, metavar="S", help="of the stand-ins")
    options = parser.parse_args(argv)
    _refuse_as_served(parser, options)
    if options.figures is not None and len(options.model) > 1:
        parser.error("--figures draws one network: give one --model")
    if options.figures is not None or options.card is not None:
        require_matplotlib(parser)
    return options


def _refuse_as_served(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End the command where measuring as served would leave an option without effect."""
    asked = [name for name in ("card", "pictures", "stand_ins", "real") if getattr(options, name)]
    if not asked:
        return
    how = f"--{asked[0].replace('_', '-')}"
    refuse(parser, options, ("split", "digits", "limit", "figures"), how)
    if options.card is not None:
        refuse(parser, options, ("pictures",), "--card")


def _evaluate(options: argparse.Namespace) -> None:
    """Measure every network on the data set, as it stands in arrays."""
    networks = [open_network(model) for model in options.model]
    splits = [_split(options, network) for network in networks]
    accuracies = [
        _report(network, split, options) for network, split in zip(networks, splits, strict=True)
    ]
    if len(networks) > 1 and not options.json:
        print(f"\naccuracy of {len(networks)} networks: {spread(accuracies, '{:.2%}')}")


def _split(options: argparse.Namespace, network: convnet.Sequential) -> datasets.Split:
    """Read what a network is measured on; its classes and its inputs must be the network's."""
    data = open_dataset(options.data, pictures_like(network))
    split = data.train if options.split == "train" else data.test
    known = classes_of(network)
    if all(isinstance(name, int) for name in known):
        split = split.subset(_wanted(options.digits, network), options.limit)
    elif known != split.classes:
        raise ValueError(
            f"{network.name} knows {_listed(known)}, the data {_listed(split.classes)}"
        )
    else:
        split = split.subset(options.digits, options.limit)
    if split.input_shape != network.input_shape:
        raise ValueError(
            f"{network.name} takes pictures of shape {network.input_shape}, "
            f"the data has {split.input_shape}"
        )
    return split


def _listed(names: Sequence[object]) -> str:
    return ", ".join(map(str, names[:5])) + ", …" * (len(names) > 5)


def _wanted(asked: tuple[int, ...] | None, network: convnet.Sequential) -> tuple[int, ...]:
    known = classes_of(network)
    if asked is not None and not set(asked) <= set(known):
        raise ValueError(f"`--digits` must be some of {known}, which {network.name} knows")
    return asked or known


def _report(
    network: convnet.Sequential, split: datasets.Split, options: argparse.Namespace
) -> float:
    """Show how good one network is; return its accuracy."""
    labels = class_numbers(split.labels, classes_of(network))
    began = time.perf_counter()
    probabilities = convnet.InferenceNetwork(network).predict(split.inputs())
    seconds = time.perf_counter() - began
    matrix = metrics.confusion_matrix(probabilities, labels, len(classes_of(network)))
    figures = {
        "model": network.name,
        "images": len(split),
        "accuracy": metrics.accuracy(probabilities, labels),
        "loss": CrossEntropy()(np.log(np.maximum(probabilities, 1e-30)), labels)[0],
        "images_per_second": len(split) / seconds,
    }
    if options.json:
        print(json.dumps(figures | {"confusion_matrix": matrix.tolist()}, allow_nan=False))
    else:
        table = metrics.format_confusion_matrix(matrix, classes_of(network))
        print(_text(figures), table, sep="\n\n")
    if options.figures is not None:
        from scripts.figures import draw_evaluation

        draw_evaluation(options.figures, network, split)
    return metrics.accuracy(probabilities, labels)


def _text(figures: dict[str, object]) -> str:
    return (
        "{model}: accuracy {accuracy:.2%}, loss {loss:.4f} "
        "({images:,} images, {images_per_second:,.0f} images/s)"
    ).format(**figures)


if __name__ == "__main__":
    sys.exit(main())
