"""Train the line reader: a line of digits and signs in, a text out, by one network and CTC.

The line is cut nowhere. Convolutions that shrink the height to one row leave a row of columns,
each of which answers with a character or none (`convnet.ctc`). As no layer knows how long a line
is, what is learnt on short ones is true of long ones.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from convnet.arrays import Array
from convnet.ctc.decoding import best_path
from convnet.ctc.loss import CTC
from convnet.layers import BatchNorm, Conv2D, Layer, ReLU, Reshape
from convnet.network import Sequential
from convnet.optimizers import AdamW
from convnet.optimizers.schedules import OneCycle
from convnet.training.batches import to_float, with_channel
from convnet.training.trainer import Trainer
from convnet.weights import load
from scripts.recipe.drawn import draw_once
from scripts.synthesis.lines.dataset import NOTHING, LineSet, draw_lines
from scripts.synthesis.lines.form import WIDTH
from scripts.synthesis.lines.found import draw_found
from scripts.synthesis.lines.texts import ALPHABET
from scripts.synthesis.material import Material
from scripts.training.run import Run
from server.segmentation.line_form import HEIGHT
from server.segmentation.line_reader import WEIGHTS

VERSION = "2"


@dataclass(frozen=True)
class LineRecipe:
    """Everything that was chosen.

    Attributes
    ----------
    lines, held_out : int
        Lines to train on, and to choose by.
    found : int
        Words to train on besides, as the service finds them on pages.
    start : str, optional
        Shipped weights that training goes on from.
    average : float
        Decay of the moving average of the weights.
    """

    seed: int = 0
    lines: int = 200_000
    held_out: int = 3_000
    epochs: int = 3
    batch_size: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    average: float = 0.999
    found: int = 0
    start: str | None = None

    @property
    def steps_per_epoch(self) -> int:
        """Batches in one pass over the lines."""
        return -(-(self.lines + self.found) // self.batch_size)


TUNING = LineRecipe(lines=40_000, found=14_000, epochs=2, learning_rate=3e-4, start=WEIGHTS.name)
"""Goes on from the shipped line reader: for when what finds the ink changes."""


def line_reader() -> list[Layer]:
    """Return the layers: 32 rows become one, two columns of pixels one column of answers."""
    return [
        *_normalised(16, 3),
        *_normalised(32, 3, 2),
        *_normalised(32, 3),
        *_normalised(48, 3, (2, 1)),
        *_normalised(64, 3, (2, 1)),
        *_normalised(64, 3),
        *_normalised(128, (4, 3), (4, 1)),
        *_normalised(128, (1, 5)),
        *_normalised(128, (1, 5)),
        Conv2D(1 + len(ALPHABET), 1),
        Reshape((-1, 1 + len(ALPHABET))),
    ]


def _normalised(
    filters: int, side: int | tuple[int, int], stride: int | tuple[int, int] = 1
) -> list[Layer]:
    convolution = Conv2D(filters, side, stride=stride, padding="same", use_bias=False)
    return [convolution, BatchNorm(), ReLU()]


def make_trainer(recipe: LineRecipe) -> Trainer:
    """Return an untrained line reader with all that trains it."""
    rng = np.random.default_rng(recipe.seed)
    if recipe.start is None:
        network = Sequential(line_reader(), (HEIGHT, WIDTH, 1), rng=rng, name="lines")
    else:
        network = load(WEIGHTS.with_name(recipe.start))
    steps = recipe.epochs * recipe.steps_per_epoch
    rate = OneCycle(recipe.learning_rate, steps, pct_start=0.2)
    optimizer = AdamW(rate, weight_decay=recipe.weight_decay)
    return Trainer(network, CTC(), optimizer, average=recipe.average, count_correct=count_correct)


def gather(recipe: LineRecipe, material: Material, folder: Path) -> tuple[LineSet, LineSet]:
    """Draw the lines to train on and to choose by, or read those of an earlier run."""
    lines, held_out = (
        LineSet(**draw_once("lines", draw_lines, count, seed, material, folder))
        for count, seed in ((recipe.lines, recipe.seed), (recipe.held_out, recipe.seed + 1_000))
    )
    if recipe.found:
        found = draw_once("words", draw_found, recipe.found, recipe.seed, material, folder)
        both = zip(lines, LineSet(**found), strict=True)
        lines = LineSet(*(np.concatenate(parts) for parts in both))
    return lines, held_out


def train(
    recipe: LineRecipe, lines: LineSet, held_out: LineSet, trainer: Trainer, run: Run, resume: bool
) -> None:
    """Run the training, from the start or from where `run`'s checkpoint stands."""
    trainer.fit(
        lines.frames,
        lines.labels,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        rng=np.random.default_rng((recipe.seed, 1)),
        augment=augment,
        validation=(held_out.frames, held_out.labels),
        progress=run.begin(trainer, resume),
        on_step=run.on_step,
        on_epoch=run.on_epoch,
    )


def describe(recipe: LineRecipe, network: Sequential, held_out: LineSet) -> None:
    """Measure the held-out lines; put what should travel with the weights into metadata."""
    right = 0
    for start in range(0, len(held_out.frames), 100):
        part = slice(start, start + 100)
        outputs = network.forward(with_channel(to_float(held_out.frames[part])))
        right += count_correct(outputs, held_out.labels[part])
    network.metadata |= {
        "version": VERSION,
        "alphabet": ALPHABET,
        "training": {
            "recipe": "lines" if recipe.start is None else "lines-tuned",
            **asdict(recipe),
        },
        "held_out": {"lines": right / len(held_out.frames)},
    }


def count_correct(outputs: Array, labels: np.ndarray) -> int:
    """Count the lines that are read as they are, by the best path."""
    return sum(
        best_path(scores) == tuple(row[row != NOTHING].tolist())
        for scores, row in zip(outputs, labels, strict=True)
    )


def augment(frames: Array, rng: np.random.Generator) -> Array:
    """Change the tones of frames (N, H, W); leave bits of rulings, and gaps where they were."""
    gamma = rng.uniform(0.6, 1.6, (len(frames), 1, 1)).astype(np.float32)
    frames = frames**gamma
    for number in np.flatnonzero(rng.random(len(frames)) < 0.3):
        for _ in range(int(rng.integers(1, 4))):
            long, short = int(rng.integers(2, 40)), int(rng.integers(1, 3))
            height, width = (short, long) if rng.random() < 0.7 else (min(long, HEIGHT - 1), short)
            row, column = rng.integers(0, HEIGHT - height), rng.integers(0, WIDTH - width)
            place = frames[number, row : row + height, column : column + width]
            if rng.random() < 0.5:
                place *= np.float32(rng.uniform(0, 0.6))
            else:
                np.maximum(place, np.float32(rng.uniform(0.1, 0.5)), out=place)
    return frames
