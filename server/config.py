"""Every setting of the service, once: its name, its default and what it means.

A setting is read from the environment variable of the same name in capitals, so ``max_pixels`` is
``MAX_PIXELS``. The numbers of the HTTP contract (limits, time-outs, formats) come from here and
from nowhere else.
"""

import dataclasses
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
"""The picture formats that are read, by Pillow's names."""

MEDIA_TYPES = tuple(f"image/{name.lower()}" for name in IMAGE_FORMATS)
"""What those formats are called in a ``Content-Type``."""

MAX_JSON_VALUES = 100_000
"""Most values in the JSON of a request with pictures, which needs a handful."""

MAX_FORM_FIELDS = 100
"""Most fields in a form, which needs a handful."""

MAX_REQUEST_LINE = 4094
MAX_HEADER_FIELDS = 64
MAX_HEADER_FIELD = 8190
"""Largest first line of a request, most fields of its header, and largest of them, in bytes."""

LIMITS = (
    "max_body_bytes",
    "max_pixels",
    "max_webp_pixels",
    "max_jpeg_pixels",
    "max_decoded_bytes",
    "max_total_pixels",
    "max_images",
    "max_marks",
    "max_inputs",
    "picture_milliseconds",
    "batch_milliseconds",
    "read_milliseconds",
    "receive_timeout",
)
"""Settings that a client has to keep to; ``GET /model`` tells them."""


HIGHEST_PORT = 65535

ORIGIN = re.compile(r"\*|null|[a-z][a-z0-9+.-]*://[^/\s]+")
"""What a browser sends as ``Origin``, or any."""


def setting(default: Any, meaning: str, *, low: int | None = None) -> Any:
    """Declare a setting; numbers below `low` are refused."""
    return field(default=default, metadata={"meaning": meaning, "low": low})


class SettingError(ValueError):
    """A setting with which the service cannot run; the message is one sentence."""


@dataclass(frozen=True)
class Config:
    """The settings of one running service."""

    host: str = setting(
        "0.0.0.0", "address to listen on; :: is IPv6 too, unix:/path a socket in the file system"
    )
    port: int = setting(8000, "port to listen on", low=0)
    web_concurrency: int = setting(2, "worker processes; one per core is right", low=1)
    threads: int = setting(4, "threads per worker, so that one slow picture stops nobody", low=1)
    queue_limit: int = setting(
        32, "whole requests that may wait per worker; more are answered 503 at once", low=0
    )
    connection_limit: int = setting(800, "connections held open per worker", low=1)
    backlog: int = setting(256, "connections that the system may hold back for all workers", low=1)
    retry_after: int = setting(1, "seconds that a 503 asks a client to wait", low=1)
    receive_timeout: int = setting(
        30, "seconds a client has to send a whole request; then it is answered 408", low=1
    )
    keepalive: int = setting(
        95, "seconds an idle connection is kept, above the 60 to 90 of usual routers", low=0
    )
    worker_timeout: int = setting(
        20, "seconds after which a worker that shows no sign of life is replaced", low=0
    )
    graceful_timeout: int = setting(
        20, "seconds that requests in flight have to end after SIGTERM or SIGHUP", low=1
    )
    max_requests: int = setting(
        0, "requests after which a worker is replaced by a new one; 0 is never", low=0
    )
    max_requests_jitter: int = setting(
        0, "up to so many requests more, at random, so that workers do not all go at once", low=0
    )
    max_body_bytes: int = setting(
        8 * 1024 * 1024, "largest request body, in bytes; more is answered 413", low=1
    )
    max_pixels: int = setting(
        16_000_000, "largest picture, in pixels, checked before it is decoded", low=1
    )
    max_webp_pixels: int = setting(
        2_300_000, "the same for WebP, whose decoder takes four times the memory", low=1
    )
    max_jpeg_pixels: int = setting(
        25_000_000, "the same for JPEG, unless progressive: it is decoded smaller", low=1
    )
    max_decoded_bytes: int = setting(
        37_000_000,
        "most memory that a decoder may take for a picture, in bytes: 4 a pixel for a PNG in "
        "colour, 3 for most progressive JPEG",
        low=1,
    )
    max_total_pixels: int = setting(
        32_000_000, "most pixels of all pictures of one request together", low=1
    )
    max_images: int = setting(32, "most pictures in one request", low=1)
    max_marks: int = setting(
        256, "most marks, digits or pieces of one, in a picture of a number", low=1
    )
    max_inputs: int = setting(
        256, "most inputs in one request of the Open Inference Protocol", low=1
    )
    picture_milliseconds: int = setting(
        220, "processor time that finding the digit in one picture may take; 0 is any", low=0
    )
    batch_milliseconds: int = setting(
        2000, "the same for all pictures of one request together; 0 is any", low=0
    )
    read_milliseconds: int = setting(
        900, "processor time that reading a picture of numbers may take; 0 is any", low=0
    )
    model: str = setting("digits", "name of a shipped network, or path of an .npz file")
    cors_origins: str = setting(
        "", "origins whose pages may call the API, separated by commas; * is any, empty is none"
    )
    api_keys: str = setting(
        "", "keys, separated by commas, of which a request for a reading needs one; none if empty"
    )
    rate_limit: int = setting(
        0, "requests a minute for each key or address; more are answered 429; 0 is any", low=0
    )
    script_name: str = setting(
        "",
        "path below which the service is, such as /digits, if the proxy leaves it in the address",
    )
    trusted_proxies: int = setting(
        0,
        "proxies in front, one behind the other, whose X-Forwarded-For, -Proto, -Host and -Prefix "
        "are believed",
        low=0,
    )
    frame_ancestors: str = setting(
        "", "sites that may show the page in a frame, such as https://huggingface.co; none if empty"
    )
    hsts: str = setting(
        "max-age=63072000", "Strict-Transport-Security of answers over HTTPS; none if empty"
    )
    training_room: int = setting(
        0, "1 opens /train, where networks are trained on the cores of this machine", low=0
    )
    log_level: str = setting("info", "debug, info, warning or error")

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str] = os.environ, **overrides: Any
    ) -> "Config":
        """Read the settings from `environ`; what `overrides` names is not looked up.

        Raises
        ------
        SettingError
            If a variable does not hold what its setting needs.
        """
        values: dict[str, Any] = {
            item.name: parse(item, environ[item.name.upper()])
            for item in dataclasses.fields(cls)
            if environ.get(item.name.upper()) and item.name not in overrides
        }
        return cls(**values, **overrides)

    @property
    def bind(self) -> str:
        """What gunicorn listens on, as it writes addresses."""
        if self.host.startswith("unix:"):
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def names(cls) -> frozenset[str]:
        """Return the names of all settings, as in the environment."""
        return frozenset(item.name.upper() for item in dataclasses.fields(cls))

    @classmethod
    def meaning(cls, name: str) -> str:
        """Return what a setting means, in words."""
        found = next(item for item in dataclasses.fields(cls) if item.name == name)
        return str(found.metadata["meaning"])

    def __post_init__(self) -> None:
        """Refuse numbers that make no sense."""
        for item in dataclasses.fields(self):
            value, low = getattr(self, item.name), item.metadata["low"]
            if low is not None and value < low:
                raise SettingError(f"`{item.name.upper()}` must be at least {low}, got {value}")
        if self.port > HIGHEST_PORT:
            raise SettingError(f"`PORT` must be at most {HIGHEST_PORT}, got {self.port}")
        for origin in self.allowed_origins:
            if not ORIGIN.fullmatch(origin):
                raise SettingError(
                    f"`CORS_ORIGINS` must hold origins such as https://example.org, got {origin!r}"
                )
        if self.log_level.lower() not in ("debug", "info", "warning", "error"):
            raise SettingError(
                f"`LOG_LEVEL` must be debug, info, warning or error, got {self.log_level!r}"
            )

    @property
    def allowed_origins(self) -> frozenset[str]:
        """The entries of ``cors_origins``."""
        return entries(self.cors_origins)

    @property
    def keys(self) -> frozenset[str]:
        """The entries of ``api_keys``."""
        return entries(self.api_keys)


def entries(text: str) -> frozenset[str]:
    """Take a list with commas apart."""
    return frozenset(filter(None, (part.strip() for part in text.split(","))))


def parse(item: "dataclasses.Field[Any]", text: str) -> int | str:
    """Turn a variable's text into the type of its setting."""
    if item.type is str:
        return text
    try:
        return int(text)
    except ValueError:
        raise SettingError(f"`{item.name.upper()}` must be a whole number, got {text!r}") from None
