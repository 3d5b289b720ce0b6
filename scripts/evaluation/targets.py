"""The targets of the served network, and whether it reaches them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from scripts.evaluation.answers import Answers, figures
from scripts.evaluation.measurement import ARRAYS, Measurement
from scripts.evaluation.summary import spread
from scripts.synthesis.standins import KINDS

OTHERS = "non-digits"
DIGIT_SETS = tuple(name for name in KINDS if name != OTHERS)
DRAWN = tuple(name for name in KINDS if name.startswith("drawn"))
SCANS = tuple(name for name in KINDS if name.startswith("scans"))
PRINTED = tuple(name for name in KINDS if name.startswith("printed"))


def together(measured: Measurement, *sets: str) -> Answers:
    """Return the answers to some sets as one."""
    first, *rest = (measured.answers[name] for name in sets)
    return sum(rest, first)


def share(key: str, *sets: str) -> Callable[[Measurement], float]:
    """Return a function that reads one figure of some sets taken together."""
    return lambda measured: figures(together(measured, *sets))[key]


def accepted(measured: Measurement) -> float:
    """Return the share of digits, MNIST's and the stand-ins', that are not refused."""
    return 1 - share("refused", ARRAYS, *DIGIT_SETS)(measured)


def png_difference(measured: Measurement) -> float:
    """Return the difference between PNG files and arrays, as a share of the digits."""
    return abs(share("right", "mnist")(measured) - share("right", ARRAYS)(measured))


@dataclass(frozen=True)
class Target:
    """A figure with what it should be.

    Attributes
    ----------
    what : str
    least, aim : float
        The least that is asked for (the most, where less is better), and what is hoped for.
    value : callable
    form : str
        How such a figure is written.
    less_is_better : bool
    """

    what: str
    least: float
    aim: float
    value: Callable[[Measurement], float]
    form: str = "{:.2%}"
    less_is_better: bool = False

    def verdict(self, value: float) -> str:
        """Say whether a value reaches the aim, the least, or neither."""
        sign = -1 if self.less_is_better else 1
        if sign * value >= sign * self.aim:
            return "aim reached"
        return "reached" if sign * value >= sign * self.least else "**missed**"

    def row(self, measured: Measurement) -> list[str]:
        """Return the cells of a table: what, least, aim, measured, verdict."""
        value = self.value(measured)
        numbers = (self.form.format(number) for number in (self.least, self.aim, value))
        return [self.what, *numbers, self.verdict(value)]


TARGETS = (
    Target("MNIST's test set", 0.9965, 0.998, share("right", ARRAYS)),
    Target(
        "the same digits as PNG files: difference", 0.0003, 0.0, png_difference, less_is_better=True
    ),
    Target("drawn, stroke 4 % to 25 %", 0.98, 0.99, share("right", *DRAWN)),
    Target("scanned at low resolution", 0.98, 0.99, share("right", *SCANS)),
    Target("printed in fonts never trained on", 0.99, 0.998, share("right", *PRINTED)),
    Target("photos", 0.95, 1.0, share("right", "photos")),
    Target("no digit: refused", 0.95, 0.99, share("others_refused", "non-digits")),
    Target("digits of all these sets: accepted", 0.995, 0.995, accepted),
    Target(
        "expected calibration error on them",
        0.005, 0.002, share("calibration_error", ARRAYS, *DIGIT_SETS), less_is_better=True,
    ),
    Target(
        "multiply-adds, millions", 40, 20, lambda one: one.recognizer.network.multiply_adds / 1e6,
        "{:.1f}", less_is_better=True,
    ),
    Target(
        "file, MB", 2, 1, lambda one: one.recognizer.file_bytes / 1e6, "{:.2f}", less_is_better=True
    ),
)  # fmt: skip


def target_rows(measured: Measurement) -> list[list[str]]:
    """Return a row for each target."""
    return [target.row(measured) for target in TARGETS]


def spread_rows(measurements: Sequence[Measurement]) -> Iterator[list[str]]:
    """Yield for each target every network's value, and their mean ± standard deviation."""
    for target in TARGETS:
        values = [target.value(one) for one in measurements]
        each = [target.form.format(value) for value in values]
        yield [target.what, *each, spread(values, target.form)]
