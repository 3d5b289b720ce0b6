"""A problem as a whole HTTP answer, for requests that never reach the application."""

from email.utils import formatdate
from http import HTTPStatus

from server import problems
from server.middleware import security_headers
from server.problems import Problem


def reply(
    problem: Problem,
    identity: str,
    with_body: bool = True,
    origin: str | None = None,
    origins: frozenset[str] = frozenset(),
) -> bytes:
    """Write the whole HTTP answer that tells a client of a problem.

    Parameters
    ----------
    problem : Problem
    identity : str
        The id of the request.
    with_body : bool
        False for an answer to HEAD.
    origin : str, optional
        Of the page that asks.
    origins : frozenset of str
        Those whose pages may read the answer.
    """
    body = problems.document(problem.code, problem.detail, identity, **problem.extra)
    headers = {
        "Date": formatdate(usegmt=True),
        "Content-Type": problems.MEDIA_TYPE,
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "Connection": "close",
        "X-Request-Id": identity,
        **problem.headers,
        **security_headers.HEADERS,
        **security_headers.origin_headers(origin, origins),
    }
    lines = [f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head + (body if with_body else b"")
