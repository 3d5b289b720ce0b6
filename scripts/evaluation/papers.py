"""How well whole pages are read: numbers on every paper and device that the project composes."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from scripts.clients.local import LocalReader
from scripts.evaluation.real import distance
from scripts.synthesis.lines.papers import Page, draw_page
from scripts.synthesis.material import Material


@dataclass(frozen=True)
class PaperScore:
    """How the pages of one kind were read.

    Attributes
    ----------
    kind : str
    pages : int
    digits : float
        Share of the pages whose digits are all right.
    text : float
        Share of the pages that read as they are written, with signs, gaps and lines.
    order : float
        1 less the edit distance over the digits that are there, on the average.
    """

    kind: str
    pages: int
    digits: float
    text: float
    order: float


def draw_pages(kind: str, count: int, seed: int, writers: Material) -> Iterator[Page]:
    """Draw pages of one kind; the same seed gives the same ones."""
    rng = np.random.default_rng((seed, zlib.crc32(kind.encode())))
    return (draw_page(kind, rng, writers) for _ in range(count))


def score(kind: str, pages: Iterable[Page], reader: LocalReader) -> PaperScore:
    """Read pages of one kind."""
    answers = [(page.text, _read(page, reader)) for page in pages]
    digits = [(_digits(text), _digits(read)) for text, read in answers]
    return PaperScore(
        kind,
        len(answers),
        _share(there == read for there, read in digits),
        _share(text == read for text, read in answers),
        _share(max(0.0, 1 - distance(read, there) / max(len(there), 1)) for there, read in digits),
    )


def table(scores: Iterable[PaperScore]) -> list[str]:
    """Return the rows of a table in Markdown."""
    rows = [
        "| composed papers | pages | digits right | text as written | digits in order |",
        "| --- | --- | --- | --- | --- |",
    ]
    return rows + [
        f"| {s.kind} | {s.pages:,} | {s.digits:.1%} | {s.text:.1%} | {s.order:.1%} |"
        for s in scores
    ]


def _read(page: Page, reader: LocalReader) -> str:
    file = io.BytesIO()
    Image.fromarray(page.grey).save(file, "PNG")
    try:
        return str(reader(file.getvalue(), "read")["text"])
    except ValueError:  # nothing was found
        return ""


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _share(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
