"""The head of a request, read once and strictly, and written anew for gunicorn.

RFC 9112 lets a recipient be lenient in many places. Two programs that are lenient in different ways
see different requests in the same bytes, and that is how a request is smuggled past one of them. So
what has no single reading is refused, and gunicorn's parser gets a head that this file has written.
"""

import re
from collections.abc import Sequence

from server import problems
from server.config import MAX_HEADER_FIELD, MAX_HEADER_FIELDS, MAX_REQUEST_LINE
from server.problems import Problem

REQUEST_LINE = re.compile(rb"([A-Z-]{3,20}) ([\x21\x22\x24-\x7e]+) HTTP/1\.([0-9])")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)")
HOST = rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?"
HOST_FIELD = re.compile(HOST)
ABSOLUTE = re.compile(rb"https?://(?![/?:])(" + HOST + rb")((?:[/?].*)?)", re.IGNORECASE)
"""An address with a host in it, as clients send to proxies (RFC 9112, section 3.2.2)."""

DIGITS = re.compile(rb"[0-9]+")
LONGEST_LENGTH = 10
"""Most digits of a ``Content-Length``."""

MOST_LINES = 1 + MAX_HEADER_FIELDS

ONCE = (b"host", b"content-length", b"content-type", b"transfer-encoding")
"""Fields that mean nothing certain when they are there twice."""

OF_THE_CONNECTION = {
    *(b"connection", b"keep-alive", b"proxy-connection", b"upgrade", b"http2-settings"),
    *(b"content-length", b"transfer-encoding", b"te", b"trailer", b"expect"),
}
"""Fields that are dealt with here and not handed on; `Head.rewritten` writes its own."""


class Head:
    """The head of a request, split into its parts.

    Parameters
    ----------
    lines : sequence of bytes
        The lines, without their ends. They may be malformed: `check` tells.

    Attributes
    ----------
    method, target : bytes
    minor : int
        The version is HTTP/1.minor.
    fields : list of (bytes, bytes)
        Names in lower case, and values.
    """

    def __init__(self, lines: Sequence[bytes]) -> None:
        self.lines = lines
        self.method, self.target, *rest = (*lines[0].split(b" ", 2), b"", b"")
        self.minor = 0 if rest[0] == b"HTTP/1.0" else 1
        pairs = (line.partition(b":") for line in lines[1:])
        self.fields = [(name.lower(), value.strip(b" \t")) for name, _, value in pairs]

    def get(self, name: bytes) -> bytes | None:
        """Return the value of the first field of that name, in lower case; None without one."""
        return next((value for found, value in self.fields if found == name), None)

    def check(self) -> None:
        """Refuse a head that is too large, malformed, or may be read in two ways.

        Raises
        ------
        Problem
        """
        line, *fields = self.lines
        if len(line) > MAX_REQUEST_LINE:
            raise refusal(414)
        if any(len(field) > MAX_HEADER_FIELD for field in fields):
            raise refusal(431)
        if not REQUEST_LINE.fullmatch(line):
            raise malformed("the first line must be a method, an address and HTTP/1.1", line)
        for field in fields:
            if not FIELD.fullmatch(field):
                raise malformed("a field must be a name, a colon and a value on one line", field)
        self._check_repeated()
        self._check_framing()
        if self.get(b"expect") is not None and not self.awaits_continue and self.minor:
            raise refusal(417, "only 100-continue can be expected")
        self._check_address()

    def _check_repeated(self) -> None:
        names = [name for name, _ in self.fields]
        for name in ONCE:
            if names.count(name) > 1:
                raise malformed("a field that may be there once is there twice", name)

    def _check_framing(self) -> None:
        """Refuse what leaves open where the body ends (RFC 9112, section 6)."""
        coding, length = self.get(b"transfer-encoding"), self.get(b"content-length")
        if coding is not None and (length is not None or self.minor == 0):
            raise malformed("Transfer-Encoding must come alone, and with HTTP/1.1", coding)
        if coding is not None and coding.lower() != b"chunked":
            detail = "the only transfer coding that is taken is chunked"
            raise refusal(501, detail)
        if length is not None and not DIGITS.fullmatch(length):
            raise malformed("Content-Length must be one number, in digits", length)
        if length is not None and len(length) > LONGEST_LENGTH and length.startswith(b"0"):
            raise malformed(f"Content-Length must have at most {LONGEST_LENGTH} digits", length)

    def _check_address(self) -> None:
        """Refuse a request that does not say which host and which address it is for."""
        host = self.get(b"host")
        if self.minor and host is None:
            raise malformed("a request must have a Host", self.lines[0])  # section 3.2
        if host is not None and not HOST_FIELD.fullmatch(host):
            raise malformed("Host must be a name and, maybe, a port", host)
        of_server = (self.method, self.target) == (b"OPTIONS", b"*")
        if not (self.target.startswith(b"/") or of_server or ABSOLUTE.fullmatch(self.target)):
            raise malformed("an address must begin with / or http://", self.target)

    @property
    def body_length(self) -> int | None:
        """Bytes of the body; None if it comes in chunks.

        Of a longer number this is the beginning, which is above 10 ** `LONGEST_LENGTH` as well.
        """
        if self.get(b"transfer-encoding") is not None:
            return None
        return int((self.get(b"content-length") or b"0")[: LONGEST_LENGTH + 1])

    @property
    def awaits_continue(self) -> bool:
        """Whether the client sends its body only when told to (RFC 9110, section 10.1.1)."""
        return self.minor > 0 and (self.get(b"expect") or b"").lower() == b"100-continue"

    @property
    def keeps_connection(self) -> bool:
        """Whether the client may send another request on the connection (RFC 9112, section 9.3)."""
        values = (value for name, value in self.fields if name == b"connection")
        options = {option.strip().lower() for value in values for option in value.split(b",")}
        return b"close" not in options and (self.minor > 0 or b"keep-alive" in options)

    def rewritten(self, body_length: int) -> bytes:
        """Write the head of the same request, whose body has arrived and lies ready.

        A name with an underscore would be taken for the same name with a hyphen, or for a variable
        of the server such as ``SCRIPT_NAME``, and is left out.
        """
        target, fields = self.target, self.fields
        if match := ABSOLUTE.fullmatch(target):  # whatever Host says is ignored then
            host, target = match[1], match[2] if match[2].startswith(b"/") else b"/" + match[2]
            fields = [(b"host", host), *((n, v) for n, v in fields if n != b"host")]
        kept = [(n, v) for n, v in fields if n not in OF_THE_CONNECTION and b"_" not in n]
        kept.append((b"connection", b"keep-alive" if self.keeps_connection else b"close"))
        if body_length or self.get(b"content-length") or self.body_length is None:
            kept.append((b"content-length", b"%d" % body_length))
        lines = [b"%s %s HTTP/1.%d" % (self.method, target, self.minor)]
        return b"\r\n".join([*lines, *map(b": ".join, kept), b"", b""])


def refusal(status: int, detail: str = "") -> Problem:
    """Refuse with the problem that belongs to a status, in its usual words if there are any."""
    code = problems.CODES[status]
    return Problem(code, problems.DETAILS.get(code, detail))


def malformed(expectation: str, found: bytes) -> Problem:
    """Say what is expected and what came instead."""
    return Problem("bad_request", f"{expectation}, got {problems.shown(found.decode('latin-1'))}")
