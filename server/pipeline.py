"""From encoded pictures to readings: decode, preprocess, recognise, each of them timed."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.config import Config
from server.explanation.explanation import Explanation, explain
from server.explanation.found_ink import shown_ink
from server.images.decode import ImageLimits, Picture, read_picture
from server.images.errors import ImageError
from server.images.greyscale import Colour
from server.input_form import MNIST
from server.problems import Problem
from server.recognizer import Inputs, Reading, Recognizer, Scores
from server.segmentation.second_look import in_mnist_form, look_again
from server.segmentation.text import Character, Text, read_text

NO_NUMBERS = "the network here reads no digits, so it finds no numbers: send pictures to /predict"


class Stopwatch:
    """Adds up the milliseconds spent in each named part of a request."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        """Count the time until the block ends towards `part`, less that of parts inside of it."""
        started, counted = time.perf_counter(), sum(self.milliseconds.values())
        yield
        inside = sum(self.milliseconds.values()) - counted
        spent = (time.perf_counter() - started) * 1000 - inside
        self.milliseconds[part] = self.milliseconds.get(part, 0.0) + spent


@dataclass
class Prediction:
    """What became of one request: inputs of the network, readings, and where they lie.

    Attributes
    ----------
    inputs : list of ndarray, shape (H, W) or (H, W, 3)
    readings : list of Reading
        One for each input.
    text : Text, optional
        What was read of a picture of numbers, in pixels of a picture of `size`.
    size : (width, height)
    pixels : list of ndarray
        The pictures that were predicted, decoded.
    warnings : list of str
        What of the pictures is not as it was sent.
    time : Stopwatch
    """

    inputs: list[Inputs] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    text: Text | None = None
    size: tuple[int, int] = (0, 0)
    pixels: list[Colour] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    time: Stopwatch = field(default_factory=Stopwatch)


class Pipeline:
    """A recognizer with everything that comes before it."""

    def __init__(self, recognizer: Recognizer, config: Config) -> None:
        self.recognizer = recognizer
        self.limit(config)
        self.identity = {"name": recognizer.name, "version": recognizer.version}
        # One thread computes at a time. More would not be faster, as each worker has one core, but
        # they would keep the main loop of a busy worker from saying so at once.
        self.turn = threading.Lock()

    def limit(self, config: Config) -> None:
        """Hold pictures to the limits of some settings."""
        self.limits = ImageLimits(
            config.max_body_bytes, config.max_pixels, config.max_webp_pixels, config.max_jpeg_pixels
        )
        self.max_total_pixels = config.max_total_pixels
        self.max_marks = config.max_marks

    def without_client_limits(self) -> "Pipeline":
        """Return this pipeline for pictures that the service has drawn itself.

        The network and the turn are shared. The limits are the defaults: what the settings allow
        clients must not decide whether the service can read its own pictures.
        """
        own = copy(self)
        own.limit(Config())
        return own

    def predict(self, pictures: list[bytes], numbered: bool = False) -> Prediction:
        """Read pictures of one digit, or of whatever the network knows, each.

        With `numbered`, a problem says which picture has it.
        """
        result, form = Prediction(), self.recognizer.form
        with result.time("preprocess"):
            decoded = self.decode(pictures, numbered)
        for index, picture in enumerate(decoded):
            which = f"picture {index}: " if numbered else ""
            result.warnings += [which + warning for warning in picture.warnings]
        with self.turn:
            with result.time("preprocess"):
                for index, picture in enumerate(decoded):
                    with problems(index if numbered else None):
                        result.inputs.append(form.prepare(picture.pixels))
                        result.pixels.append(picture.pixels)
            return self.recognize(result)

    def require_numbers(self) -> None:
        """Raise a problem, ``not_found``, unless the network can read digits one by one."""
        if not self.recognizer.reads_numbers:
            raise Problem("not_found", NO_NUMBERS)

    def read(
        self, picture: bytes, only: str | None = None, with_inputs: bool = False
    ) -> Prediction:
        """Read the numbers in a picture; see `require_numbers`.

        Parameters
        ----------
        picture : bytes
        only : str, optional
            Characters that there may be; by default digits and signs.
        with_inputs : bool
            Whether each digit is also wanted as `predict` would show it to the network.
        """
        result = Prediction()
        with result.time("preprocess"):
            (decoded,) = self.decode([picture])
        result.warnings += decoded.warnings
        with self.turn, result.time("predict"), problems():
            text = read_text(decoded.pixels, self.max_marks, only)
            text = look_again(text, self._look)
            if with_inputs:
                result.inputs = [in_mnist_form(c.ink) for c in text if c.is_digit]
        result.size = (decoded.width, decoded.height)
        height, width = decoded.pixels.shape[:2]
        result.text = text.scaled(decoded.width / width, decoded.height / height)
        result.readings = [as_reading(c) for c in text if c.is_digit]
        return result

    def _look(self, inputs: list[Inputs]) -> tuple[Scores, NDArray[np.bool_]]:
        """Return what the network for single digits makes of inputs, and which it accepts."""
        readings = self.recognizer.recognize(inputs)
        accepted = np.array([reading.is_digit for reading in readings])
        return np.array([reading.probabilities for reading in readings]), accepted

    def explain(
        self, picture: bytes, maps: frozenset[int], heatmap: bool = False
    ) -> tuple[Prediction, Explanation]:
        """Read a picture and follow it through the network.

        Parameters
        ----------
        picture : bytes
        maps : frozenset of int
            The layers whose feature maps are drawn.
        heatmap : bool
            Whether to show where the network looked.
        """
        prediction = self.predict([picture])
        (ink,), (reading,) = prediction.inputs, prediction.readings
        with self.turn, prediction.time("explain"):
            explanation = explain(self.recognizer, ink, reading.likeliest, maps, heatmap)
            if heatmap and self.recognizer.form.name == MNIST:
                explanation = replace(explanation, ink=shown_ink(prediction.pixels[0]))
        return prediction, explanation

    def infer(self, inputs: Inputs) -> Prediction:
        """Read inputs (N, H, W) or (N, H, W, 3) that need no preparation."""
        with self.turn:
            return self.recognize(Prediction(list(inputs)))

    def recognize(self, result: Prediction) -> Prediction:
        """Let the network read the inputs of `result`."""
        with result.time("predict"):
            result.readings = self.recognizer.recognize(result.inputs)
        return result

    def decode(self, pictures: list[bytes], numbered: bool = False) -> list[Picture]:
        """Decode the pictures of one request, which together may have so many pixels."""
        decoded: list[Picture] = []
        left = self.max_total_pixels
        for index, data in enumerate(pictures):
            limits = replace(self.limits, pixels_left=left)
            with problems(index if numbered else None):
                decoded.append(read_picture(data, limits, self.recognizer.form.to_pixels))
            left -= decoded[-1].width * decoded[-1].height
        return decoded


@contextmanager
def problems(index: int | None = None) -> Iterator[None]:
    """Tell the client what is wrong with its picture, and with which."""
    try:
        yield
    except ImageError as error:
        where: dict[str, Any] = {} if index is None else {"index": index}
        raise Problem(error.code, error.detail, **where) from error


def as_reading(character: Character) -> Reading:
    """Give a digit of a line as the reading of one digit."""
    probabilities = character.digits.round(6).tolist()
    digit = int(character.text)
    return Reading(digit, probabilities[digit], probabilities)
