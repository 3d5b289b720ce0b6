"""Pictures of few pixels, as old scanners made them: each pixel is seen as the blur that it was.

A collection of digits of 8x8 or 16x16 pixels leaves no margin, is sent as it is or with every pixel
repeated to a square, and its squares look like strokes with corners. The squares are undone, and
what is small is enlarged smoothly, with paper around it.
"""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from server.images.types import Grey
from server.preprocessing.background import border_level

# Pictures with fewer pixels a side are enlarged, to this many at least.
_FEW = 24
_ENOUGH = 64

# An enlarged picture had so many edges between rows or columns at most, in both together at least
# (else it may be bars), and its pixels are now as wide as this at least.
_MOST_EDGES = 31
_FEWEST_EDGES = 8
_LEAST_SQUARE = 3

# Cut out digits are on small pictures, of whose border this part is ink and that part is paper
# without a shade. (Ruled lines meet less of it.)
_LARGEST_CUT = 640
_LEAST_CUT = 0.05
_LEAST_CLEAN = 0.1

# Scans have this part of one grey: paper. A camera sees none that is so even.
_LEAST_BLANK = 0.1

# Rows and columns that are looked at before all are.
_PROBES = 8


def refine(grey: Grey) -> tuple[Grey, bool]:
    """Undo what repeated each pixel, enlarge what has few, put paper around a digit cut out.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)

    Returns
    -------
    ndarray of uint8, shape (H', W')
        `grey` itself, if nothing of that applies.
    bool
        Whether it is a scan, as of an old collection: few pixels, or blank paper around them.
    """
    fine = _undo_repetition(grey)
    if max(fine.shape) < _FEW:
        fine = _enlarge(_framed(fine, 1))
    is_scan = fine is not grey
    if _is_cut_out(fine):
        is_scan |= bool((fine == _paper(fine)).mean() > _LEAST_BLANK)
        fine = _framed(fine, max(fine.shape) // 4)
    return fine, is_scan


def _enlarge(grey: Grey) -> Grey:
    factor = math.ceil(_ENOUGH / max(grey.shape))
    size = grey.shape[1] * factor, grey.shape[0] * factor
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC))


def _framed(grey: Grey, width: int) -> Grey:
    return np.pad(grey, width, constant_values=_paper(grey))


def _paper(grey: Grey) -> int:
    """Return the grey of paper that no ink has blurred, as far as it meets the border."""
    border = _around(grey)
    is_light = 2 * border_level(grey) > float(grey.max()) + float(grey.min())
    return int(border.max() if is_light else border.min())


def _is_cut_out(grey: Grey) -> bool:
    """Whether much ink meets the border of a small clean picture, as of a digit cut out."""
    if max(grey.shape) > _LARGEST_CUT:
        return False
    border = _around(grey)
    least = 0.3 * (float(grey.max()) - float(grey.min()))
    if float(border.max()) - float(border.min()) <= least:
        return False  # as in most drawings
    contrast = np.abs(border - np.float32(_paper(grey)))
    ink = contrast > least
    strokes = np.count_nonzero(ink & ~np.roll(ink, 1))  # light that fades makes one
    clean = contrast <= 2
    clean &= np.roll(clean, 1) & np.roll(clean, 2)  # unlike grain
    return bool(ink.mean() >= _LEAST_CUT and clean.mean() >= _LEAST_CLEAN and strokes > 1)


def _around(grey: Grey) -> Grey:
    """Return the pixels of the border, once around: strokes that meet it are runs of them."""
    return np.concatenate([grey[0], grey[1:, -1], grey[-1, -2::-1], grey[-2:0:-1, 0]])


def _undo_repetition(grey: Grey) -> Grey:
    """Take one pixel of each square, if the picture is made of equal squares of one grey each."""
    if max(len(_edges(part)) for part in (_few_columns(grey), _few_columns(grey.T))) > _MOST_EDGES:
        return grey
    edges = _edges(grey), _edges(grey.T)
    longest, most = max(grey.shape), max(map(len, edges))
    if most > _MOST_EDGES or len(edges[0]) + len(edges[1]) < _FEWEST_EDGES:
        return grey
    for squares in range(most + 1, min(_MOST_EDGES + 1, longest // _LEAST_SQUARE) + 1):
        counts = [round(side * squares / longest) for side in grey.shape]
        if all(map(_fit, edges, grey.shape, counts)):
            return grey[np.ix_(*map(_middles, grey.shape, counts))]
    return grey


def _few_columns(grey: Grey) -> Grey:
    return grey[:, :: -(-grey.shape[1] // _PROBES)]


def _edges(grey: Grey) -> NDArray[np.intp]:
    """Find the rows that differ from the row before."""
    return np.flatnonzero((grey[1:] != grey[:-1]).any(axis=1)) + 1


def _fit(edges: NDArray[np.intp], side: int, count: int) -> bool:
    """Tell whether edges lie where `count` equal parts of a side meet, rounded to pixels."""
    if count <= len(edges):
        return False
    meeting = np.rint(edges * (count / side)) * (side / count)
    return bool((np.abs(edges - meeting) < 1).all())


def _middles(side: int, count: int) -> NDArray[np.intp]:
    """Return the pixels in the middles of `count` equal parts of a side."""
    return ((np.arange(count) + 0.5) * (side / count)).astype(np.intp)
