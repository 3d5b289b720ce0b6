"""The paper of a drawing: it has one colour, which the border tells. What differs from it is ink.

No photo has paper as even as that; where the finder has to look for the ink, this says so.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.images.types import Grey, Ink
from server.preprocessing.filters import bounding_box, box_blur, local_max, local_min, reduce_by

# Paper and ink are told apart on a copy of at most this many pixels a side.
_SMALL_SIDE = 192

CLEAN = 0.01
"""The paper of a drawing leaves no more than this part of the ink's contrast, ..."""

SCANNED = 0.12
"""(of a small scan, this part,) ..."""

# ... its ink takes up no more than this part of the border, ...
_MOST_INK_ON_BORDER = 0.35

# ... and is not as soft as a shadow: its least change from pixel to pixel, of its contrast.
_SOFTEST_INK = 0.06

# From here on ink counts as sharp: softer pictures are small ones, enlarged.
_SHARP_INK = 0.45

# The paper has the colour of more of the border than this, or that of the corners.
_LEAST_MAJORITY = 0.65


def drawn_on_paper(grey: Grey, unevenness: float = CLEAN) -> Ink | None:
    """Take the paper of a drawing away, and decide which of dark and light is the ink.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)
    unevenness : float
        What the paper may leave, as a part of the ink's contrast.

    Returns
    -------
    ndarray of float32, shape (H, W), or None
        About 0 on paper and positive on ink, as a part of full brightness; not yet scaled to the
        strength of the ink. None if this is no drawing on clean paper.
    """
    small = reduce_by(grey, -(-max(grey.shape) // _SMALL_SIDE))
    level = border_level(small)
    deviation = box_blur(level - small.astype(np.float32), 1)
    if not deviation.any() or not _is_drawing(np.abs(deviation), unevenness):
        return None
    sign = 1 if deviation.max() >= -deviation.min() else -1
    return (np.float32(level) - grey.astype(np.float32)) * np.float32(sign / 255)


def border_level(grey: Grey) -> float:
    """Brightness of the paper where it meets the border: ink that reaches it does not count.

    Where a digit fills the picture, ink may take up half of the border, but seldom the corners.
    """
    border = _border(grey)
    middle = (float(grey.min()) + float(grey.max())) / 2
    lighter = border > middle
    share = np.count_nonzero(lighter) / lighter.size
    if 1 - _LEAST_MAJORITY < share < _LEAST_MAJORITY:
        of_corners = (grey[[0, 0, -1, -1], [0, -1, 0, -1]] > middle).mean()
        share = share if of_corners == 0.5 else of_corners
    return float(np.median(border[lighter == (share > 0.5)]))


def _border(values: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])


def _is_drawing(contrast: Ink, unevenness: float) -> bool:
    """Tell whether what stands out from the paper is ink, and the paper is clean."""
    contrast = contrast / contrast.max()
    ink = contrast > 0.5
    if _border(ink).mean() > _MOST_INK_ON_BORDER:
        return False
    box = bounding_box(ink, margin=1)
    outline = ink[box] & ~local_min(ink[box], 3)
    steps = (local_max(contrast[box], 3) - local_min(contrast[box], 3))[outline]
    softness = float(np.median(steps)) if len(steps) else 0.0
    return softness >= _SOFTEST_INK and _unevenness(contrast, ink, softness) < unevenness


def _unevenness(contrast: Ink, ink: NDArray[np.bool_], softness: float) -> float:
    """What stays on the paper away from the ink, as a part of the contrast."""
    side = max(contrast.shape)
    reach = min(max(side // 16, math.ceil(1.5 / softness)), side // 8)
    paper = contrast[~local_max(ink, 3 + 2 * reach)]
    share = 0.02 if softness > _SHARP_INK else 0.1  # of the paper, that may stand out
    if np.count_nonzero(paper) <= share * max(paper.size - 1, 0):
        return 0.0  # as in most drawings; and there `quantile` is slow
    return float(np.quantile(paper, 1 - share))
