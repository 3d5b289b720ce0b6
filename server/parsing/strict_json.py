"""JSON read as its standard says, without the leniency of the usual parsers.

Two readers of the same text must not see different things, so what is ambiguous is refused:
``NaN``, duplicate keys, lone surrogates.
"""

import json
import math
import re
from typing import Any, NoReturn

from server.config import MAX_JSON_VALUES
from server.problems import Problem

MOST_DIGITS = 1000  # the largest float has 309

DEEPEST = 200
"""Arrays and objects within each other, at most: how many Python itself bears depends on its
version."""

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[][{}]")


def load_json(data: bytes, max_values: int = MAX_JSON_VALUES) -> Any:
    """Parse a JSON text (RFC 8259) of at most about `max_values` values.

    A value can take thirty times the memory of its text, so they are counted before they are
    made: each comes after a comma or an opening bracket.

    Raises
    ------
    Problem
        ``not_json``: not UTF-8, not JSON, nested too deeply, or not the same to every reader;
        ``too_large``: too many values.
    """
    if sum(map(data.count, (b",", b"[", b"{"))) > max_values:
        raise Problem("too_large", f"the JSON of a request may have at most {max_values} values")
    if depth(data) > DEEPEST:
        raise Problem("not_json", "the body is nested too deeply")
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=without_duplicates,
            parse_constant=refuse_constant,
            parse_float=finite,
            parse_int=whole,
        )
        if rb"\u" in data:  # only an escape can bring half of a surrogate pair
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Problem("not_json", "the body has half of a surrogate pair in a string") from None
    except UnicodeDecodeError:
        raise Problem("not_json", "the body is not UTF-8") from None
    except ValueError as error:
        raise Problem("not_json", f"the body is not valid JSON: {error}") from None
    return value


def depth(data: bytes) -> int:
    """Return how many arrays and objects are open at once; all of them, if these are few."""
    opened = data.count(b"[") + data.count(b"{")
    if opened <= DEEPEST:
        return opened
    deepest = now = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", data)):
        now += 1 if bracket in b"[{" else -1
        deepest = max(deepest, now)
    return deepest


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object, or raise ValueError if a key comes twice."""
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError("an object has the same key twice")
    return value


def refuse_constant(name: str) -> NoReturn:
    """Refuse ``NaN``, ``Infinity`` and ``-Infinity``, which JSON does not have."""
    raise ValueError(f"{name} is not a JSON number")


def finite(text: str) -> float:
    """Read a number, or raise ValueError if a float cannot hold it."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is too large a number")
    return value


def whole(text: str) -> int:
    """Read a whole number, or raise ValueError if it is far beyond any that is meant."""
    if len(text) > MOST_DIGITS:
        raise ValueError(f"{text[:20]}… is too large a number")
    return int(text)
