"""The paths that CTC adds up: what a line may look like, one class for each frame.

A network reads a line in T *frames*, from left to right, and gives each frame a distribution over
K classes. Class 0 is the *blank*, "nothing new here". A *path* has one class for each frame; it
reads as what is left when repetitions are merged first and blanks are removed then::

    path   7 7 0 3 0 0 3 3 1   →   7 0 3 0 3 1   →   7 3 3 1

So a blank must stand between two equal digits. All paths of one line of labels, L of them, run
through the same S = 2L + 1 *states*: the labels in order, with a blank before, between and after
them::

    state   0    1    2    3    4    5    6    7    8
    class   –    7    –    3    –    3    –    1    –

From one frame to the next a path stays in its state, goes on by one, or skips a blank that stands
between two labels that differ.

Source: Graves, Fernández, Gomez, Schmidhuber, "Connectionist temporal classification: labelling
unsegmented sequence data with recurrent neural networks", ICML 2006, sections 3 and 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from convnet.arrays import Array

ClassNumbers = npt.NDArray[np.integer]

BLANK = 0
PADDING = -1

# The logarithm of 0: finite, so that a difference of two of them is a number.
LOG_ZERO = -1e30


@dataclass(frozen=True)
class States:
    """The states of N lines, as long as the longest needs them.

    Attributes
    ----------
    classes : ndarray of int, shape (N, S)
        The class of each state; blanks beyond the end of a line.
    skips : ndarray of float, shape (N, S)
        0 where a path may come from two states before, else `LOG_ZERO`.
    last : ndarray of int, shape (N,)
        The state of the last blank: a path ends there, or in the label before it.
    """

    classes: ClassNumbers
    skips: Array
    last: ClassNumbers


def states_of(labels: ClassNumbers, classes: int, frames: int) -> States:
    """Return the states of lines of labels.

    Parameters
    ----------
    labels : ndarray of int, shape (N, L)
        Each row has the labels of a line, in 1 … `classes` - 1, and then -1 up to its end.
    classes : int
        How many classes there are, the blank among them.
    frames : int
        How many frames each line has.

    Raises
    ------
    ValueError
        If a row is none such, or has more labels than fit: each takes a frame, and a blank more
        between two that are equal.
    """
    if labels.ndim != 2 or labels.dtype.kind not in "iu":
        raise ValueError(
            f"`labels` must be integers of shape (N, L), got {labels.dtype} of shape {labels.shape}"
        )
    is_label = labels != PADDING
    lengths = is_label.sum(axis=1)
    if (is_label != (np.arange(labels.shape[1]) < lengths[:, None])).any():
        raise ValueError("`labels` must have -1 only after the last label of a row")
    wrong = is_label & ((labels <= BLANK) | (labels >= classes))
    if wrong.any():
        raise ValueError(f"`labels` must be in 1..{classes - 1}, got {labels[wrong][0]}")
    repeats = is_label[:, 1:] & (labels[:, 1:] == labels[:, :-1])
    needed = lengths + repeats.sum(axis=1)
    if (needed > frames).any():
        row = int((needed - frames).argmax())
        raise ValueError(
            f"`labels` need {needed[row]} frames in row {row}, a repeated label one more; "
            f"there are {frames}"
        )
    count, longest = labels.shape
    interleaved = np.full((count, 2 * longest + 1), BLANK)
    interleaved[:, 1::2] = np.where(is_label, labels, BLANK)
    skips = np.full(interleaved.shape, LOG_ZERO)
    skips[:, 3::2] = np.where(repeats, LOG_ZERO, 0.0)
    return States(interleaved, skips, 2 * lengths)
