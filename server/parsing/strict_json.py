"""JSON and base64 read as their standards say, without the leniency of the usual parsers.

Two readers of the same text must not see different things, so what is ambiguous is refused:
``NaN``, duplicate keys, lone surrogates, padding that does not fit.
"""

import base64
import binascii
import json
import math
import re
from typing import Any, NoReturn

from server.config import MAX_JSON_VALUES
from server.problems import Problem

# RFC 2397. Neither the scheme (RFC 3986, section 3.1) nor the mark minds capitals.
DATA_URL = re.compile(r"[ \t\r\n]*data:[^,]{0,100},", re.ASCII | re.IGNORECASE)
BASE64_MARK = re.compile(r"; *base64 *,$", re.IGNORECASE)
WHITE_SPACE = b" \t\r\n"
FOREIGN = re.compile(rb"[^A-Za-z0-9+/=]")
MOST_DIGITS = 1000  # the largest float has 309


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
    except RecursionError:
        raise Problem("not_json", "the body is nested too deeply") from None
    except UnicodeEncodeError:
        raise Problem("not_json", "the body has half of a surrogate pair in a string") from None
    except UnicodeDecodeError:
        raise Problem("not_json", "the body is not UTF-8") from None
    except ValueError as error:
        raise Problem("not_json", f"the body is not valid JSON: {error}") from None
    return value


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


def decode_base64(text: str) -> bytes:
    """Decode base64 (RFC 4648 section 4), with or without a data URL's prefix and white space.

    Raises
    ------
    Problem
        ``not_base64``: a wrong character, wrong padding, or bits that no encoder would write.
    """
    prefix = DATA_URL.match(text)
    if prefix and not BASE64_MARK.search(prefix.group()):
        raise Problem("not_base64", "a data URL must say ;base64 before its comma")
    try:
        encoded = text[prefix.end() if prefix else 0 :].encode("ascii").translate(None, WHITE_SPACE)
        data = base64.b64decode(encoded, validate=True)
    except UnicodeEncodeError:
        raise Problem("not_base64", "the picture has characters that base64 does not") from None
    except binascii.Error as error:
        raise Problem("not_base64", f"the picture is not {why_not(encoded, error)}") from None
    if base64.b64encode(data) != encoded:
        raise Problem("not_base64", "the picture is not canonical base64: its end is not clean")
    return data


def why_not(encoded: bytes, error: binascii.Error) -> str:
    """Say what is wrong with base64 that does not decode, in words that help to mend it."""
    found = FOREIGN.search(encoded)
    if not found:
        return f"valid base64: {str(error).lower()}"
    if found.group() in b"-_":
        return "standard base64: send + and / (RFC 4648, section 4), not - and _"
    return f"valid base64, which has no {chr(found.group()[0])!r}"
