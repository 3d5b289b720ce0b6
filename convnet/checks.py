"""Checks of numbers that a user sets: each returns the value, or says what was expected."""

from __future__ import annotations

import math

import numpy as np


def require_fraction(name: str, value: float) -> float:
    """Return `value` if it is in [0, 1).

    Raises
    ------
    ValueError
        Naming the argument and quoting the value.
    """
    if not 0.0 <= value < 1.0:  # refuses NaN too, as below
        raise ValueError(f"`{name}` must be in [0, 1), got {value!r}")
    return value


def require_probability(name: str, value: float) -> float:
    """Return `value` if it is in [0, 1].

    Raises
    ------
    ValueError
        Naming the argument and quoting the value.
    """
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"`{name}` must be in [0, 1], got {value!r}")
    return value


def require_positive(name: str, value: float) -> float:
    """Return `value` if it is finite and greater than 0.

    Raises
    ------
    ValueError
        Naming the argument and quoting the value.
    """
    if not 0.0 < value < math.inf:
        raise ValueError(f"`{name}` must be a positive number, got {value!r}")
    return value


def require_non_negative(name: str, value: float) -> float:
    """Return `value` if it is finite and at least 0.

    Raises
    ------
    ValueError
        Naming the argument and quoting the value.
    """
    if not 0.0 <= value < math.inf:
        raise ValueError(f"`{name}` must be a number of at least 0, got {value!r}")
    return value


def require_positive_int(name: str, value: object) -> int:
    """Return `value` if it is a positive int (bool excluded).

    Raises
    ------
    ValueError
        Naming the argument and quoting the value.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"`{name}` must be a positive int, got {value!r}")
    return int(value)
