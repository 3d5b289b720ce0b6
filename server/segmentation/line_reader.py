"""Reading a line at once: a network gives each column a character or none, CTC makes it a text.

A network of convolutions slides along the line, as LeNet-5's space displacement network did [1]_.
It was trained with connectionist temporal classification [2]_ (`convnet.ctc`), which also tells
which columns each character of the text takes.

.. [1] LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition",
   section VII, Proceedings of the IEEE, 1998.
.. [2] Graves, Fernández, Gomez, Schmidhuber, "Connectionist temporal classification", ICML 2006.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convnet.ctc.decoding import Labels, align, beam_search
from convnet.inference.served_network import InferenceNetwork
from convnet.weights import load, with_input_shape
from server.budget import check
from server.images.types import Ink
from server.preprocessing.filters import bounding_box
from server.preprocessing.foreground import INK_THRESHOLD
from server.segmentation.line_form import HEIGHT, Frame, frame_width, to_frame
from server.segmentation.text_lines import Box

DIGITS = "0123456789"
SPACE, UNKNOWN = " ", "?"

ALPHABETS = {"all": None, "digits": DIGITS}
"""What a line may be made of, by the name of the option; None is all that the network knows."""

WEIGHTS = Path(__file__).with_name("lines.npz")

RARITY = {**dict.fromkeys(DIGITS + SPACE, 0.0), ".": 0.5, ",": 0.5}
"""By how much the log-odds of a character are lower than in the lines that were trained on, half of
which had signs; of all other signs by 2. Chosen on real numbers (docs/experiments.md)."""

_BEAM = 8

_STEP = 2  # columns of a frame to one of the network's output

# The network is made for these widths, and runs over wider frames in windows of the last.
_WIDTHS = (64, 128)

# Columns on each side that a place of its output depends on: 20, and a few more.
_CONTEXT = 24

_LONGEST = 2048


@dataclass(frozen=True)
class Character:
    """One character of a line.

    Attributes
    ----------
    text : str
        A digit, a sign, or "?" for anything else.
    probability : float
        That it is this character, of all that the network knows.
    digits : ndarray of float64, shape (10,)
        Which digit it is, if it is one.
    box : (x, y, width, height)
        In pixels of the line's ink.
    """

    text: str
    probability: float
    digits: np.ndarray
    box: Box

    @property
    def is_digit(self) -> bool:
        """Whether it is a digit."""
        return self.text in DIGITS


class LineReader:
    """Reads lines of digits and signs.

    Parameters
    ----------
    file : path
        Of its weights; by default those that are shipped.
    """

    def __init__(self, file: str | os.PathLike[str] = WEIGHTS) -> None:
        self._network = load(file)
        self.alphabet = str(self._network.metadata["alphabet"])
        # Between two characters alike, what is rarer where people write numbers is less likely.
        rare = [0.0, *(RARITY.get(character, 2.0) for character in self.alphabet)]
        self._rarity = np.array(rare, np.float32)
        self._of_width = lru_cache(maxsize=len(_WIDTHS))(self._make)

    def _make(self, width: int) -> InferenceNetwork:
        return InferenceNetwork(with_input_shape(self._network, (HEIGHT, width, 1)))

    def read(self, ink: Ink, only: str | None = None) -> list[Character] | None:
        """Read a line.

        Parameters
        ----------
        ink : ndarray of float32, shape (H, W)
            Ink 1, all else 0; no other lines.
        only : str, optional
            Characters that there may be; by default all that the network knows.

        Returns
        -------
        list of Character, or None
            None if it is no line of writing: there is no ink, or it is far too long and low.
        """
        if frame_width(ink) > _LONGEST:
            return None
        frame = to_frame(ink)
        if frame is None:
            return None
        logits = self.logits(frame) - self._rarity
        if only is not None:
            allowed = np.array([True, *(character in only for character in self.alphabet)])
            logits = np.where(allowed, logits, np.float32(-1e4))
        probabilities = _softmax(logits)
        best = beam_search(probabilities, _BEAM)[0].labels
        # The column where each character is surest: CTC's characters are hardly wider than that.
        columns = [
            frames[int(probabilities[frames, label].argmax())]
            for label, frames in zip(best, align(logits, best), strict=True)
        ]
        middles = [frame.to_ink((column + 0.5) * _STEP) for column in columns]
        return [
            self._character(label, probabilities[column], box)
            for label, column, box in zip(
                best, columns, self._boxes(ink, best, middles), strict=True
            )
        ]

    def _boxes(self, ink: Ink, labels: Labels, middles: list[float]) -> list[Box]:
        """Cut the ink between characters where there is least of it; a gap has none."""
        is_gap = [self.alphabet[label - 1] == SPACE for label in labels]
        inked = [middle for middle, gap in zip(middles, is_gap, strict=True) if not gap]
        boxes = iter(_between(ink, inked))
        return [
            (round(middle), 0, 0, 0) if gap else next(boxes)
            for middle, gap in zip(middles, is_gap, strict=True)
        ]

    def logits(self, frame: Frame) -> np.ndarray:
        """Return the scores (T, K) of a frame's columns: the blank, then the alphabet."""
        width, widest = frame.pixels.shape[1], _WIDTHS[-1]
        if width <= widest:
            return self._window(frame.pixels, min(w for w in _WIDTHS if w >= width))
        kept = widest - 2 * _CONTEXT
        found = []
        for start in range(0, width, kept):
            check()
            left = max(0, start - _CONTEXT)
            logits = self._window(frame.pixels[:, left : left + widest], widest)
            found.append(logits[(start - left) // _STEP :][: kept // _STEP])
        return np.concatenate(found)

    def _window(self, pixels: NDArray[np.float32], width: int) -> np.ndarray:
        """Return the scores of columns (HEIGHT, W), with nothing behind them up to a width."""
        whole = np.zeros((1, HEIGHT, width, 1), np.float32)
        whole[0, :, : pixels.shape[1], 0] = pixels
        return np.asarray(self._of_width(width).logits(whole)[0])

    def _character(self, label: int, probabilities: np.ndarray, box: Box) -> Character:
        places = [1 + self.alphabet.index(digit) for digit in DIGITS]
        digits = probabilities[places].astype(np.float64)
        return Character(
            self.alphabet[label - 1],
            float(probabilities[label]),
            digits / max(float(digits.sum()), 1e-12),
            box,
        )


def unknown(ink: Ink) -> Character:
    """Return what stands for the ink of a line in which nothing is recognised."""
    return Character(UNKNOWN, 0.0, np.full(10, 0.1), _box(ink, 0, ink.shape[1]))


@cache
def shared_line_reader() -> LineReader:
    """Return the line reader that is shipped, read when it is first asked for."""
    return LineReader()


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def _between(ink: Ink, middles: list[float]) -> list[Box]:
    """Return the box of the ink around each middle, cut off from its neighbours."""
    amounts = ink.sum(axis=0)
    cuts = [0]
    for left, right in pairwise(middles):
        first = min(max(int(left), cuts[-1]), len(amounts) - 1)
        last = max(first + 1, min(int(np.ceil(right)) + 1, len(amounts)))
        least = np.flatnonzero(amounts[first:last] <= amounts[first:last].min() + 1e-3)
        cuts.append(first + int(least[len(least) // 2]))
    cuts.append(ink.shape[1])
    return [_box(ink, *ends) for ends in pairwise(cuts)]


def _box(ink: Ink, left: int, right: int) -> Box:
    """Return the box around the ink between two columns; all of the height if there is none."""
    inked = ink[:, left:right] > INK_THRESHOLD
    if not inked.any():
        return left, 0, max(right - left, 1), ink.shape[0]
    rows, columns = bounding_box(inked)
    x, width = left + columns.start, columns.stop - columns.start
    return x, rows.start, width, rows.stop - rows.start
