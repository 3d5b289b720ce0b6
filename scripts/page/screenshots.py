#!/usr/bin/env python3
"""Take screenshots of the page's main states, at the widths of a phone, a tablet and a desktop.

    python scripts/page/screenshots.py                                # into docs/images/page
    python scripts/page/screenshots.py --out /tmp/pictures --only drawn number
    python scripts/page/screenshots.py --url http://127.0.0.1:8000    # of a service that is running

Needs Chromium and Playwright (the `test` extra).
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.training.environment import use_environment

use_environment()

from scripts.clients.browser import SIZES, browser, draw, open_page, service, settle
from scripts.training.options import require_writable_folder

THREE = "31,24 37,16 48,13 60,17 65,27 60,38 48,45 61,50 68,61 64,75 53,84 40,84 30,76"


def empty(page: Any) -> None:
    """Nothing drawn yet."""


def drawn(page: Any) -> None:
    """A digit, drawn and read."""
    draw(page, THREE)


def number(page: Any) -> None:
    """A number of several digits."""
    page.get_by_label("A number").check()
    for digit in "2048":
        page.click(f"[aria-label='Sample {digit}']")


def convolution(page: Any) -> None:
    """The arithmetic of one convolution."""
    drawn(page)
    page.locator("#layers").scroll_into_view_if_needed()
    settle(page)
    page.locator(".layer[data-kind=Conv2D] button").nth(1).press("Enter")
    page.wait_for_selector(".equation strong")
    page.locator("#inspector").evaluate("node => node.scrollIntoView({ block: 'end' })")


def scores(page: Any) -> None:
    """How the ten scores are computed."""
    drawn(page)
    page.locator("#layers").scroll_into_view_if_needed()
    settle(page)
    page.locator(".layer[data-kind=Dense] button").last.press("Enter")
    page.wait_for_selector(".term-text")
    page.locator("#inspector").evaluate("node => node.scrollIntoView({ block: 'end' })")


def away(page: Any) -> None:
    """The service does not answer."""
    page.context.set_offline(True)
    drawn(page)
    page.wait_for_selector("#offline:not([hidden])")


STATES: dict[str, Callable[[Any], None]] = {
    state.__name__: state for state in (empty, drawn, number, convolution, scores, away)
}
IN_THE_DARK = {"drawn", "convolution"}


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = parse(argv)
    try:
        require_writable_folder(options.out)
        photograph_all(options)
    except (ImportError, OSError) as error:
        print(f"screenshots.py: {error}", file=sys.stderr)
        return 1
    return 0


def photograph_all(options: argparse.Namespace) -> None:
    """Take a screenshot of every requested state, at every width."""
    with service(options.url) as url, browser() as running:
        for state in options.only:
            for size in SIZES:
                schemes = ("light", "dark") if state in IN_THE_DARK else ("light",)
                for scheme in schemes:
                    photograph(running, url, state, size, scheme, options.out)


def photograph(running: Any, url: str, state: str, size: str, scheme: str, out: Path) -> None:
    """Bring the page into one state and keep a picture of it."""
    window = {"viewport": SIZES[size], "color_scheme": scheme, "reduced_motion": "reduce"}
    density = 2 if size == "phone" else 1
    page = open_page(running, url, device_scale_factor=density, **window)
    STATES[state](page)
    settle(page)
    file = out / f"{state}-{size}{'-dark' if scheme == 'dark' else ''}.png"
    file.write_bytes(compressed(page.screenshot()))
    page.context.close()
    print(f"{file}: {file.stat().st_size / 1000:.0f} kB")


def compressed(png: bytes) -> bytes:
    """Save a picture with its 256 best colours: a third of the size."""
    from PIL import Image

    image = Image.open(io.BytesIO(png)).convert("RGB")
    file = io.BytesIO()
    image.quantize(256, kmeans=4, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=ROOT / "docs/images/page", metavar="FOLDER")
    parser.add_argument("--only", nargs="+", choices=STATES, default=list(STATES), metavar="STATE")
    parser.add_argument("--url", help="a running service; one is started without it")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
