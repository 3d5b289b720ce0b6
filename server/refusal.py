"""A problem as a whole HTTP answer, for requests that never reach the application."""

from http import HTTPStatus

from server import problems, security
from server.problems import Problem


def reply(problem: Problem, identity: str, with_body: bool = True) -> bytes:
    """Write the whole HTTP answer that tells a client of a problem."""
    body = problems.document(problem.code, problem.detail, identity, **problem.extra)
    headers = {
        "Content-Type": problems.MEDIA_TYPE,
        "Content-Length": str(len(body)),
        "Connection": "close",
        "X-Request-Id": identity,
        **problem.headers,
        **security.HEADERS,
    }
    lines = [f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
    return head + (body if with_body else b"")
