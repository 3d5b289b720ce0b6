"""Paper and light out of a picture: what is left is how much darker than its paper each pixel is.

A drawing has one paper colour, which its border tells. A photo has shadows, vignettes and grain;
`server.preprocessing.illumination` takes care of those.
"""

import math
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.images.types import Grey, Ink
from server.preprocessing.connected_components import find_components
from server.preprocessing.filters import bounding_box, box_blur, local_max, local_min, reduce_by
from server.preprocessing.illumination import SMALL_SIDE, THICKEST_STROKE, remove_uneven_paper

# Paper of one colour leaves no more than this part of the ink's contrast, ...
_MOST_UNEVENNESS = 0.12

# or, where paper is a drawing's and not a photo's, of this part, ...
_CLEAN = 0.01

# ... ink takes up no more than this part of the border, where a shadow or a table may, ...
_MOST_INK_ON_BORDER = 0.35

# ... it is not as soft as a shadow (change from pixel to pixel as a part of its contrast), ...
_SOFTEST_INK = 0.12

# ... and its outline is nowhere softer than this part of where it is sharp.
_LEAST_EVENNESS = 0.25

# The paper has the colour of more of the border than this, or that of the corners.
_LEAST_MAJORITY = 0.65

# From here on ink counts as sharp: softer pictures are small ones, enlarged.
_SHARP_INK = 0.45


def remove_background(grey: Grey) -> Ink:
    """Take away the paper and decide which of dark and light is the ink.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)

    Returns
    -------
    ndarray of float32, shape (H, W)
        About 0 on paper and positive on ink, as a part of the brightness of the paper; not yet
        scaled to the strength of the ink. 0 everywhere if there is nothing but paper and shadows.
    """
    small = reduce_by(grey, -(-max(grey.shape) // SMALL_SIDE))
    level = border_level(small)
    deviation = box_blur(level - small.astype(np.float32), 1)
    if not deviation.any():
        return np.zeros(grey.shape, dtype=np.float32)
    drawing = _Drawing(deviation)
    if not drawing.is_on_even_paper:
        strength = remove_uneven_paper(grey)
        if strength is not None:
            return strength
        if not drawing.may_be_ink:
            return np.zeros(grey.shape, dtype=np.float32)
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


def _upper_quantile(values: Ink, share: float) -> float:
    """Return what `share` of the values (N,), none below 0, exceed; 0 if there are none."""
    if np.count_nonzero(values) <= share * max(values.size - 1, 0):
        return 0.0  # as in drawings; and there `quantile` is slow, as on all values that are equal
    return float(np.quantile(values, 1 - share))


class _Drawing:
    """What stands out from the level of the border, on a small copy of the picture.

    It is described only as far as it is asked for: most drawings are on clean paper, and then
    neither the evenness of their outline nor their thickness counts.

    Parameters
    ----------
    deviation : ndarray of float32, shape (H, W)
        From the level of the border; some of it is not 0.
    """

    def __init__(self, deviation: Ink) -> None:
        self._contrast = np.abs(deviation)
        self._contrast /= self._contrast.max()
        self._ink = self._contrast > 0.5
        self._box = bounding_box(self._ink, margin=1)
        ink, contrast = self._ink[self._box], self._contrast[self._box]
        self._outline = ink & ~local_min(ink, 3)
        steps = local_max(contrast, 3) - local_min(contrast, 3)
        self._steps = steps[self._outline]

    @cached_property
    def on_border(self) -> float:
        """The part of the border that it takes up."""
        return float(_border(self._ink).mean())

    @cached_property
    def softness(self) -> float:
        """Change from pixel to pixel where it ends, as a part of its contrast: the median."""
        return float(np.median(self._steps))

    @cached_property
    def evenness(self) -> float:
        """The change where it ends softest, a tenth, over that where it ends sharpest, another."""
        softest, sharpest = np.percentile(self._steps, (10, 90))
        return float(softest / sharpest)

    @cached_property
    def unevenness(self) -> float:
        """What stays on the paper, as a part of the contrast."""
        side = max(self._contrast.shape)
        reach = min(max(side // 16, math.ceil(1.5 / self.softness)), side // 8)
        paper = self._contrast[~local_max(self._ink, 3 + 2 * reach)]
        share = 0.02 if self.softness > _SHARP_INK else 0.1  # of the paper, that may stand out
        return _upper_quantile(paper, share)

    @cached_property
    def is_blob(self) -> bool:
        """Whether it is too thick for strokes of a pen."""
        parts = find_components(self._ink[self._box])
        areas, blobs = parts.areas(), parts.thickness(self._outline) > THICKEST_STROKE
        return bool(areas[blobs].sum() > 0.1 * areas.sum())

    @property
    def is_on_even_paper(self) -> bool:
        """Whether it is ink, and all of the paper has the colour of the border.

        Ink may be as soft as enlarging makes it, but it is then soft all around; unless the paper
        is cleaner than any in a photo, where ink may fade and nothing is a shadow.
        """
        return self.may_be_ink and (self.is_clean or self._looks_even)

    @property
    def _looks_even(self) -> bool:
        return (
            self.softness >= _SOFTEST_INK
            and self.evenness >= _LEAST_EVENNESS
            and self.unevenness <= _MOST_UNEVENNESS
        )

    @property
    def may_be_ink(self) -> bool:
        """Whether it could be ink at all, however blurred; on clean paper, a blob of it too."""
        return (
            len(self._steps) > 0
            and self.on_border <= _MOST_INK_ON_BORDER
            and self.softness >= _SOFTEST_INK / 2
            and (self.is_clean or not self.is_blob)
        )

    @property
    def is_clean(self) -> bool:
        """Whether the paper is that of a drawing: no photo has any that is as even."""
        return self.unevenness < _CLEAN
