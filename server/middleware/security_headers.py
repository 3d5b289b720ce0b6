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
        "form-action 'self'",
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

PARTS = ("text/javascript", "text/css")
"""What a page is made of: some forty files, whose headers weigh as much as they do."""

ALLOWED = (
    "Authorization, Content-Type, If-None-Match, Inference-Header-Content-Length, "
    "X-API-Key, X-Request-Id"
)
EXPOSED = "Allow, ETag, Inference-Header-Content-Length, Retry-After, X-Request-Id"
PREFLIGHT_SECONDS = "7200"


def headers_for(frame_ancestors: str) -> dict[str, str]:
    """Return `HEADERS`, for pages that some sites may show in a frame, if any."""
    if not frame_ancestors:
        return HEADERS
    policy = CONTENT_SECURITY_POLICY.replace(
        "frame-ancestors 'none'", f"frame-ancestors 'self' {frame_ancestors}"
    )
    headers = HEADERS | {
        "Content-Security-Policy": policy,
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    del headers["X-Frame-Options"]  # it knows no list of sites
    return headers


def register(app: Flask, origins: frozenset[str], frame_ancestors: str, hsts: str) -> None:
    """Add the headers to every answer of `app`, and CORS for `origins` (``*`` is any).

    Over HTTPS the answer also wishes, by `hsts`, that it always may be.
    """
    headers = headers_for(frame_ancestors)

    def add_headers(response: Response) -> Response:
        response.headers.extend(headers)
        if response.mimetype in PARTS:
            del response.headers["Permissions-Policy"]  # it is about documents
        if request.is_secure and hsts:
            response.headers["Strict-Transport-Security"] = hsts
        return response

    if origins:
        app.after_request(lambda response: allow_origin(response, origins))
    app.after_request(add_headers)  # the last of these is the first to be called


def allow_origin(response: Response, origins: frozenset[str]) -> Response:
    """Tell the browser of an allowed origin what its page may do."""
    headers = origin_headers(request.headers.get("Origin"), origins)
    response.vary.add(headers.pop("Vary"))
    response.headers.update(headers)
    asks_first = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if headers and asks_first:
        response.headers["Access-Control-Allow-Methods"] = ", ".join(sorted(response.allow))
        response.headers["Access-Control-Allow-Headers"] = ALLOWED
        response.headers["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
    return response


def origin_headers(origin: str | None, origins: frozenset[str]) -> dict[str, str]:
    """Return the headers of an answer that pages of `origin` may read, if it is an allowed one."""
    headers = {"Vary": "Origin"} if origins else {}
    if origin is None or not ({"*", origin} & origins):
        return headers
    return headers | {
        "Access-Control-Allow-Origin": "*" if "*" in origins else origin,
        "Access-Control-Expose-Headers": EXPOSED,
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
