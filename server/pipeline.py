"""From encoded pictures to readings: decode, preprocess, recognise, each of them timed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server import budget
from server.budget import OverBudget
from server.config import Config
from server.explanation.explanation import Explanation, explain
from server.explanation.found_ink import shown_ink
from server.finding.prepare import Located
from server.images.decode import ImageLimits, Picture, read_picture
from server.images.errors import ImageError
from server.problems import Problem
from server.recognizer import Inputs, Reading, Recognizer, Scores
from server.segmentation.second_look import in_mnist_form, look_again
from server.segmentation.text import LAYOUTS, Character, Text, read_text
from server.turns import Turns

READ_AT_ONCE = 32
"""Inputs that a request has read before it is another one's turn."""

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
    located : Located, optional
        Where the ink of the last picture was found, if it was looked for.
    warnings : list of str
        What of the pictures is not as it was sent.
    time : Stopwatch
    """

    inputs: list[Inputs] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    text: Text | None = None
    size: tuple[int, int] = (0, 0)
    located: Located | None = None
    warnings: list[str] = field(default_factory=list)
    time: Stopwatch = field(default_factory=Stopwatch)


class Pipeline:
    """A recognizer with everything that comes before it."""

    def __init__(self, recognizer: Recognizer, config: Config) -> None:
        self.recognizer = recognizer
        self.limit(config)
        self.identity = {"name": recognizer.name, "version": recognizer.version}
        # One thread computes at a time. More would not be faster, as each worker has one core, but
        # they would keep the main loop of a busy worker from saying so at once. Pages of numbers
        # take turns of their own: nobody with a drawing is to wait for them.
        self.turn, self.turn_to_read = Turns(), Turns()

    def limit(self, config: Config) -> None:
        """Hold pictures to the limits of some settings."""
        self.limits = ImageLimits(
            config.max_body_bytes,
            config.max_pixels,
            config.max_webp_pixels,
            config.max_jpeg_pixels,
            config.max_decoded_bytes,
        )
        self.max_total_pixels = config.max_total_pixels
        self.max_marks = config.max_marks
        self.picture_milliseconds = config.picture_milliseconds
        self.batch_milliseconds = config.batch_milliseconds
        self.read_milliseconds = config.read_milliseconds

    def without_client_limits(self) -> "Pipeline":
        """Return this pipeline for pictures that the service has drawn itself.

        The network and the turn are shared. The limits are the defaults, and time is not limited:
        what the settings allow clients must not decide whether the service can read its own
        pictures.
        """
        own = copy(self)
        own.limit(Config(picture_milliseconds=0, batch_milliseconds=0, read_milliseconds=0))
        return own

    def predict(self, pictures: list[bytes], numbered: bool = False) -> Prediction:
        """Read pictures of one digit, or of whatever the network knows, each.

        With `numbered`, a problem says which picture has it.
        """
        result, left = Prediction(), self.max_total_pixels
        with budget.limit(self.batch_milliseconds):
            for index, data in enumerate(pictures):
                which = f"picture {index}: " if numbered else ""
                with problems(index if numbered else None):
                    picture = self.add(result, data, left)
                left -= picture.width * picture.height
                result.warnings += [which + warning for warning in picture.warnings]
        return self.recognize(result)

    def add(self, result: Prediction, data: bytes, pixels_left: int) -> Picture:
        """Decode a picture of a request, and make an input of it."""
        form = self.recognizer.form
        with budget.limit(self.picture_milliseconds):
            with result.time("preprocess"):
                picture = self.decode(data, pixels_left)
            with self.turn, result.time("preprocess"):
                result.located = form.locate(picture.pixels)
                result.inputs.append(form.prepare(picture.pixels, result.located))
        return picture

    def require_numbers(self) -> None:
        """Raise a problem, ``not_found``, unless the network can read digits one by one."""
        if not self.recognizer.reads_numbers:
            raise Problem("not_found", NO_NUMBERS)

    def read(
        self,
        picture: bytes,
        only: str | None = None,
        with_inputs: bool = False,
        layout: str = LAYOUTS[0],
    ) -> Prediction:
        """Read the numbers in a picture; see `require_numbers`.

        Parameters
        ----------
        picture : bytes
        only : str, optional
            Characters that there may be; by default digits and signs.
        with_inputs : bool
            Whether each digit is also wanted as `predict` would show it to the network.
        layout : str
            One of `server.segmentation.text.LAYOUTS`.
        """
        result = Prediction()
        with budget.limit(self.read_milliseconds), problems():
            with result.time("preprocess"):
                decoded = self.decode(picture, self.max_total_pixels)
            result.warnings += decoded.warnings
            with self.turn_to_read, result.time("predict"):
                text = read_text(decoded.pixels, self.max_marks, only, layout=layout)
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
        self,
        picture: bytes,
        maps: frozenset[int],
        heatmap: bool = False,
        gradients: bool = False,
        target: int | None = None,
    ) -> tuple[Prediction, Explanation]:
        """Read a picture and follow it through the network.

        Parameters
        ----------
        picture : bytes
        maps : frozenset of int
            The layers whose feature maps are drawn.
        heatmap : bool
            Whether to show where the network looked.
        gradients : bool
            Whether to compute what comes back through the network.
        target : int, optional
            The class that is then taken for the truth; by default the likeliest.
        """
        prediction = self.predict([picture])
        (ink,), (reading,) = prediction.inputs, prediction.readings
        with self.turn, prediction.time("explain"):
            best = reading.likeliest
            truth = (best if target is None else target) if gradients else None
            explanation = explain(self.recognizer, ink, best, maps, heatmap, truth)
            if heatmap and prediction.located:
                explanation = replace(explanation, ink=shown_ink(prediction.located))
        return prediction, explanation

    def infer(self, inputs: Inputs) -> Prediction:
        """Read inputs (N, H, W) or (N, H, W, 3) that need no preparation."""
        return self.recognize(Prediction(list(inputs)))

    def recognize(self, result: Prediction) -> Prediction:
        """Let the network read the inputs of `result`, so many in one turn."""
        for start in range(0, len(result.inputs), READ_AT_ONCE):
            with self.turn, result.time("predict"):
                some = result.inputs[start : start + READ_AT_ONCE]
                result.readings += self.recognizer.recognize(some)
        return result

    def decode(self, picture: bytes, pixels_left: int) -> Picture:
        """Decode a picture of a request in which all together may have so many pixels more."""
        limits = replace(self.limits, pixels_left=pixels_left)
        return read_picture(picture, limits, self.recognizer.form.to_pixels)


@contextmanager
def problems(index: int | None = None) -> Iterator[None]:
    """Tell the client what is wrong with its picture, and with which."""
    where: dict[str, Any] = {} if index is None else {"index": index}
    try:
        yield
    except ImageError as error:
        raise Problem(error.code, error.detail, **where) from error
    except OverBudget as error:
        raise Problem("too_complex", error.detail, **where) from error


def as_reading(character: Character) -> Reading:
    """Give a digit of a line as the reading of one digit."""
    probabilities = character.digits.round(6).tolist()
    digit = int(character.text)
    return Reading(digit, probabilities[digit], probabilities)
