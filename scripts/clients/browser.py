"""The page in a browser: start service and browser, open the page, draw."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator
from typing import Any

import requests

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

SIZES = {
    "phone": {"width": 360, "height": 740},
    "tablet": {"width": 820, "height": 1180},
    "desktop": {"width": 1440, "height": 900},
}

# Counts the page's open requests, so that callers can wait until there are none.
COUNT_REQUESTS = """
window.asked = { open: 0, last: performance.now() };
const { fetch } = window;
window.fetch = async (...request) => {
  asked.open++;
  try {
    return await fetch(...request);
  } finally {
    asked.open--;
    asked.last = performance.now();
  }
};
"""
# The page itself waits up to 260 ms: for the pen to rest, and then for the heat map.
IS_QUIET = "() => !asked.open && performance.now() - asked.last > 500"


def find_chromium() -> str:
    """Return the browser's executable.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if name and (path := shutil.which(name))), None)
    if found is None:
        raise FileNotFoundError("no Chromium: apt install chromium, or set CHROMIUM")
    return found


@contextlib.contextmanager
def service(url: str | None = None) -> Iterator[str]:
    """Yield the address of a service: `url`, or one that runs only within the block.

    Raises
    ------
    ConnectionError
        If no service answers at `url`.
    """
    if url:
        require_service(url)
        yield url.rstrip("/")
        return
    from werkzeug.serving import WSGIRequestHandler, make_server

    from server import create_app

    class Handler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"  # keeps connections open, as gunicorn does

        def log_request(self, *_: object) -> None:
            """Say nothing."""

    app = create_app({"LOG_LEVEL": "WARNING"})
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def require_service(url: str) -> None:
    """Raise ConnectionError if nothing answers at `url`; a browser would show a page."""
    try:
        requests.get(url, timeout=10).close()
    except requests.RequestException:
        raise ConnectionError(f"no service answers at {url}") from None


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Start Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield running
        running.close()


def open_page(running: Any, url: str, **window: Any) -> Any:
    """Open the page in a window of its own and wait until it can be drawn on."""
    page = running.new_context(**window).new_page()
    page.add_init_script(COUNT_REQUESTS)
    page.goto(url)
    page.wait_for_selector("#samples button")
    page.wait_for_selector(".layer")
    return page


def draw(page: Any, *strokes: str) -> None:
    """Draw polylines ``"x,y x,y …"`` with the mouse, in hundredths of the sheet's height."""
    box = page.locator("#sheet").bounding_box()
    for stroke in strokes:
        pairs = [pair.split(",") for pair in stroke.split()]
        places = [
            (box["x"] + float(x) / 100 * box["height"], box["y"] + float(y) / 100 * box["height"])
            for x, y in pairs
        ]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()
    page.mouse.move(0, 0)


def settle(page: Any) -> None:
    """Wait until all requests are answered and painted."""
    page.evaluate("asked.last = performance.now()")  # the last action may cause a request
    page.wait_for_function(IS_QUIET)
