"""Base64 read as its standard says, with or without a data URL around it.

Both alphabets are taken, that of RFC 4648 section 4 and the URL-safe one of section 5, the latter
without padding too. Two readers of the same text must not see different things, so what is
ambiguous is refused, such as padding that does not fit, or both alphabets at once.
"""

import base64
import binascii
import re

from server.problems import Problem

# RFC 2397. Neither the scheme (RFC 3986, section 3.1) nor the mark minds capitals.
DATA_URL = re.compile(r"[ \t\r\n]*data:[^,]{0,100},", re.ASCII | re.IGNORECASE)
BASE64_MARK = re.compile(r"; *base64 *,$", re.IGNORECASE)
WHITE_SPACE = b" \t\r\n"
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
FOREIGN = re.compile(rb"[^A-Za-z0-9+/=]")


def decode_base64(text: str) -> bytes:
    """Decode base64 (RFC 4648), with or without a data URL's prefix and white space.

    Raises
    ------
    Problem
        ``not_base64``: a character that base64 does not have, wrong padding, or stray bits at
        the end that no encoder would write.
    """
    prefix = DATA_URL.match(text)
    if prefix and not BASE64_MARK.search(prefix.group()):
        raise Problem("not_base64", "a data URL must say ;base64 before its comma")
    try:
        encoded = text[prefix.end() if prefix else 0 :].encode("ascii").translate(None, WHITE_SPACE)
        encoded = standard(encoded)
        data = base64.b64decode(encoded, validate=True)
    except UnicodeEncodeError:
        raise Problem("not_base64", "the picture has characters that base64 does not") from None
    except binascii.Error as error:
        raise Problem("not_base64", f"the picture is not {explain_error(encoded, error)}") from None
    if base64.b64encode(data) != encoded:
        raise Problem("not_base64", "the picture is not canonical base64: its end is not clean")
    return data


def standard(encoded: bytes) -> bytes:
    """Return URL-safe base64 (RFC 4648, section 5) in the standard alphabet, padded.

    Text of the standard alphabet, or of both, is returned as it is.
    """
    if not any(sign in encoded for sign in b"-_") or any(sign in encoded for sign in b"+/"):
        return encoded
    padding = b"" if b"=" in encoded else b"=" * (-len(encoded) % 4)
    return encoded.translate(_TO_STANDARD) + padding


def explain_error(encoded: bytes, error: binascii.Error) -> str:
    """Say what is wrong with base64 that does not decode, in words that help to mend it."""
    found = FOREIGN.search(encoded)
    if not found:
        return f"valid base64: {str(error).lower()}"
    if found.group() in b"-_":
        return "valid base64: it has the signs of both alphabets, + or / and - or _"
    return f"valid base64, which has no {chr(found.group()[0])!r}"
