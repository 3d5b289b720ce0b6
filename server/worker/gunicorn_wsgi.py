"""The application, called through gunicorn's own parser and response.

All that this package uses of gunicorn's insides is here and in the class that
`server.worker.buffering` builds on. `check` tries it out when a worker is made.
"""

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import gunicorn

NEEDED = "requirements.txt says which versions have what server/worker builds on"

try:
    from gunicorn.http import wsgi
    from gunicorn.http.errors import ParseException
    from gunicorn.http.parser import RequestParser
    from gunicorn.workers.base import Worker
except ImportError as error:
    raise RuntimeError(f"gunicorn {gunicorn.__version__}: {error}; {NEEDED}") from error

__all__ = ["ParseException", "Worker", "call", "check"]

Application = Callable[[dict[str, Any], Callable[..., Any]], Any]

OF_A_WORKER = (
    *("PIPE", "alive", "app", "cfg", "log", "max_requests", "nr", "ppid", "sockets"),
    *("handle_quit", "init_process", "notify"),
)
"""What `server.worker.buffering` uses of the class that it builds on."""


def call(
    application: Application,
    worker: Any,
    head: bytes,
    body: io.BytesIO,
    connection: Any,
    closing: bool,
) -> tuple[bytes, bool]:
    """Let the application answer one request.

    Parameters
    ----------
    application : callable
        By the WSGI standard, PEP 3333.
    worker : Worker
        Only its `cfg` is used.
    head : bytes
        As `Head.rewritten` gives it: gunicorn's parser sees nothing else.
    body : io.BytesIO
    connection : Connection
        Only the addresses, `client` and `server`, are used.
    closing : bool
        Whether the answer is to say that it is the last on this connection.

    Returns
    -------
    tuple of bytes and bool
        The whole answer, and whether the connection is kept.
    """
    request = next(RequestParser(worker.cfg, iter([head]), connection.client))
    answer: list[bytes] = []
    instead_of_socket = SimpleNamespace(sendall=answer.append)
    response, environ = wsgi.create(
        request, instead_of_socket, connection.client, connection.server, worker.cfg
    )
    environ["wsgi.input"] = body
    environ["wsgi.multithread"] = True
    if closing:
        response.force_close()
    parts = application(environ, response.start_response)
    try:
        for part in parts:
            response.write(part)
        response.close()
    finally:
        if hasattr(parts, "close"):
            parts.close()
    return b"".join(answer), not response.should_close()


def check(worker: Any) -> None:
    """Refuse a version of gunicorn that lacks what is used of it, or does something else.

    Raises
    ------
    RuntimeError
        Naming the version, and what is missing.
    """

    def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "3")])
        return [environ["wsgi.input"].read()]

    head = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\n\r\n"
    nobody = SimpleNamespace(client=("127.0.0.1", 1), server=("127.0.0.1", 1))
    missing = [name for name in OF_A_WORKER if not hasattr(worker, name)]
    try:
        answer, is_kept = call(echo, worker, head, io.BytesIO(b"abc"), nobody, False)
        if not (answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"\r\n\r\nabc")):
            missing.append(f"an answer such as gunicorn 27's, got {answer[:200]!r}")
        if not is_kept:
            missing.append("connections that are kept")
    except Exception as error:
        missing.append(repr(error))
    if missing:
        raise RuntimeError(f"gunicorn {gunicorn.__version__} lacks {', '.join(missing)}; {NEEDED}")
