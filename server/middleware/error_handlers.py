"""Every error of the application as ``application/problem+json``, Flask's own too."""

import logging

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.http import HTTP_STATUS_CODES

from server.problems import CODES, MEDIA_TYPE, Problem, document

logger = logging.getLogger("server.middleware.error_handlers")


def register(app: Flask, retry_after: int) -> None:
    """Answer every error of `app` with a problem document.

    Parameters
    ----------
    app : flask.Flask
    retry_after : int
        Seconds that a 503 asks a client to wait, unless the problem says otherwise.
    """

    def answer(error: Exception) -> Response:
        if isinstance(error, HTTPException) and (error.code is None or error.code < 400):
            return Response(status=error.code, headers=error.get_headers())  # a redirect, no error
        return response(as_problem(error), retry_after)

    app.register_error_handler(Exception, answer)


def as_problem(error: Exception) -> Problem:
    """Return the problem that an error of any kind is to the client."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return from_werkzeug(error)
    logger.exception("fault in request %s", g.request_id, exc_info=error)
    return Problem("internal_error", "the service failed; the fault has been logged")


def from_werkzeug(error: HTTPException) -> Problem:
    """Say what Flask and Werkzeug refuse by themselves: no such route, wrong method …"""
    status = error.code or 500
    code = CODES.get(status, "bad_request" if status < 500 else "internal_error")
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    problem = Problem(code, detail_of(error), headers)
    problem.status = status
    return problem


def detail_of(error: HTTPException) -> str:
    """Say what was wrong in words that fit a service for programs."""
    if isinstance(error, NotFound):
        return f"there is nothing at {request.path[:100]}"
    if isinstance(error, MethodNotAllowed):
        methods = ", ".join(sorted(error.valid_methods or ()))
        return f"{request.path[:100]} takes {methods}, not {request.method[:20]}"
    return error.description or HTTP_STATUS_CODES.get(error.code or 0, "")


def response(problem: Problem, retry_after: int) -> Response:
    """Turn a problem into the answer that says so."""
    g.problem = problem.code
    body = document(problem.code, problem.detail, g.request_id, problem.status, **problem.extra)
    headers = {"Cache-Control": "no-store"} | problem.headers
    if problem.status == 503:
        headers.setdefault("Retry-After", str(retry_after))
    return Response(body, problem.status, headers, content_type=MEDIA_TYPE)
