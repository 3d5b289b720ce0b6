"""The page for everyone: axe-core, screen readers, small windows, dark, without JavaScript."""

import io
import re

import pytest
import requests
from PIL import Image

from tests.support.live import eventually
from tests.support.page import PHONE, written

pytestmark = pytest.mark.browser

SMALL = {"width": 320, "height": 568}
ZOOMED = {"width": 640, "height": 400}  # a desktop at 200 %
TABLET = {"width": 820, "height": 1180}
DESKTOP = {"width": 1440, "height": 900}


def violations(desk):
    from axe_playwright_python.sync_playwright import Axe  # as heavy as the browser's own package

    results = Axe().run(desk.page)
    return [
        f"{found['id']}: {node['html']} {node['failureSummary']}"
        for found in results.response["violations"]
        for node in found["nodes"]
    ]


@pytest.mark.parametrize("window", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_desk, window, scheme):
    desk = open_desk(viewport=window, color_scheme=scheme, reduced_motion="reduce")
    assert not violations(desk)
    desk.draw(written(4))
    desk.reads(4)
    desk.page.locator("#layers").scroll_into_view_if_needed()
    desk.settle()
    for kind in ("conv2", "max_pool1", "relu1", "flatten1"):
        desk.page.locator(f".layer[data-name={kind}] button").press("Enter")
        desk.wait("() => document.querySelector('#inspector strong')")
    assert not violations(desk)
    desk.page.get_by_label("A number").check()
    desk.page.click("#samples button >> nth=8")
    desk.page.wait_for_selector("#found button")
    assert not violations(desk)


def test_the_answer_is_said_in_a_live_region_of_the_first_html(service):
    html = requests.get(service.url, timeout=10).text
    assert re.search(r"<output[^>]*role=\"status\"[^>]*>Nothing drawn yet\.", html)
    assert "maximum-scale" not in html
    assert "user-scalable" not in html


def test_the_sentence_waits_until_the_pen_rests(desk):
    """Or else a screen reader would be told a new answer many times a second."""
    desk.page.evaluate(
        """() => {
          window.said = [];
          const verdict = document.getElementById("verdict");
          const note = new MutationObserver(() => said.push(verdict.textContent));
          note.observe(verdict, { childList: true, characterData: true, subtree: true });
        }"""
    )
    desk.page.evaluate(
        """async () => {
          const sheet = document.getElementById("sheet");
          const { left, top, width, height } = sheet.getBoundingClientRect();
          const draw = (type, share) => {
            const place = { clientX: left + width / 2, clientY: top + height * share };
            sheet.dispatchEvent(new PointerEvent(type, { pointerId: 9, ...place }));
          };
          draw("pointerdown", 0.1);
          for (let i = 0; i < 60; i++) {
            draw("pointermove", 0.1 + i / 80);
            // Timers go off in their order: the pen never rests, however busy the machine is.
            await new Promise((done) => setTimeout(done, 10));
          }
          draw("pointerup", 0.85);
        }"""
    )
    desk.reads(1)
    assert len(desk.page.evaluate("window.said")) <= 2


def test_everything_is_reached_by_tab_in_reading_order(desk):
    desk.draw(written(2))
    desk.reads(2).settle()
    desk.page.reload()
    desk.reads(2).settle()
    names = []
    for _ in range(60):
        desk.page.keyboard.press("Tab")
        names.append(
            desk.page.evaluate(
                """() => {
                  const { id, ariaLabel, textContent } = document.activeElement;
                  return id || ariaLabel || textContent.trim();
                }"""
            )
        )
    order = [
        "Skip to the drawing area",
        "choose",
        "camera",
        "sheet",
        "brush",
        "undo",
        "clear",
        "predict",
    ]
    order += [f"Sample {digit}" for digit in range(10)] + ["strip"]
    places = [names.index(name) for name in order]
    assert places == sorted(places)


def test_focus_can_be_seen(desk):
    for selector in ("#choose", "#sheet", "#brush", "#strip"):
        desk.page.focus("body")
        desk.page.locator(selector).focus()
        desk.page.keyboard.press("Shift")
        outline = desk.page.locator(selector).evaluate("e => getComputedStyle(e).outlineStyle")
        assert outline != "none", selector


def test_bars_are_seen_where_the_system_sets_the_colours(open_desk):
    desk = open_desk(forced_colors="active", reduced_motion="reduce")
    desk.draw(written(1))
    desk.reads(1)
    shot = desk.page.locator(".bars li.best .bar-track").screenshot()
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    fill, page = image.getpixel((image.width // 3, image.height // 2)), (255, 255, 255)
    assert max(abs(a - b) for a, b in zip(fill, page, strict=True)) > 60


def test_reduced_motion_is_respected(open_desk):
    moving = "() => getComputedStyle(document.querySelector('.bar-fill')).transitionDuration"
    assert open_desk().page.evaluate(moving) != "0s"
    still = open_desk(reduced_motion="reduce").page.evaluate(moving)
    assert still in {"0s", "0s, 0s"}


@pytest.mark.parametrize("window", [SMALL, PHONE, ZOOMED, TABLET, DESKTOP], ids=str)
def test_nothing_sticks_out_of_the_window(open_desk, window):
    desk = open_desk(viewport=window)
    for mode in ("One digit", "A number"):
        desk.page.get_by_label(mode).check()
        desk.page.click("#samples button >> nth=3")
        desk.reads(3)
        width = desk.page.evaluate("document.documentElement.scrollWidth")
        assert width <= window["width"], mode
        desk.page.click("#clear")
        desk.is_blank()


def test_drawing_and_answer_are_on_one_screen_of_a_phone(open_desk):
    desk = open_desk(viewport=PHONE, has_touch=True, is_mobile=True)
    desk.draw(written(8), "finger")
    desk.reads(8)
    for selector in ("#sheet", "#answer", "#verdict", "#undo", "#predict"):
        box = desk.page.locator(selector).bounding_box()
        assert box["y"] >= 0, selector
        assert box["y"] + box["height"] <= PHONE["height"], selector


def test_targets_are_large_enough_for_a_finger(open_desk):
    desk = open_desk(viewport=PHONE)
    for button in desk.page.locator("button:visible").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 24, button.get_attribute("aria-label")
    for selector in ("#undo", "#redo", "#clear", "#predict", "#choose", "#camera"):
        box = desk.page.locator(selector).bounding_box()
        assert min(box["width"], box["height"]) >= 40, selector


def test_the_sheet_stays_white_in_the_dark(open_desk):
    desk = open_desk(color_scheme="dark")
    colour = "() => getComputedStyle(document.body).backgroundColor"
    assert max(map(int, re.findall(r"\d+", desk.page.evaluate(colour)))) < 60
    corner = (
        "() => [...document.getElementById('sheet').getContext('2d').getImageData(1, 1, 1, 1).data]"
    )
    eventually(lambda: desk.page.evaluate(corner) == [255, 255, 255, 255])


def test_without_javascript_the_page_says_what_to_do(open_desk, browser, service):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(service.url)
    assert "curl --data-binary" in page.locator("noscript").inner_text()
    assert not page.locator("#predict").is_visible(), "what cannot work is not offered"
    context.close()


def test_nothing_comes_from_elsewhere_and_all_of_it_is_small(open_desk, browser, service):
    context = browser.new_context()
    page = context.new_page()
    sizes, hosts = [], set()

    def count(request):
        hosts.add(request.url.split("/")[2])
        measured = request.sizes()
        sizes.append(measured["responseBodySize"] + measured["responseHeadersSize"])

    page.on("requestfinished", count)
    page.goto(service.url)
    page.wait_for_load_state("networkidle")
    context.close()
    assert hosts == {service.url.removeprefix("http://")}
    assert 10_000 < sum(sizes) <= 100_000, sizes


def test_every_module_is_asked_for_at_once(root, service):
    """A module that is missing in the list would be found only after those that import it.

    That of the camera is asked for by who uses it.
    """
    html = requests.get(service.url, timeout=10).text
    listed = set(re.findall(r"modulepreload\" href=\"static/\w+/([^\"]+)\"", html))
    static = root / "static"
    modules = {path.relative_to(static).as_posix() for path in static.rglob("*.js")}
    of_other_pages = {
        name for name in modules if name.startswith(("js/docs", "js/learn", "js/train"))
    }
    assert listed == modules - of_other_pages - {"js/app.js", "js/pixels/camera.js"}


def test_no_line_of_script_or_style_stands_in_the_html(service):
    html = requests.get(service.url, timeout=10).text
    assert not re.findall(r"\son\w+=|\sstyle=|<style|javascript:", html)
    assert not re.findall(r"<script(?![^>]*\ssrc=)", html)


def test_the_page_tells_how_the_network_was_trained_and_how_good_it_is(desk, service):
    model = requests.get(f"{service.url}/model", timeout=10).json()
    desk.wait("() => document.querySelectorAll('#facts div').length > 3")
    facts = desk.text("#facts")
    assert f"{model['name']}, version {model['version']}" in facts
    assert f"{model['parameters']:,}" in facts
    assert "convnet/layers" in facts
    shares = re.findall(r"(\d+\.\d\d) %", desk.text("#accuracy"))
    assert shares == [f"{100 * share:.2f}" for share in model["accuracy"].values()]
