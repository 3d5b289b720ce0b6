"""Reading a line at once: a network gives each column a character or none, CTC makes it a text.

A network of convolutions slides along the line, as LeNet-5's space displacement network did [1]_.
It was trained with connectionist temporal classification [2]_ (`convnet.ctc`), which also tells
which columns each character of the text takes.

.. [1] LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document Recognition",
   section VII, Proceedings of the IEEE, 1998.
.. [2] Graves, Fernández, Gomez, Schmidhuber, "Connectionist temporal classification", ICML 2006.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from convnet.ctc.decoding import align, beam_search
from convnet.inference.served_network import InferenceNetwork
from convnet.weights import find, load, with_input_shape
from server.images.types import Ink
from server.preprocessing.filters import bounding_box
from server.preprocessing.foreground import INK_THRESHOLD
from server.segmentation.line_form import HEIGHT, Frame, to_frame
from server.segmentation.text_lines import Box

DIGITS = "0123456789"
SPACE = " "

_BEAM = 8

_STEP = 2  # columns of a frame to one of the network's output

# Frames are made as wide as one of these at least, and as few networks as these are kept.
_WIDTHS = (64, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)


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
    name : str
        Of a network that is shipped, or the path of an ``.npz`` file.
    """

    def __init__(self, name: str = "lines") -> None:
        self._network = load(find(name))
        self.alphabet = str(self._network.metadata["alphabet"])
        self._of_width = lru_cache(maxsize=len(_WIDTHS))(self._make)

    def _make(self, width: int) -> InferenceNetwork:
        return InferenceNetwork(with_input_shape(self._network, (HEIGHT, width, 1)))

    def read(self, ink: Ink, only: str | None = None) -> list[Character]:
        """Read a line.

        Parameters
        ----------
        ink : ndarray of float32, shape (H, W)
            Ink 1, all else 0; no other lines.
        only : str, optional
            Characters that there may be; by default all that the network knows.
        """
        frame = to_frame(ink)
        if frame is None:
            return []
        logits = self.logits(frame)
        if only is not None:
            allowed = np.array([True, *(character in only for character in self.alphabet)])
            logits = np.where(allowed, logits, np.float32(-1e4))
        probabilities = _softmax(logits)
        best = beam_search(probabilities, _BEAM)[0].labels
        return [
            self._character(label, columns, probabilities, ink, frame)
            for label, columns in zip(best, align(logits, best), strict=True)
        ]

    def logits(self, frame: Frame) -> np.ndarray:
        """Return the scores (T, K) of a frame's columns: the blank, then the alphabet."""
        width = frame.pixels.shape[1]
        whole = next((w for w in _WIDTHS if w >= width), _WIDTHS[-1])
        pixels = np.zeros((1, HEIGHT, whole, 1), np.float32)
        pixels[0, :, :width, 0] = frame.pixels[:, :whole]
        return np.asarray(self._of_width(whole).logits(pixels)[0])

    def _character(
        self, label: int, columns: range, probabilities: np.ndarray, ink: Ink, frame: Frame
    ) -> Character:
        at = columns[int(probabilities[columns, label].argmax())]
        places = [1 + self.alphabet.index(digit) for digit in DIGITS]
        digits = probabilities[at, places].astype(np.float64)
        left, right = (frame.to_ink(end * _STEP) for end in (columns.start, columns.stop))
        return Character(
            self.alphabet[label - 1],
            float(probabilities[at, label]),
            digits / max(float(digits.sum()), 1e-12),
            _box(ink, left, right),
        )


@cache
def shared_line_reader() -> LineReader:
    """Return the line reader that is shipped, read when it is first asked for."""
    return LineReader()


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def _box(ink: Ink, left: float, right: float) -> Box:
    """Return the box around the ink between two columns; all of the height if there is none."""
    first = min(max(0, int(left)), ink.shape[1] - 1)
    last = min(ink.shape[1], max(first + 1, int(np.ceil(right))))
    inked = ink[:, first:last] > INK_THRESHOLD
    if not inked.any():
        return first, 0, last - first, ink.shape[0]
    rows, columns = bounding_box(inked)
    x, width = first + columns.start, columns.stop - columns.start
    return x, rows.start, width, rows.stop - rows.start
