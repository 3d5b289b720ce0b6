"""A picture that the service knows the answer of, and the proof that the network works."""

import io
import threading

from PIL import Image, ImageDraw

from server.pipeline import Pipeline
from server.problems import Problem

KNOWN_DIGIT = 7
KNOWN_STROKES = ((70, 70), (205, 65), (160, 130), (125, 225))
"""A seven in one stroke, in pixels of a picture 280 wide and high."""

TOLERANCE = 0.01
"""How far the sum of probabilities may be from 1: they are rounded to six digits."""


def known_picture() -> bytes:
    """Draw the known digit with a round pen and return it as PNG."""
    image = Image.new("L", (280, 280), 255)
    pen = ImageDraw.Draw(image)
    pen.line(KNOWN_STROKES, fill=0, width=22, joint="curve")
    for x, y in (KNOWN_STROKES[0], KNOWN_STROKES[-1]):
        pen.ellipse((x - 11, y - 11, x + 11, y + 11), fill=0)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


class Readiness:
    """Remembers that the network has proven once that it works."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline.without_client_limits()
        self.proven = threading.Event()

    def check(self) -> bool:
        """Try the network, unless that has gone well before."""
        if not self.proven.is_set() and self.works():
            self.proven.set()
        return self.proven.is_set()

    def require(self) -> None:
        """Raise a problem, ``not_ready``, unless the network works."""
        if not self.check():
            headers = {"Retry-After": "1"}
            raise Problem("not_ready", "the known picture is not read correctly", headers)

    def works(self) -> bool:
        """Send the known picture the way that every picture goes.

        A network that knows that digit, in MNIST's form, must read it. Of any other only this is
        known: its probabilities are numbers that add up to 1.
        """
        (reading,) = self.pipeline.predict([known_picture()]).readings
        recognizer = self.pipeline.recognizer
        if recognizer.reads_numbers and KNOWN_DIGIT in recognizer.classes.places:
            return reading.digit == KNOWN_DIGIT
        return abs(sum(reading.probabilities) - 1) < TOLERANCE
