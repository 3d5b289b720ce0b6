"""The files of the page, kept in memory under names that carry a hash of all of them.

``static_url("js/app.js")`` is ``static/<hash>/js/app.js``, relative to the pages, wherever they
are. A browser may keep that for ever, because other contents have another address; and as the hash
stands in a folder's place, modules and style sheets that name each other relatively stay within one
version. The plain ``/static/js/app.js`` works as well, and is asked for anew each time.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from flask import Response, request
from werkzeug.exceptions import NotFound

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ts": "text/plain; charset=utf-8",  # types alone; no browser loads them
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""By suffix; the system's own table is not asked, because it differs between systems."""

COMPRESSED = (".css", ".html", ".ico", ".js", ".json", ".svg", ".txt", ".webmanifest")
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
VERSIONED = re.compile(r"[0-9a-f]{12}/")


@dataclass
class File:
    """One file as it is sent.

    Attributes
    ----------
    data : bytes
    suffix : str
        Of its name, with the dot.
    """

    data: bytes
    suffix: str

    @cached_property
    def digest(self) -> str:
        """Hash of the contents."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def zipped(self) -> bytes | None:
        """The contents compressed, if that is worth it."""
        return gzip.compress(self.data, 9, mtime=0) if self.suffix in COMPRESSED else None

    def response(self, caching: str = ASK_AGAIN) -> Response:
        """Answer the current request: compressed if the client takes that, 304 if it has it."""
        zipped = self.zipped if request.accept_encodings["gzip"] else None
        media_type = MEDIA_TYPES.get(self.suffix, "application/octet-stream")
        response = Response(zipped or self.data, content_type=media_type)
        response.headers["Cache-Control"] = caching
        response.set_etag(self.digest[:32] + ("-gzip" if zipped else ""))
        if self.zipped:
            response.vary.add("Accept-Encoding")
        if zipped:
            response.headers["Content-Encoding"] = "gzip"
        response.make_conditional(request)
        return response


@dataclass
class StaticFiles:
    """All files below one folder.

    Attributes
    ----------
    folder : Path
    files : dict
        Path relative to `folder`, with slashes → `File`.
    version : str
        Hash of all names and contents.
    """

    folder: Path
    files: dict[str, File] = field(default_factory=dict)
    version: str = ""

    def __post_init__(self) -> None:
        """Read the folder."""
        self.scan()

    def scan(self) -> None:
        """Read all files anew."""
        paths = sorted(path for path in self.folder.rglob("*") if path.is_file())
        self.files = {
            path.relative_to(self.folder).as_posix(): File(path.read_bytes(), path.suffix)
            for path in paths
        }
        listing = "".join(f"{name} {file.digest}\n" for name, file in self.files.items())
        self.version = hashlib.sha256(listing.encode()).hexdigest()[:12]

    def url(self, name: str) -> str:
        """Return the address of a file, relative to the pages, for templates.

        Raises
        ------
        ValueError
            If there is no such file.
        """
        if name not in self.files:
            raise ValueError(f"`name` must be a file below {self.folder}, got {name!r}")
        return f"static/{self.version}/{name}"

    def names(self, folder: str) -> list[str]:
        """Return the names of all files below a folder (``"js/"``), for templates."""
        return [name for name in self.files if name.startswith(folder)]

    def respond(self, name: str) -> Response:
        """Answer for ``/static/<name>``, with or without a version in front."""
        plain = VERSIONED.sub("", name, count=1) if VERSIONED.match(name) else name
        if plain not in self.files:
            raise NotFound
        current = name == f"{self.version}/{plain}"
        return self.files[plain].response(FOR_EVER if current else ASK_AGAIN)
