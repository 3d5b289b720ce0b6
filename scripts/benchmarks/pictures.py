"""How long decoding and preprocessing of a picture take.

A drawing as the page sends it, and a photo of 12 megapixels as a phone takes it.
"""

from __future__ import annotations

import io
from functools import partial
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from scripts.benchmarks.bench import Bench
from scripts.benchmarks.clock import stopwatch
from scripts.benchmarks.service.pictures import canvas_pictures
from scripts.benchmarks.table import milliseconds, table
from scripts.synthesis.pages import photos
from scripts.synthesis.pages.geometry import crop
from server.finding.prepare import preprocess
from server.images.decode import read_picture
from server.malloc import set_up_malloc

PHOTO = (4000, 3000)
# Several pictures of a kind, because the work depends on where the ink is.
COUNT = 3

Record = dict[str, Any]


def measure(bench: Bench) -> list[Record]:
    """Return seconds, medians over calls and then over pictures, for each kind of picture."""
    set_up_malloc()  # as the service does
    drawings = canvas_pictures(COUNT)
    rng = np.random.default_rng(0)
    kinds = {
        "a drawing, PNG": drawings,
        "a photo, JPEG": [_photo(drawing, rng) for drawing in drawings],
    }
    return [_measure(kind, files, bench.effort.seconds) for kind, files in kinds.items()]


def _measure(kind: str, files: list[bytes], seconds: float) -> Record:
    decoding, preprocessing = [], []
    for file in files:
        picture = read_picture(file)
        decoding.append(median(stopwatch(partial(read_picture, file), seconds)))
        preprocessing.append(median(stopwatch(partial(preprocess, picture.pixels), seconds)))
    size = f"{picture.width} × {picture.height}"
    return {
        "kind": kind,
        "size": size,
        "decoding": median(decoding),
        "preprocessing": median(preprocessing),
    }


def _photo(drawing: bytes, rng: np.random.Generator) -> bytes:
    """Photograph a drawing."""
    ink = 255 - np.asarray(Image.open(io.BytesIO(drawing)))
    file = io.BytesIO()
    Image.fromarray(photos.photograph(crop(ink), rng, PHOTO)).save(file, "JPEG", quality=85)
    return file.getvalue()


def show(records: list[Record]) -> str:
    """Lay the records out as a table."""
    rows = [
        [
            record["kind"],
            record["size"],
            milliseconds(record["decoding"]),
            milliseconds(record["preprocessing"]),
        ]
        for record in records
    ]
    header = ("picture", "size", "decoding, ms", "preprocessing, ms")
    return table("Pictures on their way to the network, one core", header, rows)
