"""The ink that was found in a picture, shown in it."""

from __future__ import annotations

import numpy as np
from PIL import Image

from server.explanation.sprites import data_url
from server.finding.prepare import Located

LONGEST_SIDE = 160

INK_COLOUR = (194, 65, 12)


def shown_ink(located: Located) -> str:
    """Draw a picture pale, and the ink that was found in it in colour: a data URL.

    Of a photo only the part is shown in which the digit was found.
    """
    height, width = located.picture.shape
    scale = min(1.0, LONGEST_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture, ink = (
        np.asarray(Image.fromarray(part).resize(size, Image.Resampling.BOX), np.float32)
        for part in (located.picture, located.ink)
    )
    pale = (128 + picture / 2)[..., np.newaxis]
    strength = np.clip(ink, 0, 1)[..., np.newaxis]
    shown = pale + (np.array(INK_COLOUR, np.float32) - pale) * strength
    return data_url(np.rint(shown).astype(np.uint8))
