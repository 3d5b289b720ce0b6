"""Schedules: the learning rate as a function of the step.

A schedule is called with the number of steps taken so far (0 for the first) and returns the rate
of the next step. It has no state, so a run that is stopped and resumed gets the same rates.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from convnet.checks import require_non_negative


@dataclass(frozen=True)
class Schedule(ABC):
    """A learning rate for every step: ``schedule(step) -> float``.

    Two schedules with the same settings are equal; ``repr`` is the expression that makes one.
    """

    @abstractmethod
    def __call__(self, step: int) -> float:
        """Return the learning rate of step `step`, counted from 0."""


@dataclass(frozen=True)
class Constant(Schedule):
    """The same rate in every step."""

    learning_rate: float

    def __post_init__(self) -> None:
        require_non_negative("learning_rate", self.learning_rate)

    def __call__(self, step: int) -> float:
        """Return the learning rate of step `step`."""
        return self.learning_rate


@dataclass(frozen=True)
class Step(Schedule):
    """Multiply the rate by `factor` after every `every` steps.

    Parameters
    ----------
    learning_rate : float
        The rate of the first `every` steps.
    every : int
        Steps between two drops.
    factor : float
        The rate is multiplied by this at each drop, in (0, 1].
    """

    learning_rate: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        require_non_negative("learning_rate", self.learning_rate)
        _require_count("every", self.every, at_least=1)
        if not 0.0 < self.factor <= 1.0:
            raise ValueError(f"`factor` must be in (0, 1], got {self.factor}")

    def __call__(self, step: int) -> float:
        """Return the learning rate of step `step`."""
        return self.learning_rate * self.factor ** (step // self.every)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Rise linearly during `warmup_steps`, then fall along half a cosine (SGDR, without restarts).

    Parameters
    ----------
    learning_rate : float
        The peak, reached by step `warmup_steps`.
    total_steps : int
        The step at which the rate arrives at `final_rate`, and where it stays.
    warmup_steps : int
        Steps of the rise: 1 / `warmup_steps` of the peak first, the whole peak at its last one.
    final_rate : float
        The rate at the end.

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, eq. 5.
    """

    learning_rate: float
    total_steps: int
    warmup_steps: int = 0
    final_rate: float = 0.0

    def __post_init__(self) -> None:
        require_non_negative("learning_rate", self.learning_rate)
        require_non_negative("final_rate", self.final_rate)
        _require_count("warmup_steps", self.warmup_steps, at_least=0)
        _require_count("total_steps", self.total_steps, at_least=self.warmup_steps + 1)

    def __call__(self, step: int) -> float:
        """Return the learning rate of step `step`."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        done = (step - self.warmup_steps) / (self.total_steps - self.warmup_steps)
        return _anneal(self.learning_rate, self.final_rate, done)


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Rise to a high peak, then fall to almost nothing, both along half a cosine.

    The large rate in the middle regularises, the small rates keep the first steps stable and let
    the last ones converge. The rates are those of PyTorch's ``OneCycleLR`` with cosine annealing,
    but for the end, which is exactly zero unless `final_div_factor` is given.

    Parameters
    ----------
    peak : float
        The highest rate.
    total_steps : int
        Steps of the whole cycle; later steps keep the last rate.
    pct_start : float
        The share of the steps that rise, in (0, 1).
    div_factor : float
        The first rate is ``peak / div_factor``.
    final_div_factor : float, optional
        The last rate is the first divided by this; zero if it is None.

    References
    ----------
    Smith and Topin, "Super-convergence: very fast training of neural networks using large
    learning rates", 2018.
    """

    peak: float
    total_steps: int
    pct_start: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float | None = None

    def __post_init__(self) -> None:
        require_non_negative("peak", self.peak)
        _require_count("total_steps", self.total_steps, at_least=2)
        if not 0.0 < self.pct_start < 1.0:
            raise ValueError(f"`pct_start` must be in (0, 1), got {self.pct_start}")
        if not self.div_factor >= 1.0:
            raise ValueError(f"`div_factor` must be at least 1, got {self.div_factor}")
        if self.final_div_factor is not None and not self.final_div_factor >= 1.0:
            raise ValueError(f"`final_div_factor` must be at least 1, got {self.final_div_factor}")

    def __call__(self, step: int) -> float:
        """Return the learning rate of step `step`."""
        first = self.peak / self.div_factor
        last = first / self.final_div_factor if self.final_div_factor else 0.0
        # Below two whole steps PyTorch's turning point lies before step 0: there is no rise.
        turn = max(self.pct_start * self.total_steps - 1, 0.0)
        if step < turn:
            return _anneal(first, self.peak, step / turn)
        return _anneal(self.peak, last, (step - turn) / (self.total_steps - 1 - turn))


def _anneal(start: float, end: float, done: float) -> float:
    """Go from `start` (`done` = 0) to `end` (`done` ≥ 1) along half a cosine."""
    if done >= 1.0:
        return end  # exactly, not start + (end - start) in floating point
    return end + (start - end) * (1.0 + math.cos(math.pi * done)) / 2.0


def _require_count(name: str, value: float, *, at_least: int) -> None:
    if not isinstance(value, int) or value < at_least:
        raise ValueError(f"`{name}` must be an int of at least {at_least}, got {value}")
