"""Every error of the application as ``application/problem+json``, Flask's own too."""

import logging

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.http import HTTP_STATUS_CODES

from server.problems import CODES, MEDIA_TYPE, Problem, document
from server.routes.responses import settings

logger = logging.getLogger("server.middleware.error_handlers")


def response(problem: Problem, status: int | None = None) -> Response:
    """Turn a problem into the answer that says so."""
    status = status or problem.status
    g.problem = problem.code
    body = document(problem.code, problem.detail, g.request_id, status, **problem.extra)
    headers = {"Cache-Control": "no-store"} | problem.headers
    if status == 503:
        headers.setdefault("Retry-After", str(settings().retry_after))
    return Response(body, status, headers, content_type=MEDIA_TYPE)


def from_werkzeug(error: HTTPException) -> Response:
    """Answer for what Flask and Werkzeug refuse by themselves: no such route, wrong method …"""
    if error.code is None or error.code < 400:  # a redirect is no error
        return Response(status=error.code, headers=error.get_headers())
    code = CODES.get(error.code, "bad_request" if error.code < 500 else "internal_error")
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    return response(Problem(code, detail_of(error), headers), status=error.code)


def detail_of(error: HTTPException) -> str:
    """Say what was wrong in words that fit a service for programs."""
    if isinstance(error, NotFound):
        return f"there is nothing at {request.path[:100]}"
    if isinstance(error, MethodNotAllowed):
        methods = ", ".join(sorted(error.valid_methods or ()))
        return f"{request.path[:100]} takes {methods}, not {request.method[:20]}"
    return error.description or HTTP_STATUS_CODES.get(error.code or 0, "")


def from_fault(error: Exception) -> Response:
    """Answer for a fault of our own: the trace goes to the log, never to the client."""
    logger.exception("fault in request %s", g.request_id, exc_info=error)
    return response(Problem("internal_error", "the service failed; the fault has been logged"))


def register(app: Flask) -> None:
    """Answer every error of `app` with a problem document."""
    app.register_error_handler(Problem, response)
    app.register_error_handler(HTTPException, from_werkzeug)
    app.register_error_handler(Exception, from_fault)
