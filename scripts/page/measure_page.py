#!/usr/bin/env python3
"""Measure the page: seconds to an answer while somebody draws, bytes, Lighthouse's scores.

    python scripts/page/measure_page.py
    python scripts/page/measure_page.py --url http://127.0.0.1:8000
    npm install --no-save lighthouse && python scripts/page/measure_page.py --lighthouse

Needs Chromium and Playwright (the `test` extra); Lighthouse also needs Node.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.training.environment import use_environment

use_environment()

from scripts.clients.browser import (
    COUNT_REQUESTS,
    FLAGS,
    SIZES,
    browser,
    find_chromium,
    open_page,
    service,
    settle,
)

CATEGORIES = ("performance", "accessibility", "best-practices")
AT_LEAST = 95
ATTEMPTS = 3

# From the last movement of the pen to the first change of a bar, in the browser's own time.
STOPWATCH = """() => {
  let moved = 0;
  window.delays = [];
  const started = () => (moved = performance.now());
  document.getElementById("sheet").addEventListener("pointermove", started, true);
  const watch = new MutationObserver(() => {
    if (moved) window.delays.push(performance.now() - moved);
    moved = 0;
  });
  for (const bar of document.querySelectorAll(".bar-fill")) {
    watch.observe(bar, { attributes: true });
  }
}"""


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 1 if it fails or Lighthouse's scores are too low, else 0."""
    options = parse(argv)
    try:
        return measure(options)
    except (ImportError, OSError) as error:
        print(f"measure_page.py: {error}", file=sys.stderr)
        return 1


def measure(options: argparse.Namespace) -> int:
    """Measure the page; return 1 if Lighthouse was run and its scores are too low, else 0."""
    with service(options.url) as url:
        with browser() as running:
            weigh(running, url)
            time_answers(running, url, options.movements)
        return lighthouse(url) if options.lighthouse else 0


def weigh(running: Any, url: str) -> None:
    """Print how many bytes the first visit transfers."""
    page = running.new_context(viewport=SIZES["desktop"]).new_page()
    page.add_init_script(COUNT_REQUESTS)
    sizes: dict[str, list[int]] = {}

    def note(request: Any) -> None:
        measured = request.sizes()
        total = measured["responseBodySize"] + measured["responseHeadersSize"]
        sizes.setdefault(request.resource_type, []).append(total)

    page.on("requestfinished", note)
    page.goto(url)
    settle(page)
    page.context.close()
    for kind, found in sorted(sizes.items()):
        print(f"{kind:12} {len(found):3} files {sum(found) / 1000:7.1f} kB")
    every = [size for found in sizes.values() for size in found]
    print(f"{'in all':12} {len(every):3} files {sum(every) / 1000:7.1f} kB over the wire")


def time_answers(running: Any, url: str, movements: int) -> None:
    """Print how long the page takes from a movement of the pen to the answer."""
    page = open_page(running, url, viewport=SIZES["desktop"])
    page.click("[aria-label='Sample 7']")
    settle(page)
    page.evaluate(STOPWATCH)
    box = page.locator("#sheet").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 200)
    page.mouse.down()
    for i in range(movements):
        page.mouse.move(box["x"] + 60 + 300 * i / movements, box["y"] + 200 + i % 2)
        page.wait_for_timeout(150)
    page.mouse.up()
    delays = sorted(page.evaluate("window.delays"))
    page.context.close()
    print(
        f"answer after a movement: median {statistics.median(delays):.0f} ms, "
        f"95 % within {delays[int(0.95 * len(delays))]:.0f} ms, slowest {delays[-1]:.0f} ms "
        f"({len(delays)} movements)"
    )


def lighthouse(url: str) -> int:
    """Let Lighthouse judge the page as a phone and as a desktop would see it."""
    worst = 100
    for form in ("mobile", "desktop"):
        for name, score in scores(url, form).items():
            print(f"Lighthouse, {form}: {name} {score}")
            worst = min(worst, score)
    return 0 if worst >= AT_LEAST else 1


def scores(url: str, form: str) -> dict[str, int]:
    """Run Lighthouse once."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = ["npx", "--no-install", "lighthouse", url, "--quiet", "--output=json"]
        command += [f"--output-path={report}", f"--only-categories={','.join(CATEGORIES)}"]
        command += [f"--chrome-flags={' '.join(FLAGS)}"]
        command += ["--preset=desktop"] if form == "desktop" else []
        environ = os.environ | {"CHROME_PATH": find_chromium()}
        for _ in range(ATTEMPTS):  # sometimes it fails to record the page
            if subprocess.run(command, check=False, env=environ, cwd=ROOT).returncode == 0:
                break
        found = json.loads(report.read_text())["categories"]
    return {name: round(100 * found[name]["score"]) for name in CATEGORIES}


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", help="a running service; one is started without it")
    parser.add_argument("--movements", type=int, default=60, help="of the pen (default: 60)")
    parser.add_argument("--lighthouse", action="store_true", help="run Lighthouse, too")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
