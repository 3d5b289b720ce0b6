"""What a recipe learns from: drawn once, and read again by later runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from convnet.storage.npz import ArrayFile, save_arrays
from scripts.synthesis.material import Material

_LARGEST_FILE = 1 << 32  # bytes, unpacked

Draw = Callable[[int, int, Material], Any]
"""Draws so many things with a seed from material: a named tuple of arrays."""


def draw_once(
    what: str, draw: Draw, count: int, seed: int, material: Material, folder: Path
) -> dict[str, np.ndarray]:
    """Draw so many things, or read those that an earlier run left in `folder`.

    Parameters
    ----------
    what : str
        What they are, in the plural: for the name of the file, and to be shown.
    draw : callable
    count, seed : int
    material : Material
        What was made from other material is not read.
    folder : Path
    """
    file = folder / f"{what}-{count}-{seed}-{material.fingerprint('recorded'):08x}.npz"
    if not file.exists():
        print(f"drawing {count:,} {what} …", flush=True)
        save_arrays(file, draw(count, seed, material)._asdict())
    return ArrayFile(file, limit=_LARGEST_FILE).read_all()
