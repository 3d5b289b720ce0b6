"""Who may ask for readings, by a key, and how often; anyone, and always, unless it is set."""

from __future__ import annotations

import hmac
import math

from flask import Flask, request

from server.middleware.rate_limit import RateLimit, network_of
from server.problems import Problem


def register(app: Flask, keys: frozenset[str], requests_a_minute: int) -> None:
    """Ask every request for a reading for one of `keys`, and limit how many there are.

    Parameters
    ----------
    app : flask.Flask
    keys : frozenset of str
        If there are none, no request needs one.
    requests_a_minute : int
        For each key, or for each address where none was sent; 0 is any number.
    """
    limit = RateLimit(requests_a_minute) if requests_a_minute else None

    def check() -> None:
        if request.method != "POST":
            return
        key = known_key(sent_key(), keys)
        if limit is not None:
            client = f"key {key}" if key else f"from {network_of(request.remote_addr or '')}"
            if wait := limit.wait(client):
                raise too_many(requests_a_minute, wait)
        if keys and key is None:
            raise unauthorized()

    if keys or limit is not None:
        app.before_request(check)


def sent_key() -> str:
    """Return the key that a request has, in either of the headers that are usual; "" for none."""
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return key.strip()
    return request.headers.get("X-API-Key", "").strip()


def known_key(sent: str, keys: frozenset[str]) -> str | None:
    """Return the key that was sent if it is one; how long this takes tells nothing about it."""
    found = [key for key in keys if hmac.compare_digest(key.encode(), sent.encode())]
    return found[0] if found else None


def unauthorized() -> Problem:
    """Say how a key is sent."""
    detail = "this service needs a key: send it as `Authorization: Bearer KEY`"
    return Problem("unauthorized", detail, {"WWW-Authenticate": "Bearer"})


def too_many(requests_a_minute: int, wait: float) -> Problem:
    """Say when to come back."""
    detail = f"at most {requests_a_minute} requests a minute; try again in a moment"
    return Problem("too_many_requests", detail, {"Retry-After": str(math.ceil(wait))})
