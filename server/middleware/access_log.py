"""One id and one log line for every request.

The id is the client's own ``X-Request-Id`` where that is a plain token, else a new one. It is in
the answer, in every error and in the log, so that a complaint can be traced.
"""

import json
import logging
import re
import secrets
import sys
import time

from flask import Flask, Response, g, request

SANE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")

logger = logging.getLogger("server.requests")


def request_id(proposed: str | None) -> str:
    """Return the id that the client proposes, if it is sane, else a new one."""
    if proposed and SANE_ID.fullmatch(proposed):
        return proposed
    return secrets.token_hex(16)


def write(method: str, path: str, status: int, started: float, identity: str) -> None:
    """Log one request; `started` is a reading of `time.perf_counter`.

    Method and path come from the client, so they are cut short, and no line break or control
    character gets through.
    """
    duration = (time.perf_counter() - started) * 1000
    method, path = json.dumps(method[:20])[1:-1], json.dumps(path[:200])
    logger.info("%s %s status=%d ms=%.1f id=%s", method, path, status, duration, identity)


def begin() -> None:
    """Note when the request began and what it is called."""
    g.started = time.perf_counter()
    g.request_id = request_id(request.headers.get("X-Request-Id"))


def finish(response: Response) -> Response:
    """Give the answer the request's id, and write the log line."""
    response.headers["X-Request-Id"] = g.request_id
    write(request.method, request.path, response.status_code, g.started, g.request_id)
    return response


def register(app: Flask, level: str) -> None:
    """Follow every request of `app`."""
    log_to_stdout(level)
    app.before_request(begin)
    app.after_request(finish)


def log_to_stdout(level: str) -> None:
    """Send what the service logs to standard output, one line each."""
    root = logging.getLogger("server")
    root.setLevel(level.upper())
    root.propagate = False
    if not root.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        root.addHandler(handler)
