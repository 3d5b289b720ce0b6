"""Headers that keep browsers strict, and the origins that may call from elsewhere (CORS)."""

from flask import Flask, Response, request

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    # The page takes pictures with the camera, and needs nothing else of the device.
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
}
"""Sent with every answer, errors too."""

TRANSPORT_SECURITY = "max-age=63072000; includeSubDomains"
EXPOSED = "ETag, Retry-After, X-Request-Id"
PREFLIGHT_SECONDS = "7200"


def add_headers(response: Response) -> Response:
    """Add `HEADERS`, and where the request came encrypted the wish that it always may."""
    response.headers.extend(HEADERS)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = TRANSPORT_SECURITY
    return response


def register(app: Flask, origins: frozenset[str]) -> None:
    """Add the headers to every answer of `app`, and CORS for `origins` (``*`` is any)."""
    app.after_request(add_headers)
    if origins:
        app.after_request(lambda response: allow_origin(response, origins))


def allow_origin(response: Response, origins: frozenset[str]) -> Response:
    """Tell the browser of an allowed origin that its page may read this answer."""
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin is None or not ({"*", origin} & origins):
        return response
    response.headers["Access-Control-Allow-Origin"] = "*" if "*" in origins else origin
    response.headers["Access-Control-Expose-Headers"] = EXPOSED
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        response.headers["Access-Control-Allow-Methods"] = ", ".join(sorted(response.allow))
        response.headers["Access-Control-Allow-Headers"] = "Content-Type, X-Request-Id"
        response.headers["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
    return response
