"""The paper of a photo, with its shadows, found and taken away.

A grey-scale closing [1]_ fills dark strokes that are narrower than its window and leaves wider
changes of light as they are, sharp edges of shadows too. How wide the strokes are is not known
beforehand: several windows are tried in both polarities, and that one is taken whose ink looks
most like strokes of a pen, which end sharply, where shadows fade out or are blobs.

.. [1] Serra, "Image Analysis and Mathematical Morphology", Academic Press, 1982.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from PIL import Image

from server.images.types import Grey, Ink, Mask
from server.preprocessing.connected_components import find_components
from server.preprocessing.filters import box_blur, local_max, local_min, reduce_by, reduce_to_min

# The paper is estimated on a copy of at most this many pixels a side.
SMALL_SIDE = 192

# Mean width of a stroke as a part of the size of what it draws: a disc has 0.5.
THICKEST_STROKE = 0.4

# Windows of the closing, as parts of the longer side of the picture. Wider ones fill thicker
# strokes, narrower ones follow sharper changes of light.
_WINDOWS = (1 / 16, 1 / 8, 1 / 4, 1 / 2)

# The faintest ink: levels of grey, and multiples of what is typical of paper with its grain.
_LEAST_CONTRAST = 10.0
_LEAST_SIGNAL = 4.0

# The smallest drawing, in pixels of the small copy; grain makes strokes of three or four.
_SMALLEST_DRAWING = 5
_LEAST_OUTLINE = 12

# A narrower window is taken when it scores this part of the best.
_NEARLY = 0.8

# How much the next wider window may add to a stroke where it is thick.
_MOST_GROWTH = 1.5

# Ink in shadow counts as if in light, but grain in the dark is not raised further than this.
_MOST_LIGHTENING = 3.0

# Light that even the blackest ink sends back: keeps ratios sane where the paper is dark.
_BLACK = 16.0


def remove_uneven_paper(grey: Grey) -> Ink | None:
    """Take away paper and shadows in the polarity that leaves the better strokes.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)

    Returns
    -------
    ndarray of float32, shape (H, W), or None
        Strength of the ink as in `server.preprocessing.background.remove_background`; None if
        nothing in the picture looks like a stroke.
    """
    sides = [(grey, _guess_papers(grey, True)), (255 - grey, _guess_papers(255 - grey, False))]
    most = max(guess.typical_ink for _, guesses in sides for guess in guesses)
    chosen = [(side, *_best_guess(guesses, most)) for side, guesses in sides]
    side, guess, score = max(chosen, key=lambda choice: choice[2])
    if score < _LEAST_OUTLINE or most < _LEAST_CONTRAST:
        return None
    size = (grey.shape[1], grey.shape[0])
    paper = np.asarray(Image.fromarray(guess.paper).resize(size, Image.Resampling.BILINEAR))
    strength = 1 - (side.astype(np.float32) + np.float32(_BLACK)) / paper
    strength -= np.median(strength[strength < 0.5 * strength.max()])
    faint = 0.2 * guess.typical_ink
    shade = np.asarray(Image.fromarray(guess.shade(most, faint)).resize(size))
    return np.asarray(
        np.where(shade, 0, np.minimum(strength, np.maximum(strength - faint / 255, 0))),
        dtype=np.float32,
    )


@dataclass(frozen=True)
class _Guess:
    """A guess at the paper under dark ink, on a small copy of the picture.

    Attributes
    ----------
    paper : ndarray of float32, shape (h, w)
        Its brightness.
    darkest : ndarray of float32, shape (h, w)
        Brightness of the darkest pixel that each pixel of the copy stands for.
    ink_is_dark : bool
        False if the picture has been inverted.
    """

    paper: Ink
    darkest: Ink
    ink_is_dark: bool

    @cached_property
    def contrast(self) -> Ink:
        """Of paper to ink, as if the paper were as bright everywhere as where it is brightest."""
        if not self.ink_is_dark:
            return np.asarray(self.paper - self.darkest)
        lightening = np.clip(np.percentile(self.paper, 95) / self.paper, 1, _MOST_LIGHTENING)
        return np.asarray((self.paper - self.darkest) * lightening, dtype=np.float32)

    @cached_property
    def typical_ink(self) -> float:
        """Contrast that few pixels exceed: of ink, even of a little, rather than of a speck."""
        few = min(max(8, self.paper.size // 500), self.paper.size)
        return float(np.partition(self.contrast, -few, axis=None)[-few])

    def threshold(self, most: float) -> float:
        """Contrast of certain ink, if the strongest of any guess is `most`."""
        return max(0.5 * self.typical_ink, 0.3 * most)

    def strokes(self, threshold: float) -> tuple[Mask, int]:
        """Find what looks like strokes above `threshold`; score how much outline they have.

        Strokes are thinner than long, and end within a pixel of the small copy, at the paper.
        Shadows do not, and neither does the rim of a stroke that the closing has not filled.
        """
        mask = self.contrast > threshold
        outline = mask & ~local_min(mask, 3)
        step = local_max(self.darkest, 3) - self.darkest
        sharp = outline & (step > 0.5 * threshold) & (self.contrast > 0.7 * step)
        if self.typical_ink < _LEAST_SIGNAL * np.median(self.contrast):
            return np.zeros_like(mask), 0
        parts = find_components(mask)
        scores = parts.sums(2 * parts.under(sharp) - parts.under(outline))
        strokes = (parts.thickness(outline) < THICKEST_STROKE) & (scores > 0)
        strokes &= parts.sides() >= _SMALLEST_DRAWING
        return parts.mask(strokes), int(scores[strokes].sum())

    def shade(self, most: float, faint: float) -> Mask:
        """Find what is darker than the paper by more than `faint` but no part of a stroke."""
        certain = local_max(self.strokes(self.threshold(most))[0], 5)
        return (self.contrast > faint) & ~self.strokes(faint)[0] & ~certain


def _guess_papers(grey: Grey, ink_is_dark: bool) -> list[_Guess]:
    """Guess the paper under dark ink with every window, narrow to wide."""
    longest = max(grey.shape)
    pool = 2 if longest > SMALL_SIDE else 1
    copy = reduce_by(grey, -(-longest // (pool * SMALL_SIDE)))
    darkest = reduce_to_min(copy, pool).astype(np.float32) + np.float32(_BLACK)
    light = box_blur(reduce_by(copy, pool).astype(np.float32) + np.float32(_BLACK), 1)
    windows = [max(3, round(part * max(light.shape))) for part in _WINDOWS]
    return [_Guess(_close(light, window), darkest, ink_is_dark) for window in windows]


def _close(light: Ink, window: int) -> Ink:
    """Fill what is darker and narrower than the window, and smooth what the square leaves."""
    padded = np.pad(light, window, mode="edge")
    closed = local_min(local_max(padded, window), window)[window:-window, window:-window]
    return box_blur(closed, window // 4)


def _best_guess(guesses: list[_Guess], most: float) -> tuple[_Guess, int]:
    """Take the narrowest window that leaves nearly the best strokes; tell its score as well.

    Where strokes meet they may be wider than the window: ink that the next window adds to the
    strokes counts, if it does not add much.
    """
    found = [guess.strokes(guess.threshold(most)) for guess in guesses]
    best = max(score for _, score in found)
    index = next(i for i, (_, score) in enumerate(found) if score >= _NEARLY * best)
    wider = min(index + 1, len(guesses) - 1)
    strokes, score = found[index]
    parts = find_components(found[wider][0])
    known = parts.sums(parts.under(strokes))
    ink = strokes | parts.mask((known > 0) & (parts.areas() < _MOST_GROWTH * known))
    guess = guesses[index]
    paper = np.where(ink, np.maximum(guess.paper, guesses[wider].paper), guess.paper)
    return _Guess(paper, guess.darkest, guess.ink_is_dark), score
