"""Train the finder: for every pixel of a picture, whether it is ground, writing or other ink.

It learns from scenes that `scripts/synthesis/scenes/` composes, and sees the whole picture by
dilated convolutions (Yu and Koltun, "Multi-scale context aggregation by dilated convolutions",
ICLR 2016) at a quarter of its resolution. Each place there answers for its 4 x 4 pixels, as in Shi
et al., "Real-time single image and video super-resolution using an efficient sub-pixel
convolutional neural network", CVPR 2016.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from convnet.arrays import Array, Shape
from convnet.layers import BatchNorm, Conv2D, Layer, ReLU, Reshape
from convnet.losses import PixelCrossEntropy
from convnet.network import Sequential
from convnet.optimizers import AdamW
from convnet.optimizers.schedules import OneCycle
from convnet.training.batches import to_float
from convnet.training.trainer import Trainer
from convnet.weights import load
from scripts.recipe.drawn import draw_once
from scripts.synthesis.lines.looks import draw_looks
from scripts.synthesis.material import Material
from scripts.synthesis.scenes.board import CLASSES
from scripts.synthesis.scenes.compose import SIDE
from scripts.synthesis.scenes.dataset import Scenes, draw_scenes
from scripts.training.run import Run
from server.finding.finder import WEIGHTS
from server.finding.planes import PLANES, planes

VERSION = "1"

STEP = 4
"""Pixels, down and across, that one place of the output answers for."""


@dataclass(frozen=True)
class FinderRecipe:
    """Everything that was chosen.

    Attributes
    ----------
    scenes, held_out : int
        Scenes to train on, and to choose by.
    pages : bool
        Whether they are squares of pages of numbers instead.
    start : str, optional
        Shipped weights that training goes on from.
    channels : int
        Filters of each dilated convolution.
    dilations : tuple of int
    weights : tuple of float
        How much a pixel of each class counts in the loss.
    average : float
        Decay of the moving average of the weights.
    """

    seed: int = 0
    scenes: int = 60_000
    held_out: int = 1_000
    channels: int = 48
    dilations: tuple[int, ...] = (1, 2, 4, 8, 4, 2, 1)
    epochs: int = 3
    batch_size: int = 16
    learning_rate: float = 3e-3
    weight_decay: float = 0.02
    weights: tuple[float, ...] = (1.0, 2.0, 1.5)
    average: float = 0.999
    pages: bool = False
    start: str | None = None

    @property
    def steps_per_epoch(self) -> int:
        """Batches in one pass over the scenes."""
        return -(-self.scenes // self.batch_size)


PAGES = FinderRecipe(
    scenes=24_000, epochs=2, learning_rate=1e-3, average=0.998, pages=True, start=WEIGHTS.name
)
"""Goes on from the finder of single digits: for pages of numbers, cells, boxes and captions."""


def finder(shape: Shape, recipe: FinderRecipe) -> list[Layer]:
    """Return the layers for pictures of `shape` (H, W), both multiples of `STEP`."""
    height, width = shape
    return [
        *_normalised(16, stride=2),
        *_normalised(24),
        *_normalised(recipe.channels, stride=2),
        *(layer for d in recipe.dilations for layer in _normalised(recipe.channels, dilation=d)),
        *_normalised(64, side=1),
        Conv2D(STEP * STEP * len(CLASSES), 1),
        Reshape((height // STEP, width // STEP, STEP * STEP, len(CLASSES))),
    ]


def _normalised(filters: int, side: int = 3, stride: int = 1, dilation: int = 1) -> list[Layer]:
    convolution = Conv2D(
        filters, side, stride=stride, padding="same", dilation=dilation, use_bias=False
    )
    return [convolution, BatchNorm(), ReLU()]


def make_trainer(recipe: FinderRecipe) -> Trainer:
    """Return an untrained finder with all that trains it."""
    rng = np.random.default_rng(recipe.seed)
    shape = (SIDE, SIDE, PLANES)
    if recipe.start is None:
        network = Sequential(finder(shape[:2], recipe), shape, rng=rng, name="finder")
    else:
        network = load(WEIGHTS.with_name(recipe.start))
    steps = recipe.epochs * recipe.steps_per_epoch
    rate = OneCycle(recipe.learning_rate, steps, pct_start=0.2)
    return Trainer(
        network,
        PixelCrossEntropy(recipe.weights),
        AdamW(rate, weight_decay=recipe.weight_decay),
        average=recipe.average,
        count_correct=count_correct,
    )


def gather(recipe: FinderRecipe, material: Material, folder: Path) -> tuple[Scenes, Scenes]:
    """Draw the scenes to train on and to choose by, or read those of an earlier run."""
    what, draw = ("pages", draw_looks) if recipe.pages else ("scenes", draw_scenes)
    scenes, held_out = (
        Scenes(**draw_once(what, draw, count, seed, material, folder))
        for count, seed in ((recipe.scenes, recipe.seed), (recipe.held_out, recipe.seed + 1_000))
    )
    return scenes, held_out


def train(
    recipe: FinderRecipe, scenes: Scenes, held_out: Scenes, trainer: Trainer, run: Run, resume: bool
) -> None:
    """Run the training, from the start or from where `run`'s checkpoint stands."""
    trainer.fit(
        scenes.greys,
        blocks(scenes.truths),
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        rng=np.random.default_rng((recipe.seed, 1)),
        augment=augment,
        validation=(planes(to_float(held_out.greys)), blocks(held_out.truths)),
        progress=run.begin(trainer, resume),
        on_step=run.on_step,
        on_epoch=run.on_epoch,
    )


def describe(recipe: FinderRecipe, network: Sequential, held_out: Scenes) -> None:
    """Measure the held-out scenes; put what should travel with the weights into metadata."""
    network.metadata |= {
        "version": VERSION,
        "classes": list(CLASSES),
        "training": {"recipe": "page-finder" if recipe.pages else "finder", **asdict(recipe)},
        "held_out": {"overlap": overlaps(network, held_out)},
    }


def overlaps(network: Sequential, scenes: Scenes, block: int = 50) -> dict[str, float]:
    """Return, for each class, the pixels found and there over the pixels found or there."""
    counts = np.zeros((len(CLASSES), len(CLASSES)))
    truths = blocks(scenes.truths)
    for start in range(0, len(truths), block):
        part = slice(start, start + block)
        found = network.forward(planes(to_float(scenes.greys[part]))).argmax(axis=-1)
        known = truths[part] >= 0
        np.add.at(counts, (truths[part][known], found[known]), 1)
    both = counts.diagonal()
    either = counts.sum(axis=0) + counts.sum(axis=1) - both
    return {
        name: round(float(share), 4)
        for name, share in zip(CLASSES, both / np.maximum(either, 1), strict=True)
    }


def count_correct(outputs: Array, truths: np.ndarray) -> int:
    """Count pictures, each for as much as its known pixels that are right are of them."""
    known = truths >= 0
    right = (outputs.argmax(axis=-1) == truths) & known
    return round(len(outputs) * np.count_nonzero(right) / max(np.count_nonzero(known), 1))


def blocks(truths: np.ndarray) -> np.ndarray:
    """Bring truths (N, H, W) into the order of the output: (N, H / STEP, W / STEP, STEP**2)."""
    count, height, width = truths.shape
    split = truths.reshape(count, height // STEP, STEP, width // STEP, STEP)
    return split.transpose(0, 1, 3, 2, 4).reshape(count, height // STEP, width // STEP, STEP**2)


def augment(pictures: Array, rng: np.random.Generator) -> Array:
    """Invert some of the pictures (N, H, W), change their tones, give what the finder sees."""
    inverted = rng.random(len(pictures)) < 0.3
    pictures = np.where(inverted[:, None, None], 1 - pictures, pictures)
    gamma = rng.uniform(0.6, 1.6, (len(pictures), 1, 1)).astype(np.float32)
    return planes(np.maximum(pictures, np.float32(1e-3)) ** gamma)
