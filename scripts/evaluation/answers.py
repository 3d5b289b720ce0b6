"""What the service answers to sets of labelled picture files, and how good those answers are.

Every file is handled like a client's picture: decoding, preprocessing, network, calibration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from convnet.metrics import expected_calibration_error
from convnet.open_set import NONE, energy
from server.finding.prepare import preprocess
from server.images.decode import decode
from server.images.errors import ImageError
from server.recognizer import Recognizer


class LabelledFiles(Protocol):
    """A set of picture files and their labels: a digit, or -1 for no digit."""

    @property
    def files(self) -> Sequence[bytes]: ...  # noqa: D102

    @property
    def labels(self) -> NDArray[np.integer]: ...  # noqa: D102


@dataclass(frozen=True)
class Inputs:
    """A set as inputs of the network; N counts the files that are pictures.

    Attributes
    ----------
    images : ndarray of float32, shape (N, 28, 28)
        All 0 where the service finds nothing to read.
    readable : ndarray of bool, shape (N,)
        False where the service refuses the picture before the network sees it: nothing is drawn.
    labels : ndarray of int, shape (N,)
    left_out : mapping of int to str
        Why other files of the set were left out, by their index in it.
    """

    images: NDArray[np.float32]
    readable: NDArray[np.bool_]
    labels: NDArray[np.integer]
    left_out: Mapping[int, str] = field(default_factory=dict)


def prepare(pictures: LabelledFiles) -> Inputs:
    """Decode and preprocess every file of a set, as the service does; leave out damaged files."""
    images = np.zeros((len(pictures.files), 28, 28), np.float32)
    readable = np.ones(len(images), bool)
    left_out = {}
    for place, file in enumerate(pictures.files):
        try:
            grey = decode(file)
        except ImageError as error:
            left_out[place] = error.detail
            continue
        try:
            images[place] = preprocess(grey)
        except ImageError:  # a picture, but a blank one
            readable[place] = False
    kept = [place for place in range(len(images)) if place not in left_out]
    return Inputs(images[kept], readable[kept], np.asarray(pictures.labels)[kept], left_out)


def from_arrays(images: NDArray[np.uint8], labels: NDArray[np.integer]) -> Inputs:
    """Return 28×28 arrays, ink 255, as inputs, without files or preprocessing."""
    return Inputs(images.astype(np.float32) / 255, np.ones(len(images), bool), labels)


@dataclass(frozen=True)
class Answers:
    """What a network answered to a set.

    Attributes
    ----------
    labels : ndarray of int, shape (N,)
        The digit, or -1 for no digit.
    digits : ndarray of int, shape (N,)
        The digit of the answer, or -1 where none was recognised or nothing was there to read.
    probabilities : ndarray of float, shape (N, 10)
        Calibrated; all equal where there was nothing to read.
    energy : ndarray of float, shape (N,)
        The score that decides on refusal; minus infinity where there was nothing to read.
    """

    labels: NDArray[np.integer]
    digits: NDArray[np.integer]
    probabilities: NDArray[np.floating]
    energy: NDArray[np.floating]

    def __add__(self, other: Answers) -> Answers:
        names = ("labels", "digits", "probabilities", "energy")
        pairs = ((getattr(self, name), getattr(other, name)) for name in names)
        return Answers(*(np.concatenate(pair) for pair in pairs))

    def only(self, chosen: NDArray[np.bool_]) -> Answers:
        """Return the answers that a mask chooses."""
        return Answers(*(part[chosen] for part in vars(self).values()))

    @property
    def of_digits(self) -> Answers:
        """The answers to digits."""
        return self.only(self.labels != NONE)

    @property
    def of_others(self) -> Answers:
        """The answers to what is no digit."""
        return self.only(self.labels == NONE)


def answer(inputs: Inputs, recognizer: Recognizer) -> Answers:
    """Let a network read a set."""
    logits = recognizer.logits(inputs.images)
    readings = recognizer.calibration.readings(logits)
    digits = np.array([NONE if r.digit is None else r.digit for r in readings], int)
    probabilities = np.array([r.probabilities for r in readings]).reshape(-1, 10)
    return Answers(
        inputs.labels,
        np.where(inputs.readable, digits, NONE),
        np.where(inputs.readable[:, None], probabilities, 0.1),
        np.where(inputs.readable, energy(logits), -np.inf),
    )


def figures(answers: Answers) -> dict[str, float]:
    """Return how good the answers are; shares are in 0 to 1.

    Returns
    -------
    dict
        Of digits, where there are any: ``digits`` (how many), ``right`` (the answer is the digit),
        ``misread`` (it is another one), ``refused`` (it is none), ``likeliest`` (the most probable
        digit is right, refused or not), ``calibration_error`` (of that digit's probability, over
        15 bins of equal width, where there was something to read). Of what is no digit:
        ``others`` (how many), ``others_refused``.
    """
    digits, others = answers.of_digits, answers.of_others
    found: dict[str, float] = {}
    if len(digits.labels):
        right, refused = digits.digits == digits.labels, digits.digits == NONE
        found |= {
            "digits": len(digits.labels),
            "right": float(right.mean()),
            "misread": float((~right & ~refused).mean()),
            "refused": float(refused.mean()),
            "likeliest": float((_likeliest(digits) == digits.labels).mean()),
        }
        read = digits.only(np.isfinite(digits.energy))
        if len(read.labels):
            error = expected_calibration_error(read.probabilities, read.labels)
            found["calibration_error"] = error
    if len(others.labels):
        refused = others.digits == NONE
        found |= {"others": len(others.labels), "others_refused": float(refused.mean())}
    return found


def _likeliest(answers: Answers) -> NDArray[np.integer]:
    """Return the most probable digits; -1 where there was nothing to read."""
    unread = np.isneginf(answers.energy)
    return np.where(unread, NONE, answers.probabilities.argmax(axis=1))
