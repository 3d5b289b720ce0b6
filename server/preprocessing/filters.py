"""Windows that slide over a picture: maximum, minimum, mean; smaller copies; the box of a mask."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from server.images.types import Grey, Ink

Values = TypeVar("Values", np.bool_, np.uint8, np.float32)


def local_max(values: NDArray[Values], window: int) -> NDArray[Values]:
    """Maximum over a centred square of `window` pixels a side, the border repeated.

    The window is grown by doubling, so the time depends on it by its logarithm.
    """
    for _ in range(2):
        values = _max_of_rows(values, window).T
    return values


def local_min(values: NDArray[Values], window: int) -> NDArray[Values]:
    """Minimum over a centred square of `window` pixels a side, the border repeated."""
    # An even window is off-centre; mirrored, a minimum undoes the shift of a maximum.
    negative: Any = np.invert if values.dtype == np.bool_ else np.negative
    mirrored = negative(values[::-1, ::-1])
    return np.asarray(negative(local_max(mirrored, window)[::-1, ::-1]))


def _max_of_rows(values: NDArray[Values], window: int) -> NDArray[Values]:
    before = window // 2
    padded = _repeat_edges(values, before, window - 1 - before)
    width = 1
    while width < window:
        step = min(width, window - width)
        padded = np.maximum(padded[:-step], padded[step:])
        width += step
    return padded


def _repeat_edges(values: NDArray[Values], above: int, below: int) -> NDArray[Values]:
    """Repeat the first and the last row so many times."""
    return np.concatenate([*[values[:1]] * above, values, *[values[-1:]] * below])


def box_blur(values: Ink, radius: int) -> Ink:
    """Mean over a square of 2 `radius` + 1 pixels a side, the border repeated.

    The sums are grown by doubling, as the window of `local_max` is.
    """
    if radius < 1:
        return values
    for _ in range(2):
        values = _mean_of_rows(values, radius).T
    return values


def _mean_of_rows(values: Ink, radius: int) -> Ink:
    window = 2 * radius + 1
    # Sums over `width` rows, a power of two; in float64, which leaves no rounding to be seen.
    doubled = _repeat_edges(values, radius, radius).astype(np.float64)
    sums, summed, width = doubled[: len(values)], 1, 1
    while summed < window:
        doubled, width = doubled[:-width] + doubled[width:], 2 * width
        if window & width:
            sums = sums + doubled[summed : summed + len(values)]
            summed += width
    return np.asarray((sums / window).astype(np.float32))


def reduce_by(grey: Grey, factor: int) -> Grey:
    """Average blocks of `factor` x `factor` pixels of a uint8 picture; cut blocks at the end."""
    return grey if factor == 1 else np.asarray(Image.fromarray(grey).reduce(factor))


def reduce_to_min(grey: Grey, factor: int) -> Grey:
    """Take the minimum of blocks of `factor` x `factor` pixels; cut blocks at the end."""
    rows, columns = (np.arange(0, side, factor) for side in grey.shape)
    return np.minimum.reduceat(np.minimum.reduceat(grey, rows, axis=0), columns, axis=1)


def bounding_box(mask: NDArray[Any], margin: int = 0) -> tuple[slice, slice]:
    """Return the rows and the columns that hold all of a mask (H, W) of which some is not 0.

    With a margin, so many more on each side, as far as there are any.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, bottom, left, right = (int(places[end]) for places in (rows, columns) for end in (0, -1))
    return (
        slice(max(top - margin, 0), bottom + 1 + margin),
        slice(max(left - margin, 0), right + 1 + margin),
    )
