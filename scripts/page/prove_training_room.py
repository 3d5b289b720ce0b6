#!/usr/bin/env python3
"""Use the training room as people do, at full scale in a real browser, and print what it took.

    python scripts/page/prove_training_room.py             # needs MNIST: scripts/download_data.py
    python scripts/page/prove_training_room.py --pictures /tmp/room

Builds, trains `live-app`, draws at it, pauses and steps, teaches five letters, trains a second run
beside the first, takes the network along and serves it, lets twenty pages watch, kills the process
that trains, and starts the service anew. Needs Chromium and Playwright (the `test` extra).
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.training.environment import use_environment

use_environment()

import requests

from scripts.clients.browser import FLAGS, SIZES, find_chromium
from scripts.clients.gunicorn_process import HOST, ROOT, end, free_port, procfile_command

PATIENCE = 300
PAGES = 20
DRAWN = 10

SEVEN = [[(0.29, 0.18), (0.71, 0.17), (0.45, 0.87)]]
LETTERS: dict[str, list[list[tuple[float, float]]]] = {
    "A": [[(0.25, 0.85), (0.5, 0.15), (0.75, 0.85)], [(0.35, 0.6), (0.65, 0.6)]],
    "E": [[(0.7, 0.15), (0.3, 0.15), (0.3, 0.85), (0.7, 0.85)], [(0.3, 0.5), (0.6, 0.5)]],
    "H": [[(0.3, 0.15), (0.3, 0.85)], [(0.7, 0.15), (0.7, 0.85)], [(0.3, 0.5), (0.7, 0.5)]],
    "K": [[(0.3, 0.15), (0.3, 0.85)], [(0.7, 0.15), (0.3, 0.5), (0.7, 0.85)]],
    "X": [[(0.25, 0.15), (0.75, 0.85)], [(0.75, 0.15), (0.25, 0.85)]],
}


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="where screenshots go")
    options = parser.parse_args(argv)
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        port = free_port()
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        with serve(port) as service:
            visit = Visit(browser, f"http://{HOST}:{port}", options.pictures)
            visit.weigh()
            visit.train()
            visit.take_along(Path(folder))
            visit.teach()
            visit.compare()
            visit.watch_by_many()
            visit.kill_training(service.pid)
            visit.begin_long()
        visit.serve_again(port)
        browser.close()
    return 0


@contextmanager
def serve(port: int, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the service within the block."""
    environ = os.environ | {"PORT": str(port), "HOST": HOST, "TRAINING_ROOM": "1"} | settings
    process = subprocess.Popen(
        [sys.executable, "-m", *procfile_command()],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait(lambda: reached(port))
        yield process
    finally:
        end(process, PATIENCE)


def reached(port: int) -> bool:
    """Return whether the service answers."""
    try:
        return requests.get(f"http://{HOST}:{port}/readyz", timeout=5).ok
    except requests.ConnectionError:
        return False


def wait(condition: Any) -> Any:
    """Wait until `condition()` is true, and return it."""
    until = time.monotonic() + PATIENCE
    while not (found := condition()):
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.05)
    return found


def say(what: str, figure: object) -> None:
    """Print one line of the record."""
    print(f"{what:<58} {figure}", flush=True)


class Visit:
    """One who uses the room."""

    def __init__(self, browser: Any, url: str, pictures: Path | None) -> None:
        self.browser, self.url, self.pictures = browser, url, pictures
        self.context = browser.new_context(viewport=SIZES["desktop"])
        self.context.set_default_timeout(PATIENCE * 1000)
        self.page = self.context.new_page()
        self.rng = random.Random(0)  # noqa: S311 - hands shake, nothing is secret

    # -- parts of a visit

    def weigh(self) -> None:
        """Open the page, and weigh what comes over the wire for it and not for the first one."""
        session = self.context.new_cdp_session(self.page)
        session.send("Network.enable")
        sizes: dict[str, float] = {}
        names: dict[str, str] = {}
        session.on(
            "Network.responseReceived",
            lambda event: names.update({event["requestId"]: event["response"]["url"]}),
        )
        session.on(
            "Network.loadingFinished",
            lambda event: sizes.update(
                {names.get(event["requestId"], ""): event["encodedDataLength"]}
            ),
        )
        self.page.goto(f"{self.url}/")
        self.page.wait_for_load_state("networkidle")
        first = set(sizes)
        self.page.goto(f"{self.url}/train")
        self.page.wait_for_load_state("networkidle")
        added = sum(size for url, size in sizes.items() if url not in first)
        say("bytes over the wire that the first page does not have", f"{added / 1000:.1f} KB")

    def train(self) -> None:
        """Train live-app, draw at it, pause, do one step, go on to the end."""
        page, began = self.page, time.perf_counter()
        page.fill("[name=epochs]", "1")
        page.click("#start")
        answers: list[int] = []
        page.on("response", lambda response: answers.append(self.is_watching(response)))
        self.state("running")
        started = time.perf_counter()
        self.draw(SEVEN)
        page.wait_for_function(READ_AT_REST)
        say("drawn at, at once", page.inner_text("#reads"))
        page.wait_for_function(HELD_97)
        say("seconds from the first step to 97 % of those held out", self.since(started))
        say("drawn at, at that moment", page.inner_text("#reads"))
        polled = time.perf_counter() - began
        say("answers about the run a second", f"{sum(answers) / polled:.1f}")
        page.click("#pause")
        self.state("paused")
        page.click("#step")
        page.wait_for_function("() => !document.getElementById('by-hand').hidden")
        say("a step by hand", page.inner_text("#by-hand-says"))
        self.shoot("paused")
        page.click("#go")
        self.state("ended")
        say("live-app, one epoch", page.inner_text("#state"))
        status = self.status()
        say("pictures a second", f"{status['images_per_second']:,}")
        say("share of the time that watching took", f"{status['watching']:.1%}")
        self.shoot("ended")

    def take_along(self, folder: Path) -> None:
        """Save the network, and serve it."""
        for name in ("weights", "onnx"):
            with self.page.expect_download() as download:
                self.page.click(f"#{name}")
            download.value.save_as(folder / name)
            say(f"{name}, bytes", f"{(folder / name).stat().st_size:,}")
        port = free_port()
        (folder / "weights").rename(folder / "that.npz")
        with serve(port, MODEL=str(folder / "that.npz"), TRAINING_ROOM="0"):
            model = requests.get(f"http://{HOST}:{port}/model", timeout=PATIENCE).json()
            say("served by MODEL=that.npz", f"{model['parameters']:,} parameters")

    def teach(self) -> None:
        """Draw ten of five letters each, and teach them."""
        for name, strokes in LETTERS.items():
            for _ in range(DRAWN):
                kept = self.page.locator("#kinds button").count()
                self.draw(strokes)
                self.page.fill("#kind", name)
                self.page.keyboard.press("Enter")
                self.page.wait_for_function(
                    "n => document.querySelectorAll('#kinds button').length > n", arg=kept
                )
        began = time.perf_counter()
        self.page.click("#teach")
        self.state("running")
        self.state("ended")
        say("seconds to teach five letters, from click to end", self.since(began))
        right = 0
        for name, strokes in LETTERS.items():
            for _ in range(4):
                self.page.click("#clear", force=True)
                self.draw(strokes)
                self.page.wait_for_function(READ_AT_REST)
                self.page.wait_for_timeout(300)
                right += f": {name}," in self.page.inner_text("#reads")
        say("new drawings of them that are read right", f"{right} of {4 * len(LETTERS)}")
        self.shoot("taught")

    def compare(self) -> None:
        """Train once more with another rate, beside the first run."""
        self.page.fill("[name=rate]", "0.01")
        self.page.fill("[name=epochs]", "1")
        self.page.click("#start")
        self.state("running")
        self.state("ended")
        self.page.check("#runs tbody tr:nth-child(3) input[type=checkbox]")
        rows = self.page.locator("#runs tbody tr").all_inner_texts()
        say("runs side by side", len(rows))
        self.shoot("compared")
        for size in ("phone", "tablet"):
            self.page.set_viewport_size(SIZES[size])
            self.shoot(f"compared-{size}")
        self.page.set_viewport_size(SIZES["desktop"])
        self.page.emulate_media(color_scheme="dark")
        self.shoot("compared-dark")
        self.page.emulate_media(color_scheme="light")

    def watch_by_many(self) -> None:
        """Let twenty pages watch a run, as pages do, and compare it with one that has one page."""
        speeds = {}
        for pages in (1, PAGES):
            self.begin_long()
            over, delays = threading.Event(), []
            run = self.run()
            threads = [
                threading.Thread(target=self.poll, args=(run, over, delays))
                for _ in range(pages - 1)
            ]
            for thread in threads:
                thread.start()
            time.sleep(10)
            speeds[pages] = self.status()["images_per_second"]
            over.set()
            for thread in threads:
                thread.join()
            self.page.click("#stop")
            self.state("ended")
        say("pictures a second with one page", f"{speeds[1]:,}")
        say(f"pictures a second with {PAGES} pages", f"{speeds[PAGES]:,}")
        say(f"median answer with {PAGES} pages", f"{1000 * statistics.median(delays):.0f} ms")
        say("slowest of a hundred", f"{1000 * statistics.quantiles(delays, n=100)[-1]:.0f} ms")

    def poll(self, run: str, over: threading.Event, delays: list[float]) -> None:
        """Ask about a run five times a second."""
        since = seen = 0
        with requests.Session() as session:
            while not over.wait(0.2):
                began = time.perf_counter()
                url = f"{self.url}/train/runs/{run}?since={since}&seen={seen}"
                found = session.get(url, timeout=PATIENCE).json()
                since, seen = found["next"], found["seen"]
                delays.append(time.perf_counter() - began)

    def kill_training(self, service: int) -> None:
        """Kill the process that trains: the page says so, and the next run begins."""
        self.begin_long()
        run = self.run()
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            if f"/{run}\0".encode() in path.read_bytes() and b"--service" in path.read_bytes():
                os.kill(int(path.parent.name), signal.SIGKILL)
        self.state("failed")
        say("training killed", self.page.inner_text("#state"))

    def begin_long(self) -> None:
        """Begin a run that does not end by itself soon."""
        self.page.fill("[name=epochs]", "100")
        self.page.click("#start")
        self.state("running")

    def serve_again(self, port: int) -> None:
        """Start the service anew: the page finds it by itself."""
        self.page.wait_for_function(
            "() => document.getElementById('state').textContent.startsWith('No answer')"
        )
        say("service stopped", self.page.inner_text("#state"))
        with serve(port):
            self.page.wait_for_function(
                "() => document.getElementById('state').textContent"
                ".startsWith('The service no longer has')"
            )
            say("service started anew", self.page.inner_text("#state"))
            self.page.fill("[name=epochs]", "1")
            self.page.click("#start")
            self.state("running")
            self.state("ended")
            say("and trained again", self.page.inner_text("#state"))

    # -- hands and eyes

    def draw(self, strokes: list[list[tuple[float, float]]]) -> None:
        """Draw on the sheet, each time a little otherwise."""
        self.page.locator("#sheet").scroll_into_view_if_needed()
        box = self.page.locator("#sheet").bounding_box()
        for stroke in strokes:
            places = [
                (
                    box["x"] + box["width"] * (x + self.rng.uniform(-0.04, 0.04)),
                    box["y"] + box["height"] * (y + self.rng.uniform(-0.04, 0.04)),
                )
                for x, y in stroke
            ]
            self.page.mouse.move(*places[0])
            self.page.mouse.down()
            for place in places[1:]:
                self.page.mouse.move(*place, steps=3)
            self.page.mouse.up()

    def state(self, name: str) -> None:
        """Wait for a state of the run."""
        self.page.wait_for_selector(f"#state[data-state={name}]")

    def run(self) -> str:
        """Return the name of the run that is watched."""
        href: str = self.page.get_attribute("#weights", "href")
        return href.split("/")[2]

    def status(self) -> dict[str, Any]:
        """Ask how the run is."""
        url = f"{self.url}/train/runs/{self.run()}"
        found: dict[str, Any] = requests.get(url, timeout=PATIENCE).json()["status"]
        return found

    def is_watching(self, response: Any) -> int:
        """Return 1 for an answer about the run."""
        return int("/train/runs/" in response.url and "since=" in response.url)

    def since(self, began: float) -> str:
        """Return the seconds since a moment."""
        return f"{time.perf_counter() - began:.1f}"

    def shoot(self, name: str) -> None:
        """Take a screenshot, if they are wanted."""
        if self.pictures:
            self.pictures.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=self.pictures / f"{name}.png", full_page=True)


HELD_97 = """() => Number(document.getElementById("loss").dataset.held) >= 0.97"""
READ_AT_REST = "() => document.getElementById('reads').textContent.startsWith('After')"


if __name__ == "__main__":
    sys.exit(main())
