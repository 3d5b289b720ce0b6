"""Arrays as pictures that a page can show: PNGs in data URLs, grey unless the input has colour.

A byte `v` of such a picture stands for ``min + v / 255 · (max - min)``.
"""

import base64
import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.floating[Any]]

Sprite = dict[str, Any]
"""A picture as the API writes it: a data URL, and what its bytes stand for."""

# Feature maps hardly compress; more effort only takes time.
COMPRESSION = 2


def data_url(pixels: NDArray[np.uint8]) -> str:
    """Encode grey pixels (H, W) or colours (H, W, 3) as a PNG data URL."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=COMPRESSION)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def ink(values: NDArray[np.float32]) -> str:
    """Show an input of the network (H, W) or (H, W, 3): 0 is black, 1 is white."""
    return data_url(np.rint(values * 255).astype(np.uint8))


def picture(values: Array, low: float, high: float) -> Sprite:
    """Show an array (H, W) or (H, W, 3) between two numbers that bound it."""
    steps = 255 / (high - low) if high > low else 0.0
    pixels = np.rint((values - low) * steps).astype(np.uint8)
    return {"image": data_url(pixels), "min": low, "max": high}


def maps(values: Array) -> Sprite:
    """Show feature maps (H, W, C) as tiles of one picture, or a vector (F,) as one row.

    Of other arrays the last axis has the maps, too: (L, C) are maps of one column.
    """
    if values.ndim == 1:
        values = values[np.newaxis, :, np.newaxis]  # (1, F, 1)
    values = values.reshape(values.shape[0], -1, values.shape[-1])
    height, width, count = values.shape
    columns = math.isqrt(count - 1) + 1
    rows = -(-count // columns)
    low, high = rounded(float(values.min())), rounded(float(values.max()))
    sheet = np.full((rows * columns, height, width), low, np.float64)
    sheet[:count] = np.clip(values, low, high).transpose(2, 0, 1)
    tiled = sheet.reshape(rows, columns, height, width).transpose(0, 2, 1, 3)
    shown = picture(tiled.reshape(rows * height, columns * width), low, high)
    tiles = {"count": count, "columns": columns, "rows": rows, "tile": [height, width]}
    return shown | tiles


def rounded(value: float) -> float:
    """Keep six significant digits of a number."""
    return float(f"{value:.6g}")
