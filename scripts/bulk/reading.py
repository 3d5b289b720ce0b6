"""A chunk in, its rows out: what every core, here or in a cluster, does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import convnet
from scripts.bulk import small_png
from scripts.bulk.chunks import Chunk
from scripts.bulk.containers import Options, Unreadable
from scripts.bulk.mnist_form import in_form
from scripts.bulk.output import Row, encode
from server.config import Config
from server.images.decode import read_picture
from server.images.errors import ImageError
from server.input_form import MNIST, MNIST_SHAPE
from server.pipeline import Pipeline
from server.problems import Problem
from server.recognizer import Reading, Recognizer

BLOCK = 128
"""Inputs that go through the network at once: what is fastest for many."""

KILLER = "reading this picture ended the process that did it"


@dataclass(frozen=True)
class Job:
    """What is done with every chunk.

    Attributes
    ----------
    model, sha256 : str
        The network, and the digest of its file: another one elsewhere is refused.
    read : bool
        Whether pictures show whole numbers.
    form : str
        ``"csv"`` or ``"parquet"``.
    options : Options
    config : Config
        Limits of pictures.
    """

    model: str
    sha256: str | None
    read: bool
    form: str
    options: Options
    config: Config


@dataclass(frozen=True)
class Part:
    """The rows of a chunk, encoded.

    Attributes
    ----------
    data : bytes
    rows, errors : int
    """

    data: bytes
    rows: int
    errors: int


def work(job: Job, chunk: Chunk) -> Part:
    """Read a chunk."""
    convnet.set_threads(1)  # a process has one core
    rows = list(rows_of(job, chunk))
    return Part(encode(rows, job.form, job.read), len(rows), sum(bool(row[-1]) for row in rows))


def rows_of(job: Job, chunk: Chunk) -> Iterator[Row]:
    """Yield a row for each picture of a chunk, in order."""
    pipeline = _pipeline(job)
    named = list(_sources(job, chunk))
    names = [name for name, _ in named]
    sources = [source for _, source in named]
    rows = _texts(pipeline, sources) if job.read else _digits(pipeline, sources)
    yield from ((name, *row) for name, row in zip(names, rows, strict=True))


@lru_cache(maxsize=2)
def _pipeline(job: Job) -> Pipeline:
    recognizer = Recognizer.load(job.model)
    if recognizer.sha256 != job.sha256:
        raise ValueError(f"{job.model} here is not the network that the job began with")
    pipeline = Pipeline(recognizer, job.config)
    # A large picture waits for its turn, and takes, as long as it takes: no row depends on how fast
    # or how busy the machine is.
    pipeline.limits = replace(pipeline.limits, wait_seconds=3600)
    pipeline.picture_milliseconds = pipeline.read_milliseconds = 0
    return pipeline


def _sources(job: Job, chunk: Chunk) -> Iterator[tuple[str, Any]]:
    for place, (name, source) in enumerate(chunk.items(job.options)):
        yield name, Unreadable(KILLER) if place in chunk.deadly else source


def _digits(pipeline: Pipeline, sources: list[Any]) -> list[tuple[Any, ...]]:
    """Return label, confidence, verdict and error of pictures of one digit each."""
    recognizer = pipeline.recognizer
    inputs = [_input(pipeline, source) for source in sources]
    _finish_small(recognizer, inputs)
    good = [place for place, made in enumerate(inputs) if not isinstance(made, str)]
    rows: list[tuple[Any, ...]] = [(None, None, None, made) for made in inputs]
    if good:
        stack = np.stack([inputs[place] for place in good])
        for place, reading in zip(good, recognizer.recognize(stack, BLOCK), strict=True):
            rows[place] = _row(reading, recognizer.classes.are_digits)
    return rows


def _input(pipeline: Pipeline, source: Any) -> Any:
    """Return the input of one picture, what is wrong with it, or its pixels if they are few."""
    form = pipeline.recognizer.form
    try:
        if isinstance(source, Unreadable):
            raise source
        grey = source if isinstance(source, np.ndarray) else small_png.pixels_of(source)
        if grey is not None:
            pixels = form.to_pixels(grey, None)
        else:
            pixels = read_picture(source, pipeline.limits, form.to_pixels).pixels
        small = form.name == MNIST and pixels.shape == MNIST_SHAPE[:2]
        return pixels if small else form.prepare(pixels)
    except ImageError as error:
        return error.detail
    except Exception as error:
        return str(error) or type(error).__name__


def _finish_small(recognizer: Recognizer, inputs: list[Any]) -> None:
    """Put inputs in the place of pixels: of those in MNIST's form already, all at once."""
    if recognizer.form.name != MNIST:
        return
    places = [i for i, made in enumerate(inputs) if getattr(made, "dtype", None) == np.uint8]
    if not places:
        return
    stack, good = in_form(np.stack([inputs[place] for place in places]))
    for place, ink, is_good in zip(places, stack, good, strict=True):
        try:
            inputs[place] = ink if is_good else recognizer.form.prepare(inputs[place])
        except ImageError as error:
            inputs[place] = error.detail


def _row(reading: Reading, digits: bool) -> tuple[Any, ...]:
    kind = "digit" if digits else "class"
    verdict = "none" if reading.best is None else kind
    return reading.digit if digits else reading.label, reading.confidence, verdict, None


def _texts(pipeline: Pipeline, sources: list[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield text, confidence (of the least certain character) and error of pictures of numbers."""
    for source in sources:
        try:
            if isinstance(source, Unreadable):
                raise source
            result = pipeline.read(_encoded(source))
        except Problem as problem:
            yield None, None, problem.detail
        except Exception as error:
            yield None, None, str(error) or type(error).__name__
        else:
            assert result.text is not None, "`read` always gives one"
            least = min((c.probability for c in result.text), default=None)
            yield str(result.text), None if least is None else round(float(least), 6), None


def _encoded(source: bytes | NDArray[np.uint8]) -> bytes:
    if isinstance(source, bytes):
        return source
    file = BytesIO()
    Image.fromarray(np.ascontiguousarray(source)).save(file, "PNG")
    return file.getvalue()
