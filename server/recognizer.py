"""The network behind the service: inputs in, readings out.

Everything that asks about a digit sees a `Recognizer`, so tests may put another one in its place.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnet.arrays import Array
from convnet.inference.served_network import InferenceNetwork
from convnet.layers import Layer as Layer
from convnet.layers import Sigmoid, Softmax, chain
from convnet.losses import CrossEntropy
from convnet.network import Sequential
from convnet.open_set import energy
from convnet.weights import find, load
from server.classes import DIGITS, Classes, shown
from server.input_form import MNIST, InputForm

Inputs = NDArray[np.float32]
Scores = NDArray[np.float64]

BLOCK = 8
"""Inputs that go through the network at once.

So few that their arrays fit in the memory that `server.malloc` keeps. With 32 at once they do not:
the system then clears thousands of pages for each block, which takes about as long as computing.
"""


@dataclass(frozen=True)
class Reading:
    """What the network makes of one input.

    Attributes
    ----------
    best : int or None
        Index of the likeliest class; None if the network does not recognise one.
    confidence : float
        The largest probability.
    probabilities : list of float
        Calibrated, one for each class; of digits, index = digit.
    classes : Classes
    """

    best: int | None
    confidence: float
    probabilities: list[float]
    classes: Classes = DIGITS

    @property
    def digit(self) -> int | None:
        """The likeliest digit; None if no class is recognised, or one that is no digit."""
        return None if self.best is None else self.classes.digit(self.best)

    @property
    def label(self) -> str | None:
        """The name of the likeliest class; None if none is recognised."""
        return None if self.best is None else self.classes.labels[self.best]

    @property
    def is_digit(self) -> bool:
        """Whether the network recognises a digit."""
        return self.digit is not None

    @property
    def likeliest(self) -> int:
        """Index of the class with the largest probability, recognised or not."""
        return self.probabilities.index(self.confidence)

    def top(self, count: int) -> list[tuple[int, float]]:
        """Return the `count` likeliest classes with their probabilities, best first."""
        ranked = sorted(enumerate(self.probabilities), key=lambda item: -item[1])
        return ranked[:count]


@dataclass(frozen=True)
class Calibration:
    """How logits become probabilities, and when they mean none of the classes.

    Attributes
    ----------
    temperature : float
        The logits are divided by it before the softmax [1]_.
    threshold : float
        Least energy score, ``log Σ exp(logit)`` [2]_, of what is still taken for one of the
        classes.

    References
    ----------
    .. [1] Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    .. [2] Liu et al., "Energy-based Out-of-distribution Detection", NeurIPS 2020.
    """

    temperature: float = 1.0
    threshold: float = -math.inf

    @classmethod
    def from_metadata(cls, record: object) -> Calibration:
        """Read the record that is stored with the weights; without one, nothing is rejected.

        Raises
        ------
        ValueError
            If there is anything else in it.
        """
        record = _record("calibration", record or {})
        rejection = _record("rejection", record.get("rejection") or {"score": "energy"})
        if rejection.get("score") != "energy":
            raise ValueError(
                f"`rejection.score` must be 'energy', got {shown(rejection.get('score'))}"
            )
        temperature = _number("temperature", record.get("temperature", 1.0))
        if not 0 < temperature < math.inf:
            raise ValueError(f"`temperature` must be more than 0, got {temperature}")
        return cls(temperature, _number("threshold", rejection.get("threshold", -math.inf)))

    def readings(
        self, logits: Scores, prior: float = 0.0, classes: Classes = DIGITS
    ) -> list[Reading]:
        """Turn logits (N, K) of K classes into N readings.

        `prior` is by how much the log-odds of "some class" are higher than for any picture.
        """
        accepted = energy(logits) + prior >= self.threshold
        scaled = logits / self.temperature
        probabilities = np.exp(scaled - energy(scaled)[:, np.newaxis])
        return [
            reading(row, bool(ok), classes)
            for row, ok in zip(probabilities.round(6).tolist(), accepted, strict=True)
        ]


def _record(name: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"`{name}` must be a record with names, got {shown(value)}")
    return value


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise ValueError(f"`{name}` must be a number, got {shown(value)}")
    return float(value)


def reading(probabilities: list[float], accepted: bool, classes: Classes) -> Reading:
    """Wrap the probabilities of one input."""
    confidence = max(probabilities)
    best = probabilities.index(confidence) if accepted else None
    return Reading(best, confidence, probabilities, classes)


class Recognizer:
    """A trained network, ready to serve; it may be shared by threads.

    Parameters
    ----------
    network : convnet.Sequential
        Its inputs are pictures (N, H, W, 1) or (N, H, W, 3), its outputs a score for each class.
    file : Path, optional
        Where its weights came from.

    Raises
    ------
    ValueError
        If it takes or gives anything else, or its metadata does not fit it.

    Attributes
    ----------
    classes : Classes
        What its outputs stand for.
    form : InputForm
        How a picture becomes its input. Below, an input is an array of ``form.array_shape``:
        (H, W) if it is grey, (H, W, 3) in colour.
    """

    def __init__(self, network: Sequential, file: Path | None = None) -> None:
        self.network = network
        self.metadata: dict[str, Any] = network.metadata
        self.classes = Classes.read(self.metadata.get("classes"), network.output_shape)
        form = self.metadata.get("input_form")
        self.form = InputForm.read(form, network.input_shape, self.classes)
        self.served = InferenceNetwork(network)
        self.calibration = Calibration.from_metadata(self.metadata.get("calibration"))
        self.name = str(self.metadata.get("name", network.name))
        self.version = str(self.metadata.get("version", "0"))
        contents = file.read_bytes() if file else b""
        self.sha256 = hashlib.sha256(contents).hexdigest() if file else None
        self.file_bytes = len(contents)

    @classmethod
    def load(cls, model: str) -> Recognizer:
        """Load a network by the name it is shipped under, or from an ``.npz`` file."""
        file = find(model)
        return cls(load(file), file)

    def logits(self, inputs: Sequence[Inputs] | Inputs, block: int = BLOCK) -> Scores:
        """Return the scores (N, K) of N inputs, one for each class, computed `block` at a time.

        A digit that the network does not know has minus infinity.
        """
        batch = np.asarray(inputs, np.float32).reshape(-1, *self.form.shape)  # (N, H, W, C)
        blocks = (batch[start : start + block] for start in range(0, len(batch), block))
        outputs = np.concatenate([self.served.logits(block) for block in blocks]).astype(np.float64)
        if isinstance(self.network.layers[-1], Sigmoid):  # these are probabilities already
            outputs = np.log(np.maximum(outputs, 1e-9))
        return self.classes.spread(outputs)

    @property
    def reads_numbers(self) -> bool:
        """Whether its readings can be put together to numbers: digits in MNIST's form."""
        return self.classes.are_digits and self.form.name == MNIST

    @property
    def layers(self) -> list[Layer]:
        """The layers as they serve: BatchNorm folded into the layers before it."""
        return self.served.network.layers

    def activations(self, ink: Inputs) -> Iterator[tuple[Layer, Inputs]]:
        """Yield every layer, with what it makes of one input."""
        for layer, out in self.served.network.activations(ink.reshape(1, *self.form.shape)):
            yield layer, out[0]

    def gradients(self, ink: Inputs, target: int) -> tuple[float, list[NDArray[np.floating[Any]]]]:
        """Return the loss of one input if the class `target` is the truth, and what comes back.

        Returns
        -------
        loss : float
            Cross-entropy, as in training: that of the softmax, or of each sigmoid.
        gradients : list of ndarray
            Of the loss by the input, by the output of the first layer, of the second, and so on,
            without the batch axis.

        Raises
        ------
        ValueError
            If the network does not know the class.
        """
        if target not in self.classes.places:
            raise ValueError(f"the network has no output for {self.classes.labels[target]}")
        layers = deepcopy(self.layers)  # threads share the others, and these keep what they saw
        for _, layer in chain.walk(layers):
            layer.trainable = False
        out: Array = ink.reshape(1, *self.form.shape)
        for layer in layers:
            out = layer.forward(out, training=True)
        loss, back = self._loss(out, self.classes.places.index(target))
        found = [back[0]]
        for layer in reversed(layers):
            back = layer.backward(back)
            found.append(back[0])
        return loss, found[::-1]

    def _loss(self, out: Array, target: int) -> tuple[float, Array]:
        """Return the loss of one input's outputs (1, M), and its gradient by them."""
        truth = np.eye(out.shape[1], dtype=out.dtype)[[target]]
        last = self.network.layers[-1]
        if isinstance(last, Sigmoid):
            p = np.clip(out, 1e-7, 1 - 1e-7)
            return float(-np.log(np.where(truth, p, 1 - p)).sum()), (p - truth) / (p * (1 - p))
        if isinstance(last, Softmax):
            p = np.maximum(out, 1e-30)
            return float(-np.log(p[0, target])), -truth / p
        loss, back = CrossEntropy()(out, np.array([target]))
        return loss, back

    def recognize(self, inputs: Sequence[Inputs] | Inputs, block: int = BLOCK) -> list[Reading]:
        """Read N inputs, values 0 to 1, `block` at a time."""
        return self.readings(self.logits(inputs, block))

    def readings(self, logits: Scores, prior: float = 0.0) -> list[Reading]:
        """Turn logits (N, 10) into N readings; see `Calibration.readings`."""
        return self.calibration.readings(logits, prior, self.classes)
