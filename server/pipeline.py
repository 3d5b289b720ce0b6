"""From encoded pictures to readings: decode, preprocess, recognise, each of them timed."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from server.config import Config
from server.explanation.explanation import Explanation, explain
from server.images.decode import ImageLimits, Picture, read_picture
from server.images.errors import ImageError
from server.problems import Problem
from server.recognizer import Inputs, Reading, Recognizer, Scores
from server.segmentation.digits import Segment, segment

NO_NUMBERS = "the network here reads no digits, so it finds no numbers: send pictures to /predict"
BESIDE_DIGITS = 2.0
"""By how much the log-odds of "some digit" are higher for what stands beside digits."""


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
    boxes : list of (x, y, width, height)
        In pixels of a picture of `size`; empty where there was no segmentation.
    size : (width, height)
    warnings : list of str
        What of the pictures is not as it was sent.
    time : Stopwatch
    """

    inputs: list[Inputs] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    boxes: list[tuple[int, int, int, int]] = field(default_factory=list)
    size: tuple[int, int] = (0, 0)
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
            return self.recognize(result)

    def require_numbers(self) -> None:
        """Raise a problem, ``not_found``, unless the network can read digits one by one."""
        if not self.recognizer.reads_numbers:
            raise Problem("not_found", NO_NUMBERS)

    def read(self, picture: bytes) -> Prediction:
        """Find the digits in a picture of a number and read them; see `require_numbers`."""
        result = Prediction()

        def classify(inputs: list[Inputs]) -> Scores:
            with result.time("predict"):
                return self.recognizer.logits(inputs)

        with result.time("preprocess"):
            (decoded,) = self.decode([picture])
        result.warnings += decoded.warnings
        with self.turn, result.time("preprocess"), problems():
            digits = segment(decoded.pixels, classify, self.max_marks)
        scores = np.stack([digit.scores for digit in digits])
        prior = BESIDE_DIGITS if len(digits) > 1 else 0.0
        result.readings = self.recognizer.readings(scores, prior)
        result.size = (decoded.width, decoded.height)
        result.boxes = [enlarge(digit, decoded) for digit in digits]
        result.inputs = [digit.input for digit in digits]
        return result

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


def enlarge(part: Segment, picture: Picture) -> tuple[int, int, int, int]:
    """Give the box of `part` in pixels of the picture as it was sent."""
    height, width = picture.pixels.shape[:2]
    x, y, w, h = part.box
    left, right = (round(edge * picture.width / width) for edge in (x, x + w))
    top, bottom = (round(edge * picture.height / height) for edge in (y, y + h))
    return left, top, right - left, bottom - top
