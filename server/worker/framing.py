"""One request at a time out of the bytes that arrive on a connection (RFC 9112).

The body is taken out of its framing here, so that nobody after this has to know where it ends. Each
byte is looked at once, however the client cuts its request into pieces, and is counted against a
limit before it is kept.
"""

import io
import re
from collections.abc import Generator

from server.problems import Problem, too_large
from server.worker.head import FIELD, LONGEST_LENGTH, MOST_LINES, Head, malformed, refusal

HEAD_LIMIT = 64 * 1024
"""Most bytes of a request's head."""

FRAMING_ALLOWANCE = 16 * 1024
FRAMING_SHARE = 8
"""The lines around the chunks of a body may take `FRAMING_ALLOWANCE` bytes, and one more for each
`FRAMING_SHARE` bytes of the body. One limit for tiny chunks, long extensions and many trailers."""

CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?")
END = b"\r\n"

Steps = Generator[None, None, None]
"""Reads on each time that it is resumed, and pauses where bytes are missing."""


class RequestReader:
    """The bytes of one connection, and the request that they begin with.

    Parameters
    ----------
    max_body_bytes : int

    Attributes
    ----------
    head : Head or None
        The head; None until it is there and in order.
    body : io.BytesIO
        The body, as far as it has come; at its beginning when the request is whole.
    """

    def __init__(self, max_body_bytes: int) -> None:
        self.limit = min(max_body_bytes, 10**LONGEST_LENGTH - 1)
        self.data = bytearray()
        self.restart()

    def restart(self) -> None:
        """Forget the request that has been answered; what came behind it is the next one."""
        self.head: Head | None = None
        self.lines: list[bytes] = []
        self.line_bytes = 0
        self._empty_body()
        self.steps = self._request()

    def clear(self) -> None:
        """Let go of all bytes; nothing more is read on this connection."""
        self.data = bytearray()
        self._empty_body()

    def _empty_body(self) -> None:
        self.body, self.body_bytes = io.BytesIO(), 0

    def feed(self, data: bytes) -> bool:
        """Take what has arrived, and return whether the request is whole.

        Raises
        ------
        Problem
            If it is not a request, or larger than it may be. Nothing more can be read then, because
            nobody knows where the next request would begin.
        """
        self.data += data
        is_whole = object()
        return next(self.steps, is_whole) is is_whole

    @property
    def has_begun(self) -> bool:
        """Whether anything of a request has come."""
        return bool(self.lines or self.data)

    @property
    def held(self) -> int:
        """Bytes in memory."""
        return len(self.data) + self.body_bytes

    def head_so_far(self) -> Head:
        """Return the head, or what has come of it, unchecked."""
        begun = [bytes(self.data[:HEAD_LIMIT]).partition(END)[0]]
        return self.head or Head(self.lines or begun)

    def _request(self) -> Steps:
        yield from self._head()
        head = Head(self.lines)
        head.check()
        self.head, self.line_bytes = head, 0
        if head.body_length is None:
            yield from self._chunks()
        else:
            yield from self._take(head.body_length)
        self.body.seek(0)

    def _head(self) -> Steps:
        """Take lines up to the first empty one; empty lines before a request are passed over."""
        while (line := (yield from self._line())) or not self.lines:
            if line:
                self.lines.append(line)
            if len(self.lines) > MOST_LINES:
                raise refusal(431)

    def _chunks(self) -> Steps:
        """Take a body in chunks (RFC 9112, section 7.1), and throw away what trails it."""
        while size := chunk_size((yield from self._line())):
            yield from self._take(size)
            while len(self.data) < len(END):
                yield
            if not self.data.startswith(END):
                raise malformed("a chunk must end where its size says", bytes(self.data[:20]))
            self._drop(len(END))
        while trailer := (yield from self._line()):
            if not FIELD.fullmatch(trailer):
                raise malformed("a trailer must be a name, a colon and a value", trailer)

    def _take(self, size: int) -> Steps:
        """Move `size` bytes to the body."""
        if self.body_bytes + size > self.limit:
            raise too_large(self.limit)
        while size > 0:
            piece = self.data[:size]
            del self.data[:size]
            self.body.write(piece)
            self.body_bytes += len(piece)
            size -= len(piece)
            if size > 0:
                yield

    def _line(self) -> Generator[None, None, bytes]:
        """Take a line, without its end."""
        searched = 0
        while (at := self.data.find(b"\n", searched)) < 0:
            searched = len(self.data)
            self._check_lines(searched)
            yield
        if at == 0 or not self.data.endswith(b"\r", at - 1, at):
            raise malformed("a line must end with CR LF", bytes(self.data[:at]))
        line = bytes(self.data[: at - 1])
        self._drop(at + 1)
        return line

    def _drop(self, size: int) -> None:
        del self.data[:size]
        self.line_bytes += size
        self._check_lines(0)

    def _check_lines(self, unfinished: int) -> None:
        """Refuse lines that take too much, the last of which has come so far."""
        size = self.line_bytes + unfinished
        if self.head is None and size > HEAD_LIMIT:
            raise Problem("headers_too_large", f"the header has more than {HEAD_LIMIT} bytes")
        if self.head and size > FRAMING_ALLOWANCE + self.body_bytes // FRAMING_SHARE:
            raise Problem("bad_request", "there is more around the chunks of the body than in them")


def chunk_size(line: bytes) -> int:
    """Read the size that a chunk begins with; extensions are passed over."""
    match = CHUNK_LINE.fullmatch(line)
    if match is None:
        raise malformed("a chunk must begin with its size, in hexadecimal digits", line)
    return int(match[1], 16)
