"""Walls between digits: a gap that a wall of a form stands in is no gap between numbers."""

from server.images.types import Mask
from server.segmentation.text_lines import Box

# A wall takes this part of the height of a gap at least; the teeth of a comb are low.
_LEAST_HEIGHT = 0.3


def has_wall(other: Mask, gap: Box) -> bool:
    """Tell whether a wall stands in a gap.

    Parameters
    ----------
    other : ndarray of bool, shape (H, W)
        Where walls, rulings and the like are.
    gap : (x, y, width, height)
        Between two characters of a line, from its highest to its lowest row.
    """
    x, y, width, height = gap
    part = other[y : y + height, x : x + width]
    if not part.size:
        return False
    return bool(part.any(axis=1).mean() >= _LEAST_HEIGHT)
