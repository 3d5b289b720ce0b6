"""What people write in lines of digits: numbers, amounts, dates, times, telephone numbers.

Classes of the line reader are the characters of `ALPHABET`, from 1; class 0 is the blank of
`convnet.ctc`. "?" stands for whatever is neither a digit nor one of the signs, such as a letter.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

ALPHABET = "0123456789.,-+/:()% ?"
UNKNOWN = "?"

Text = Callable[[np.random.Generator], str]


def classes_of(text: str) -> list[int]:
    """Return the class of each character.

    Raises
    ------
    ValueError
        If there is a character outside of `ALPHABET`.
    """
    return [ALPHABET.index(character) + 1 for character in text]


def text_of(classes: tuple[int, ...]) -> str:
    """Return the characters of classes."""
    return "".join(ALPHABET[k - 1] for k in classes)


def digits(rng: np.random.Generator, low: int = 1, high: int = 8) -> str:
    """Return some digits; ones, zeros and repetitions are as common as with people."""
    count = int(rng.integers(low, high, endpoint=True))
    shares = np.ones(10) if rng.random() < 0.6 else np.array([3, 4, 1, 1, 1, 1, 1, 1, 1, 1.0])
    found = rng.choice(10, count, p=shares / shares.sum())
    if rng.random() < 0.15:
        found[:] = found[0] if rng.random() < 0.2 else np.sort(found)
    return "".join(map(str, found))


def amount(rng: np.random.Generator) -> str:
    """Return a number with decimals, a sign, or groups of thousands."""
    point = str(rng.choice([".", ","]))
    text = digits(rng, 1, 4) + point + digits(rng, 1, 3)
    kind = rng.random()
    if kind < 0.15:
        text = digits(rng, 1, 3) + "." + digits(rng, 3, 3) + "," + digits(rng, 2, 2)
    return str(rng.choice(["", "", "-", "+"])) + text


def signed(rng: np.random.Generator) -> str:
    """Return a whole number with a sign, or a share."""
    text = str(rng.choice(["-", "+", ""])) + digits(rng, 1, 4)
    return text if text[0] in "-+" else text + "%"


def date(rng: np.random.Generator) -> str:
    """Return a date in one of the ways of the world."""
    sign = str(rng.choice([".", "/", "-", "."]))
    day, month, year = (int(rng.integers(*ends)) for ends in ((1, 32), (1, 13), (1900, 2100)))
    if rng.random() < 0.5:
        year %= 100
    two = "02" if rng.random() < 0.6 else ""
    parts = [format(day, two), format(month, two), format(year, "02" if year < 100 else "")]
    if sign == "-":
        parts.reverse()
    return sign.join(parts)


def time(rng: np.random.Generator) -> str:
    """Return a time of day."""
    return f"{rng.integers(24)}:{rng.integers(60):02}"


def fraction(rng: np.random.Generator) -> str:
    """Return a fraction on one line."""
    return digits(rng, 1, 2) + "/" + digits(rng, 1, 2)


def telephone(rng: np.random.Generator) -> str:
    """Return a telephone number."""
    kind = rng.random()
    area, number = digits(rng, 2, 3), digits(rng, 3, 3)
    if kind < 0.35:
        return f"({area}) {number}"
    if kind < 0.7:
        return f"{area}-{number}"
    return f"+{area} {number}"


def several(rng: np.random.Generator) -> str:
    """Return two numbers with a space between."""
    return digits(rng, 1, 3) + " " + digits(rng, 1, 3)


def sum_of(rng: np.random.Generator) -> str:
    """Return something that is added or taken away."""
    return digits(rng, 1, 2) + str(rng.choice(["+", "-"])) + digits(rng, 1, 2)


def with_letters(rng: np.random.Generator) -> str:
    """Return digits with letters beside or between."""
    text = list(digits(rng, 1, 4))
    for _ in range(rng.integers(1, 4)):
        text.insert(int(rng.integers(len(text) + 1)), UNKNOWN)
    return "".join(text)


def letters(rng: np.random.Generator) -> str:
    """Return a word of letters alone, such as stands beside the boxes of a form."""
    return UNKNOWN * int(rng.integers(2, 10))


_KINDS: tuple[tuple[Text, float], ...] = (
    (digits, 0.52),
    (amount, 0.1),
    (signed, 0.06),
    (date, 0.08),
    (time, 0.05),
    (fraction, 0.03),
    (telephone, 0.04),
    (several, 0.04),
    (sum_of, 0.02),
    (with_letters, 0.06),
    (letters, 0.01),
)
_SHARES = np.array([share for _, share in _KINDS])


def choose_text(rng: np.random.Generator) -> str:
    """Draw what a line reads."""
    return _KINDS[rng.choice(len(_KINDS), p=_SHARES / _SHARES.sum())][0](rng)
