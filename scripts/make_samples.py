#!/usr/bin/env python3
"""Draw sheets of generated pictures, for people to look at; docs/images keeps them.

    python scripts/make_samples.py
    python scripts/make_samples.py --out /tmp/sheets --seed 3 handwriting photos
    python scripts/make_samples.py --speed 500      # pictures a second of every source

No sheet shows MNIST digits.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.training.environment import use_environment

use_environment()

import numpy as np
from PIL import Image

from convnet import datasets
from scripts.synthesis import standins
from scripts.synthesis.dataset import KINDS, training_set
from scripts.synthesis.lines.dataset import draw_lines
from scripts.synthesis.lines.looks import draw_looks
from scripts.synthesis.material import Material
from scripts.synthesis.scenes.board import OTHER, WRITING
from scripts.synthesis.scenes.compose import KINDS as SCENES
from scripts.synthesis.scenes.compose import draw_scene
from scripts.synthesis.sources import SOURCES
from scripts.training.options import positive_int, require_writable_folder
from server.handwriting import ink, pens, strokes, templates

CELL = 64
GROUND = 128
Rng = np.random.Generator


def grid(
    pictures: Sequence[Image.Image], columns: int, cell: int = CELL, height: int | None = None
) -> Image.Image:
    """Lay pictures out in rows, each shrunk to fit its cell, a square unless told otherwise."""
    rows, height = -(-len(pictures) // columns), height or cell
    sheet = Image.new("RGB", (columns * cell, rows * height), (GROUND,) * 3)
    for index, picture in enumerate(pictures):
        small = picture.convert("RGBA")
        small.thumbnail((cell - 4, cell - 4))
        at = (index % columns) * cell + 2, (index // columns) * height + 2
        sheet.paste(small, at, small)
    return sheet


def template_sheet(rng: Rng, name: str = "digits.txt") -> Image.Image:
    """Every template, unchanged and drawn by a steady hand."""
    return grid([_template(t, rng) for t in templates.load(name)], 18)


def _template(template: templates.Template, rng: Rng) -> Image.Image:
    pen = pens.Pen(0.08)
    lines = strokes.write(template, strokes.Hand(), rng)
    pixels, pen_px = ink.fit(lines, (6, 6, CELL - 16, CELL - 16), pen)
    return Image.fromarray(255 - ink.draw(pixels, pen, pen_px, (CELL - 4, CELL - 4), rng))


def source_sheet(kind: str) -> Callable[[Rng], Image.Image]:
    """Pictures of one source, in the order of their labels."""

    def draw(rng: Rng) -> Image.Image:
        stream = SOURCES[kind](rng, Material())
        pictures = sorted((next(stream) for _ in range(216)), key=lambda picture: picture.label)
        return grid([Image.fromarray(picture.grey) for picture in pictures], 18)

    return draw


def input_sheet(rng: Rng) -> Image.Image:
    """Network inputs from all sources that need no MNIST, in the order of their labels."""
    samples = training_set(600, rng)
    order = np.argsort(samples.labels, kind="stable")
    return grid([Image.fromarray(samples.images[i]) for i in order], 30, cell=32)


def standin_sheet(rng: Rng) -> Image.Image:
    """Two rows of every stand-in set."""
    sets = [standins.make_set(name, 36, rng) for name in standins.KINDS]
    files = [file for one in sets for file in one.files]
    return grid([Image.open(io.BytesIO(file)) for file in files], 18)


def writers_sheet(rng: Rng) -> Image.Image:
    """Every stand-in writer's ten digits, one writer a row."""
    look = standins.writers.Look(160, 0.92, 0.08)
    recordings = sorted(standins.writers.recordings().items())
    smooth = [[standins.writers.cut_corners(s / 100) for s in lines] for _, lines in recordings]
    return grid([standins.writers.show(lines, look, rng) for lines in smooth], 10)


def scene_sheet(rng: Rng) -> Image.Image:
    """A row of scenes of each kind, and below it their truth: writing red, other ink blue."""
    cells: list[Image.Image] = []
    for kind in SCENES:
        scenes = [draw_scene(rng, kind=kind) for _ in range(10)]
        cells += [Image.fromarray(scene.grey) for scene in scenes]
        cells += [_truth(scene.grey, scene.truth) for scene in scenes]
    return grid(cells, 10, cell=100)


def look_sheet(rng: Rng) -> Image.Image:
    """Squares of pages as the finder sees them, and below them their truth."""
    looks = draw_looks(50, int(rng.integers(2**31)), Material(), workers=1)
    cells: list[Image.Image] = []
    for start in range(0, 50, 10):
        greys, truths = (part[start : start + 10] for part in looks)
        cells += [Image.fromarray(grey) for grey in greys]
        cells += [_truth(*pair) for pair in zip(greys, truths, strict=True)]
    return grid(cells, 10, cell=100)


def _truth(grey: np.ndarray, truth: np.ndarray) -> Image.Image:
    shown = np.repeat(grey[..., None] // 2 + 128, 3, axis=2)
    shown[truth == WRITING] = (200, 0, 0)
    shown[truth == OTHER] = (0, 0, 200)
    return Image.fromarray(shown)


def line_sheet(rng: Rng) -> Image.Image:
    """Lines as the line reader gets them: of invented hands, printed, and of displays."""
    lines = draw_lines(80, int(rng.integers(2**31)), Material())
    return grid([Image.fromarray(frame) for frame in lines.frames], 5, cell=196, height=36)


SHEETS: dict[str, Callable[[Rng], Image.Image]] = {
    "templates": template_sheet,
    "signs": lambda rng: template_sheet(rng, "signs.txt"),
    "handwriting": source_sheet("handwriting"),
    "printed": source_sheet("printed"),
    "nondigits": source_sheet("nondigits"),
    "photos": source_sheet("photos"),
    "cutouts": source_sheet("cutouts"),
    "empties": source_sheet("empties"),
    "scenes": scene_sheet,
    "looks": look_sheet,
    "lines": line_sheet,
    "inputs": input_sheet,
    "standins": standin_sheet,
    "writers": writers_sheet,
}


def print_speed(count: int) -> None:
    """Print how many training samples of each kind one core makes in a second."""
    material = _mnist()
    for kind in KINDS:
        if material.allows(kind):
            training_set(9, np.random.default_rng(0), {kind: 1.0}, material)  # opens the fonts
            start = time.process_time()
            training_set(count, np.random.default_rng(1), {kind: 1.0}, material)
            print(f"{kind:12} {count / (time.process_time() - start):6.0f} pictures/s")


def _mnist() -> Material:
    try:
        train = datasets.load_mnist().train
    except (FileNotFoundError, datasets.DatasetError):
        return Material()
    return Material(train.images, train.labels)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parse(argv)
    if options.speed:
        print_speed(options.speed)
        return 0
    try:
        write_sheets(options.sheets or list(SHEETS), options.out, options.seed)
    except OSError as error:
        print(f"make_samples.py: {error}", file=sys.stderr)
        return 1
    return 0


def write_sheets(names: Sequence[str], folder: Path, seed: int) -> None:
    """Write the sheets that are asked for.

    Raises
    ------
    OSError
        If they cannot be written into `folder`.
    """
    require_writable_folder(folder)
    for name in names:
        file = folder / f"{name}.png"
        sheet = SHEETS[name](np.random.default_rng(seed))
        sheet.quantize(160).save(file, optimize=True)
        print(f"{file} {sheet.width} x {sheet.height}")


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sheets", nargs="*", metavar="SHEET",
                        help=f"among {', '.join(SHEETS)} (default: all)")  # fmt: skip
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", metavar="DIR",
                        help="where the sheets go (default docs/images)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, metavar="S",
                        help="of everything random (default 0)")  # fmt: skip
    parser.add_argument("--speed", type=positive_int, metavar="N",
                        help="write no sheet: draw N of each kind and time it")  # fmt: skip
    options = parser.parse_args(argv)
    unknown = [name for name in options.sheets if name not in SHEETS]
    if unknown:
        parser.error(f"no such sheet: {', '.join(unknown)}; there are {', '.join(SHEETS)}")
    return options


if __name__ == "__main__":
    raise SystemExit(main())
