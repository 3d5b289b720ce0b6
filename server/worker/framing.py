"""How much of a request has arrived, told from its bytes alone.

Just enough of HTTP/1.1 (RFC 9112) to know where a request ends. What is malformed counts as
whole: gunicorn's parser reads it next and refuses it.
"""

from dataclasses import dataclass, field

HEAD_LIMIT = 64 * 1024
HEAD_END = b"\r\n\r\n"


@dataclass
class Arrival:
    """The bytes of one connection that no parser has had yet, and the request they begin with.

    Attributes
    ----------
    data : bytearray
        What has been received.
    line : bytes
        The line that the request begins with; empty until the whole header is there.
    fields : dict
        Header fields of the request, by lower-case name; as late.
    """

    data: bytearray = field(default_factory=bytearray)
    line: bytes = b""
    fields: dict[bytes, bytes] = field(default_factory=dict)
    body: int = 0
    end: int | None = None
    chunk: int = 0

    def restart(self) -> None:
        """Forget the request that has been handed on; what follows it is the next one."""
        self.line, self.fields, self.body, self.end = b"", {}, 0, None

    def recv(self, size: int) -> bytes:
        """Hand out received bytes; gunicorn's parser takes this for a socket."""
        piece = bytes(self.data[:size])
        del self.data[:size]
        return piece

    def is_whole(self) -> bool:
        """Whether the whole request is there."""
        if not self.body and not self.read_head():
            return False
        if self.end is None:
            self.end = self.chunks_end()
        return self.end is not None and len(self.data) >= self.end

    def read_head(self) -> bool:
        """Look for the end of the header, and there for the length of the body."""
        # Empty lines before a request are passed over (RFC 9112, section 2.2).
        del self.data[: len(self.data) - len(self.data.lstrip(b"\r\n"))]
        at = self.data.find(HEAD_END)
        if at < 0:
            return False
        lines = bytes(self.data[:at]).split(b"\r\n")
        self.line = lines[0]
        pairs = (line.partition(b":") for line in lines[1:])
        self.fields = {name.lower(): value.strip() for name, _, value in pairs}
        self.body = self.chunk = at + len(HEAD_END)
        if not self.is_chunked:
            length = self.fields.get(b"content-length", b"")
            self.end = self.body + (int(length) if length.isdigit() and len(length) < 19 else 0)
        return True

    def chunks_end(self) -> int | None:
        """Follow the chunks (RFC 9112, section 7.1) to the end of the body, if that is there."""
        while True:
            line_end = self.data.find(b"\r\n", self.chunk)
            if line_end < 0:
                return None
            size = chunk_size(bytes(self.data[self.chunk : line_end]))
            if size is None:
                return len(self.data)  # malformed
            if size == 0:
                return self.trailers_end(line_end)
            following = line_end + 2 + size + 2
            if following > len(self.data):
                return None
            self.chunk = following

    def trailers_end(self, line_end: int) -> int | None:
        """Find the empty line after the last chunk, whose own line ends at `line_end`."""
        at = self.data.find(HEAD_END, line_end)
        return at + len(HEAD_END) if at >= 0 else None

    @property
    def target(self) -> tuple[str, str]:
        """Method and address, as far as they are there."""
        line = self.line or bytes(self.data[:HEAD_LIMIT]).partition(b"\r\n")[0]
        method, path = (*line.decode("latin-1").split(" "), "", "")[:2]
        return method, path

    @property
    def is_chunked(self) -> bool:
        """Whether the body comes in chunks, without a length."""
        return b"chunked" in self.fields.get(b"transfer-encoding", b"").lower()

    @property
    def body_bytes(self) -> int:
        """Size of the body: as announced, or as far as its chunks have come, with their framing.

        That takes memory as well: bytes sent one in a chunk take six each.
        """
        if not self.body:
            return 0
        return (self.end if self.end is not None else len(self.data)) - self.body

    @property
    def awaits_continue(self) -> bool:
        """Whether the client sends its body only when told to (RFC 9110, section 10.1.1)."""
        return self.fields.get(b"expect", b"").lower() == b"100-continue"


def chunk_size(line: bytes) -> int | None:
    """Read the hexadecimal size that a chunk begins with; None if it is none."""
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > 15 or digits.strip(b"0123456789abcdefABCDEF"):
        return None
    return int(digits, 16)
