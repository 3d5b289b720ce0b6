"""Whole answers: the application's to whole requests, and problems for what never gets there."""

import time

from server.middleware import access_log, metrics
from server.problems import Problem
from server.worker import gunicorn_wsgi, raw_response
from server.worker.connection import Connection


def answer(worker: gunicorn_wsgi.Worker, conn: Connection) -> tuple[bytes, bool]:
    """Let the application answer, and return that and whether the connection is kept."""
    reader = conn.reader
    assert reader.head is not None  # the request is whole
    head = reader.head.rewritten(reader.body_bytes)
    is_last = not worker.alive or not worker.settings.keepalive
    try:
        return gunicorn_wsgi.call(worker.wsgi, worker, head, reader.body, conn, is_last)
    except gunicorn_wsgi.ParseException as error:
        problem = Problem("bad_request", str(error)[:200])
    except BaseException:  # SystemExit too: a thread has nobody to tell
        worker.log.exception("fault outside of the application")
        problem = Problem("internal_error", "the service failed; the fault has been logged")
    return refusal(worker, conn, problem), False


def refusal(worker: gunicorn_wsgi.Worker, conn: Connection, problem: Problem) -> bytes:
    """Write an answer that the application does not get to see, and log and count it."""
    head = conn.reader.head_so_far()
    method, path = (part.decode("latin-1") for part in (head.method, head.target))
    path = path.partition("?")[0]
    proposed, origin = (
        value.decode("latin-1") if (value := head.get(name)) else None
        for name in (b"x-request-id", b"origin")
    )
    identity = access_log.request_id(proposed)
    began = time.perf_counter() if conn.began is None else conn.began
    access_log.write(method, path, problem.status, began, identity)
    counts = worker.wsgi.extensions["services"].metrics
    counts.answered(method, "none", problem.status, time.perf_counter() - began)
    if path in metrics.WITH_PICTURES:
        counts.refused(problem.code)
    origins = worker.settings.allowed_origins
    return raw_response.reply(problem, identity, method != "HEAD", origin, origins)
