"""The page in a real Chromium, with a real gunicorn and the shipped weights."""

import contextlib
import itertools
import re

import pytest
from PIL import Image, ImageDraw

from scripts.clients import browser as visit
from tests.support.live import PATIENCE, serve

# Ten digits as people write them, as polylines on a sheet of 100 × 100.
WRITTEN = {
    0: ["52,14 38,20 29,38 28,60 36,79 50,86 64,80 72,61 71,38 64,20 52,14"],
    1: ["50,14 50,30 50,50 50,70 50,87"],
    2: ["30,32 36,20 50,14 64,20 68,34 60,50 46,66 30,85 50,84 72,83"],
    3: ["32,21 48,14 64,21 65,36 50,47 66,56 69,72 56,85 40,85 29,76"],
    4: ["38,15 34,34 30,54 48,55 70,54", "62,16 61,40 60,62 59,87"],
    5: ["38,16 36,30 35,46 50,42 65,50 68,66 58,82 42,85 30,77", "38,16 54,16 70,15"],
    6: ["60,14 46,28 35,48 32,68 42,84 58,83 68,71 60,58 46,57 34,68"],
    7: ["29,18 50,17 71,17 62,40 52,62 45,87"],
    8: ["64,24 50,15 36,24 40,39 52,49 65,61 67,75 53,86 37,80 34,66 44,53 60,40 65,30 64,24"],
    9: ["66,30 54,16 38,22 34,38 44,50 58,46 66,30 65,50 62,70 58,87"],
}


def written(digit, left=0.0):
    """Return the strokes of a digit as lists of (x, y), in heights of the sheet."""
    return [
        [(int(x) / 100 + left, int(y) / 100) for x, y in (pair.split(",") for pair in line.split())]
        for line in WRITTEN[digit]
    ]


class Desk:
    """A page with the sheet on it, and hands to draw with."""

    def __init__(self, page, url):
        self.page, self.url = page, url
        self.complaints = []
        page.on("pageerror", self.note_fault)
        page.on("console", self.note)

    def leave(self):
        """Leave the window to the next test."""
        self.page.unroute_all()
        self.page.goto("about:blank")
        self.page.remove_listener("pageerror", self.note_fault)
        self.page.remove_listener("console", self.note)

    def note_fault(self, error):
        self.complaints.append(str(error))

    def note(self, message):
        if message.type in {"error", "warning"} and "willReadFrequently" not in message.text:
            self.complaints.append(message.text)

    def open(self, fragment=""):
        self.page.goto(f"{self.url}/{fragment}")
        self.page.wait_for_selector("#samples button, #samples[hidden]", state="attached")
        return self

    # -- where things are on the screen

    def place(self, point):
        """Turn heights of the sheet into pixels of the window."""
        box = self.page.locator("#sheet").bounding_box()
        return box["x"] + point[0] * box["height"], box["y"] + point[1] * box["height"]

    # -- drawing

    def draw(self, strokes, hand="mouse"):
        for stroke in strokes:
            getattr(self, hand)([self.place(point) for point in stroke])

    def mouse(self, places):
        mouse = self.page.mouse
        mouse.move(*places[0])
        mouse.down()
        for place in places[1:]:
            mouse.move(*place, steps=2)
        mouse.up()

    @property
    def devtools(self):
        if not hasattr(self, "session"):
            self.session = self.page.context.new_cdp_session(self.page)
        return self.session

    def finger(self, places):
        def touch(kind, points):
            touches = [{"x": x, "y": y, "id": 1} for x, y in points]
            self.devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

        touch("touchStart", places[:1])
        for place in between(places):
            touch("touchMove", [place])
        touch("touchEnd", [])

    def pen(self, places, force=0.5):
        def event(kind, place, held):
            at = {"x": place[0], "y": place[1], "force": force, "buttons": held}
            what = {"type": kind, "pointerType": "pen", "clickCount": 1}
            button = {} if kind == "mouseMoved" else {"button": "left"}
            self.devtools.send("Input.dispatchMouseEvent", what | at | button)

        event("mousePressed", places[0], 1)
        for place in between(places):
            event("mouseMoved", place, 1)
        event("mouseReleased", places[-1], 0)

    # -- reading what the page says

    def settle(self):
        """Wait until no request is under way."""
        visit.settle(self.page)
        return self

    def text(self, selector):
        return self.page.locator(selector).inner_text().strip()

    def wait(self, expression, argument=None):
        self.page.wait_for_function(expression, arg=argument)

    def reads(self, text):
        """Wait until the page shows this answer, large and as a sentence."""
        self.wait("text => document.getElementById('answer').textContent === text", str(text))
        self.wait(
            "text => document.getElementById('verdict').textContent.includes(text)", str(text)
        )
        return self

    def is_blank(self):
        self.wait("() => document.getElementById('reading').dataset.state === 'empty'")
        return self

    def strokes(self):
        """Count the strokes in the link to the drawing, which follows once the pen rests."""
        app = "document.querySelector('script[type=module]').src"
        module = f"import({app}.replace('app', 'drawing/permalink'))"
        count = f"{module}.then(m => m.decodeDrawing(location.hash)?.strokes.length ?? 0)"
        return self.page.evaluate(count)

    def ink(self):
        """Share of the sheet's pixels that are dark."""
        return self.page.evaluate(
            """() => {
              const sheet = document.getElementById("sheet");
              const { data } = sheet.getContext("2d").getImageData(0, 0, sheet.width, sheet.height);
              let dark = 0;
              for (let i = 0; i < data.length; i += 4) dark += data[i] < 128;
              return dark / (data.length / 4);
            }"""
        )

    def colours(self, selector):
        """Count the different colours that a canvas shows."""
        return self.page.locator(selector).evaluate(COLOURS)


COLOURS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
}"""


def between(places, steps=2):
    """Yield the places after the first, with `steps` points on the line to each."""
    for (x0, y0), (x1, y1) in itertools.pairwise(places):
        for i in range(1, steps + 1):
            yield x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps


@pytest.fixture(scope="session")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=visit.FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    with serve(tmp_path_factory.mktemp("service"), WEB_CONCURRENCY=1) as running:
        yield running


@pytest.fixture
def open_desk(browser, service):
    """Open the page in a window of its own; at the end the page must have had no error."""
    with contextlib.ExitStack() as windows:

        def open_desk(fragment="", url=service.url, expected=r"$^", **window):
            context = windows.enter_context(
                contextlib.closing(browser.new_context(**({"viewport": WIDE} | window)))
            )
            context.set_default_timeout(PATIENCE * 1000)
            context.add_init_script(visit.COUNT_REQUESTS)
            desk = Desk(context.new_page(), url)
            windows.callback(lambda: check(desk, expected))
            return desk.open(fragment)

        yield open_desk


def check(desk, expected):
    unexpected = [text for text in desk.complaints if not re.search(expected, text)]
    assert not unexpected, unexpected


WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def window(browser):
    """A window that the tests of a file use in turn: opening one takes longer than most tests."""
    with contextlib.closing(browser.new_context(viewport=WIDE)) as context:
        context.set_default_timeout(PATIENCE * 1000)
        context.add_init_script(visit.COUNT_REQUESTS)
        yield context.new_page()


@pytest.fixture
def desk(window, service):
    desk = Desk(window, service.url).open()
    yield desk
    desk.leave()
    check(desk, r"$^")


def photo(digit, size=(600, 800), paper=(235, 230, 220), ink=(30, 30, 60)):
    """A picture of a digit with a pen on paper, somewhere on the sheet."""
    image = Image.new("RGB", size, paper)
    pen = ImageDraw.Draw(image)
    unit = min(size) * 0.8
    for stroke in written(digit):
        places = [(x * unit + 0.1 * size[0], y * unit + 0.1 * size[1]) for x, y in stroke]
        pen.line(places, ink, width=round(unit / 12), joint="curve")
        for x, y in places:
            r = unit / 24
            pen.ellipse((x - r, y - r, x + r, y + r), ink)
    return image
