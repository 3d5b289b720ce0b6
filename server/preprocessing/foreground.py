"""The ink of a drawing on clean paper, and nothing else: no paper, no specks, no lines."""

import numpy as np
from numpy.typing import NDArray

from server.budget import check
from server.images.errors import BlankImage
from server.images.types import Grey, Ink, Mask
from server.preprocessing.background import CLEAN, drawn_on_paper
from server.preprocessing.connected_components import (
    Components,
    Indices,
    count_runs,
    find_components,
)
from server.preprocessing.filters import local_max

# Shape (P,): at the pixels of some components.
Strengths = NDArray[np.float32]

# Where ink begins, as a part of the strength of full ink.
INK_THRESHOLD = 0.2

# The faintest ink told from paper, as a part of full brightness.
_LEAST_CONTRAST = 0.03

# What is left out of a drawing is smaller than this part of what is kept.
_SPECK = 0.15

# What belongs to a drawing, by its amount of ink against the heaviest part: anywhere, and within
# the heaviest part's box, widened by this part of its size.
_LEAST_PART = 0.1
_LEAST_PART_NEAR = 0.01
_NEAR = 0.15

# Fainter parts, against the heaviest one's mean strength, are what is left of shadows.
_LEAST_DENSITY = 0.5

# A page full of digits has a third of these runs of pixels; what has more is texture.
_MOST_RUNS = 60_000

# Among several drawings, a thin one stands next to a bold one, and faint ones next to dark ones.
_LEAST_DRAWING = 0.03
_LEAST_DENSITY_OF_SEVERAL = 0.25


def locate_ink(grey: Grey, several: bool = False, unevenness: float = CLEAN) -> Ink | None:
    """Find what is drawn: specks and paper are 0, full ink is 1, soft edges are kept.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)
    several : bool
        Whether to look for several drawings of about the same height, rather than for one.
    unevenness : float
        What the paper may leave, as a part of the ink's contrast.

    Returns
    -------
    ndarray of float32, shape (H, W), or None
        None if this is no drawing on clean paper, or more than specks would be left out: then the
        finder has to look for its ink.

    Raises
    ------
    BlankImage
        If nothing is drawn in the picture.
    """
    strength = drawn_on_paper(grey, unevenness)
    if strength is None:
        return None
    strongest = float(strength.max())
    if strongest < _LEAST_CONTRAST:
        raise BlankImage("nothing is drawn in the picture")
    # A speck may be much stronger than the ink: look low for the drawing, then measure its ink.
    floor = max(_LEAST_CONTRAST, 0.15 * strongest)
    inked = strength > floor
    if count_runs(inked) > _MOST_RUNS:
        return None
    parts = find_components(inked)
    check()
    strengths = parts.under(strength)
    full = _full_strength(parts, strengths)
    if INK_THRESHOLD * full > floor:
        parts = find_components(strength > INK_THRESHOLD * full)
        strengths = parts.under(strength)
    check()
    kept = (_is_drawing if several else _belongs_to_drawing)(parts, strengths)
    sides = parts.sides()
    if sides[~kept].max(initial=0) > _SPECK * sides[kept].max():
        return None
    return _scaled(strength, parts, kept, full)


def _scaled(strength: Ink, parts: Components, kept: Mask, full: float) -> Ink:
    """Scale to 1 at the strength `full`; 0 away from the kept parts."""
    boxes = parts.boxes[kept]
    first, last = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    # How far beyond the threshold the soft edge of a stroke can reach, in pixels.
    reach = 1 + int((last - first).max()) // 20
    box = tuple(map(slice, np.maximum(first - reach, 0), last + reach))
    near = local_max(parts.mask(kept)[box], 1 + 2 * reach)
    ink = np.zeros_like(strength)
    np.copyto(ink[box], np.clip(strength[box] / np.float32(full), 0, 1), where=near)
    return ink


def _full_strength(parts: Components, strengths: Strengths) -> float:
    """Strength of full ink: what the upper quarter of the heaviest part's ink exceeds."""
    ink = strengths[parts.owners == parts.sums(strengths**2).argmax()]
    ink = ink[ink > 0.5 * ink.max()]
    return float(np.partition(ink, 3 * ink.size // 4)[3 * ink.size // 4])


def _belongs_to_drawing(parts: Components, strengths: Strengths) -> Mask:
    """Tell which parts belong to the drawing: not specks, shadows or lines across the picture."""
    weights, boxes = parts.sums(strengths**2), parts.boxes
    lines = _crosses_picture(boxes, parts.shape)
    if weights[~lines].sum() > _LEAST_PART * weights[lines].sum():
        weights[lines] = 0
    heaviest = weights.argmax()
    top, left, bottom, right = boxes[heaviest]
    reach = _NEAR * max(bottom - top, right - left)
    inside = (boxes[:, :2] >= (top - reach, left - reach)).all(axis=1)
    inside &= (boxes[:, 2:] <= (bottom + reach, right + reach)).all(axis=1)
    least = np.where(inside, _LEAST_PART_NEAR, _LEAST_PART) * weights[heaviest]
    density = parts.sums(strengths) / parts.areas()
    return np.asarray((weights >= least) & (density >= _LEAST_DENSITY * density[heaviest]))


def _is_drawing(parts: Components, strengths: Strengths) -> Mask:
    """Tell which parts are drawings of their own or pieces of one, where there may be several.

    The heaviest part may be many drawings that touch: it counts by what is in a square of it.
    """
    weights, boxes = parts.sums(strengths**2), parts.boxes
    # A line has one run of pixels in each of its rows; a row of drawings has many.
    runs = np.bincount(parts.labels) / (boxes[:, 2] - boxes[:, 0])
    lines = _crosses_picture(boxes, parts.shape) & (runs < 2)
    if weights[~lines].sum() > _LEAST_PART * weights[lines].sum():
        weights[lines] = 0
    height, width = np.moveaxis(boxes[:, 2:] - boxes[:, :2], 0, 1)
    heaviest = (weights / np.maximum(1, width / height)).argmax()
    least = _LEAST_DRAWING * weights[heaviest] / max(1.0, width[heaviest] / height[heaviest])
    density = parts.sums(strengths) / parts.areas()
    faintest = _LEAST_DENSITY_OF_SEVERAL * density[heaviest]
    return np.asarray((weights >= least) & (density >= faintest))


def _crosses_picture(boxes: Indices, shape: tuple[int, int]) -> Mask:
    """Tell which parts run from border to border along the picture: ruled lines, edges of a sheet.

    Across a wide strip runs many a digit, so the shorter side of one does not count.
    """
    crosses = (boxes[:, :2] == 0) & (boxes[:, 2:] == shape)
    return np.asarray((crosses & (np.array(shape) > 0.8 * max(shape))).any(axis=1))
