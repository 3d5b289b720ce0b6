"""Drawing by the thousand: work is cut into chunks with a generator each, shared by processes.

So what is drawn depends on the seed alone, and not on how many processes there are.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np

from scripts.synthesis.material import Material

Arrays = tuple[np.ndarray, ...]

DrawChunk = Callable[[int, np.random.Generator, Material], Any]
"""Draws so many things from material: a tuple of arrays, one row for each."""


def draw_in_chunks(
    draw: DrawChunk,
    count: int,
    rng: np.random.Generator,
    material: Material,
    *,
    chunk: int,
    workers: int = 1,
) -> Arrays:
    """Draw `count` things and put the arrays of all chunks together.

    Parameters
    ----------
    draw : callable
        A function of a module, for it is sent to other processes.
    count : int
    rng : Generator
        Each chunk's generator is spawned from it.
    material : Material
    chunk : int
        How many things are drawn with one generator.
    workers : int
        Processes that share the work.
    """
    sizes = [min(chunk, count - start) for start in range(0, count, chunk)]
    jobs = list(zip([draw] * len(sizes), sizes, rng.spawn(len(sizes)), strict=True))
    if workers == 1:
        _prepare(material)
        return _concatenate([_do(job) for job in jobs])
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _prepare, (material,)) as pool:
        return _concatenate(list(pool.map(_do, jobs)))


_material = Material()  # of this process: set once, so that it is not sent along with every chunk


def _prepare(material: Material) -> None:
    global _material
    _material = material


def _do(job: tuple[DrawChunk, int, np.random.Generator]) -> Arrays:
    draw, count, rng = job
    return tuple(draw(count, rng, _material))


def _concatenate(chunks: list[Arrays]) -> Arrays:
    return tuple(np.concatenate(parts) for parts in zip(*chunks, strict=True))
