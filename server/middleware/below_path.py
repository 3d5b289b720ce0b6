"""The service below a path of its host, such as ``/digits/``.

The pages name everything relative to themselves, so they work below any path. What is here tells
the application that path where a proxy leaves it in the address, or names it in a header,
``X-Forwarded-Prefix``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class BelowPath:
    """Take a path off the addresses that begin with it; the others are answered as they are.

    Parameters
    ----------
    application : callable
        By the WSGI standard, PEP 3333.
    path : str
        Such as ``/digits``.
    """

    def __init__(self, application: Application, path: str) -> None:
        self._application = application
        self._path = "/" + path.strip("/")

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request."""
        address = environ.get("PATH_INFO", "")
        if address == self._path:  # relative addresses need the slash
            query = environ.get("QUERY_STRING", "")
            target = f"{self._path}/" + (f"?{query}" if query else "")
            start_response(
                "308 Permanent Redirect", [("Location", target), ("Content-Length", "0")]
            )
            return []
        if address.startswith(f"{self._path}/"):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self._path
            environ["PATH_INFO"] = address.removeprefix(self._path)
        return self._application(environ, start_response)


def register(app: Flask, path: str, proxies: int) -> None:
    """Believe what `proxies` in front say of the request, and take `path` off its address."""
    if path.strip("/"):
        app.wsgi_app = BelowPath(app.wsgi_app, path)  # type: ignore[method-assign]
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies, x_prefix=proxies
        )
