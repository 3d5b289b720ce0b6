#!/usr/bin/env python3
"""Train a network, show the progress, and write its weights with a record of the training.

    python scripts/train.py                                # live-app, on MNIST
    python scripts/train.py --data animals                 # on folders animals/cat/, animals/dog/ …
    python scripts/train.py --architecture cnn-numpy --data archive --epochs 3 --out numpy.npz
    python scripts/train.py --architecture my_net.py       # your own: it has layers(classes)
    python scripts/train.py --architecture zero-vs-one --digits 3,8 --limit 500 --seed 7
    python scripts/train.py --architecture live-app --checkpoint runs/a   # Ctrl-C; then, any time:
    python scripts/train.py --architecture live-app --checkpoint runs/a --resume
    python scripts/train.py --architecture live-app --figures runs/pictures
    python scripts/train.py --architecture digits --data animals --size 48   # animals/cat/, …/dog/
    python scripts/train.py --recipe digits --out digits.npz   # the served network
    python scripts/train.py --recipe digits --out digits.npz --resume
    python scripts/train.py --recipe digits-tuned --out tuned.npz   # goes on from the shipped one
    python scripts/train.py --recipe finder --out finder.npz   # what finds ink in a picture
    python scripts/train.py --recipe page-finder --out page_finder.npz   # … on a page of numbers
    python scripts/train.py --recipe lines --out lines.npz     # what reads a line
    python scripts/train.py --recipe lines-tuned --out tuned.npz     # goes on from that

Every option has a default that suits the network (scripts/training/recipes.py). `--data` is a
folder of pictures for each class, a CSV file, NumPy arrays, or the files of MNIST, Fashion-MNIST,
EMNIST or CIFAR-10 (docs/your-own-data.md); without it, $CONVNET_DATA_DIR or ./data, where MNIST is
downloaded if nothing is there. The names of the classes go with the weights, so that
`MODEL=runs/live-app.npz scripts/serve` shows them. The same seed gives the same file, byte by byte.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.training.environment import use_environment

use_environment()


from convnet import datasets
from convnet.training.progress_bar import TrainingBar
from convnet.training.trainer import Progress, Trainer
from scripts.datasets.picture_folders import PictureOptions
from scripts.recipe.command import RECIPES as SHIPPED
from scripts.recipe.command import folder_of, train_recipe
from scripts.training.architecture import architecture
from scripts.training.data import fingerprint, input_form, open_dataset
from scripts.training.download import DownloadError
from scripts.training.options import (
    digits,
    positive_float,
    positive_int,
    refuse,
    require_matplotlib,
    require_writable,
    require_writable_folder,
    size,
)
from scripts.training.recipes import RECIPES, Recipe
from scripts.training.record import record_training, result
from scripts.training.run import Run
from scripts.training.stopping import Stopped

FIRST_TRY = "live-app"  # quick to train, and good enough to see that all is right


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parse(argv)
    try:
        return _train(options)
    except (Stopped, KeyboardInterrupt):
        return _say_how_to_go_on(options)
    except (OSError, DownloadError, ValueError) as error:
        print(f"train.py: {error}", file=sys.stderr)
        return 1


def _parse(argv: list[str] | None) -> argparse.Namespace:
    """Parse the command line; derive the options that depend on others."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.recipe is None:
        options.architecture = options.architecture or architecture(FIRST_TRY)
    else:
        refuse(parser, options, ("digits", "figures", "size", "input_form"), "--recipe")
        if options.workers > 1:
            parser.error("--workers is not for --recipe, whose weights are those of one process")
        options.checkpoint = options.checkpoint or folder_of(options.recipe)
    if options.resume and options.checkpoint is None:
        parser.error("--resume needs --checkpoint DIR")
    if options.figures is not None:
        require_matplotlib(parser)
    name = options.recipe or options.architecture.name
    options.out = options.out or Path("runs") / f"{name}.npz"
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--architecture", type=architecture, metavar="NAME",
                      help=f"one of {', '.join(RECIPES)} (default {FIRST_TRY}), or a Python file "
                      "whose layers(classes) returns a list of layers")  # fmt: skip
    what.add_argument("--recipe", choices=list(SHIPPED), metavar="NAME",
                      help=f"make a shipped network: {', '.join(SHIPPED)}")  # fmt: skip
    parser.add_argument(
        "--data", type=Path, metavar="PATH", help="the data set: a folder or a file"
    )
    parser.add_argument("--size", type=size, metavar="N or HxW",
                        help="to which a folder's pictures are scaled")  # fmt: skip
    parser.add_argument("--input-form", choices=("plain", "mnist"),
                        help="a folder's pictures as they are, or as MNIST's")  # fmt: skip
    parser.add_argument("--digits", type=digits, metavar="0,1", help="only these digits")
    parser.add_argument(
        "--limit", type=positive_int, metavar="N", help="only the first N for training"
    )
    parser.add_argument("--epochs", type=positive_int, metavar="N", help="passes over the data")
    parser.add_argument("--batch-size", type=positive_int, metavar="B", help="images a step")
    parser.add_argument("--learning-rate", type=positive_float, metavar="R", help="(peak) rate")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="of everything random")
    parser.add_argument("--workers", type=positive_int, default=1, metavar="N",
                        help="processes that share each batch: one a core")  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE",
                        help="where the weights go (default runs/NAME.npz)")  # fmt: skip
    parser.add_argument("--figures", type=Path, metavar="DIR",
                        help="draw cost curve, confusion matrix, mistakes and layers")  # fmt: skip
    parser.add_argument("--checkpoint", type=Path, metavar="DIR",
                        help="keep the run here; --recipe does so unasked, its pictures in "
                        "runs/NAME-recipe or DIR, and checkpoints below it in seed-S/")  # fmt: skip
    parser.add_argument("--every", type=float, default=30, metavar="SECONDS",
                        help="between two checkpoints (default 30)")  # fmt: skip
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint")
    return parser


def _train(options: argparse.Namespace) -> int:
    _require_places(options)
    if options.recipe is not None:
        return train_recipe(options)
    data = open_dataset(options.data, PictureOptions(options.size, options.input_form))
    recipe = _recipe(options, data)
    train, held_out = recipe.split(data.train)
    test = data.test.subset(recipe.digits)
    network = options.architecture.network(recipe, data.train.input_shape, options.seed)
    print(network.summary(), end="\n\n")
    trainer = recipe.trainer(network, len(train))
    progress = _fit(trainer, recipe, train, held_out, options)
    record_training(trainer, recipe, progress, test, options.seed, input_form(data))
    network.save(options.out)
    print(result(network, progress), f"weights written to {options.out}", sep="\n")
    if options.figures is not None:
        from scripts.figures import draw_training

        draw_training(options.figures, network, progress, test)
    return 0


def _require_places(options: argparse.Namespace) -> None:
    """Make every folder that will be written to; an error then comes before the work."""
    require_writable(options.out)
    for folder in (options.checkpoint, options.figures):
        if folder is not None:
            require_writable_folder(folder)


def _recipe(options: argparse.Namespace, data: datasets.Dataset) -> Recipe:
    """Return the network's recipe, changed for the data and by the command line."""
    said = {
        name: getattr(options, name)
        for name in ("epochs", "batch_size", "learning_rate", "digits", "limit")
        if getattr(options, name) is not None
    }
    return dataclasses.replace(options.architecture.recipe, **said).for_data(data, said)


def _fit(
    trainer: Trainer,
    recipe: Recipe,
    train: datasets.Split,
    held_out: datasets.Split,
    options: argparse.Namespace,
) -> Progress:
    """Run the recipe, from the start or from its checkpoint."""
    settings = {
        "seed": options.seed,
        "data": fingerprint(train),
        "batch_size": recipe.batch_size,
        "schedule": repr(trainer.optimizer.schedule),
    }
    if options.workers > 1:  # their number decides the last bits
        settings["workers"] = options.workers
    bar = TrainingBar(recipe.epochs, recipe.steps_per_epoch(len(train)))
    with Run(bar, options.checkpoint, settings, options.every) as run:
        return recipe.fit(
            trainer,
            train,
            held_out,
            options.seed,
            progress=run.begin(trainer, options.resume),
            on_step=run.on_step,
            on_epoch=run.on_epoch,
            workers=options.workers,
        )


def _say_how_to_go_on(options: argparse.Namespace) -> int:
    if options.checkpoint is None:
        print("\nStopped; nothing is kept. With --checkpoint DIR it would be.", file=sys.stderr)
    else:
        print("\nStopped. The same command with --resume goes on from here.", file=sys.stderr)
    return 130


if __name__ == "__main__":
    sys.exit(main())
