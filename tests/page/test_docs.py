"""The page about the API: try it, with a drawing or a file, and copy its code."""

import json

import pytest

from tests.support.page import Desk

pytestmark = pytest.mark.browser


@pytest.fixture
def docs(browser, service):
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=service.url)
    page = context.new_page()
    desk = Desk(page, service.url)
    page.goto(f"{service.url}/docs")
    yield page, desk, service
    assert not desk.complaints
    context.close()


def draw_seven(page, canvas):
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    left, top, side = box["x"], box["y"], box["width"]
    x, y = left + 0.25 * side, top + 0.2 * side
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(left + 0.75 * side, y, steps=12)
    page.mouse.move(left + 0.45 * side, top + 0.85 * side, steps=12)
    page.mouse.up()


def test_what_is_drawn_is_sent_and_the_answer_is_shown(docs):
    page, _, _ = docs
    form = page.locator("#read-a-digit form.try")
    draw_seven(page, form.locator("canvas"))
    form.get_by_role("button", name="Send").click()
    answer = form.locator("pre")
    page.wait_for_function("() => document.querySelector('#read-a-digit .try pre').textContent")
    status, _, body = answer.text_content().partition("\n")
    assert status == "200"
    assert json.loads(body)["digit"] == 7
    form.get_by_role("button", name="Clear").click()
    assert not answer.is_visible()


def test_a_file_is_sent_and_pictures_in_the_answer_are_shown(docs, seven):
    page, _, _ = docs
    form = page.locator("#explain-a-reading form.try")
    file = {"name": "seven.png", "mimeType": "image/png", "buffer": seven}
    form.locator("input[type=file]").set_input_files(file)
    form.get_by_role("button", name="Send").click()
    picture = form.locator("pre img").first
    picture.wait_for()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


def test_code_has_this_services_address_and_is_copied(docs):
    page, _, service = docs
    figure = page.locator("#read-a-digit figure.code").first
    expected = f"curl -fsS --data-binary @digit.png {service.url}/predict"
    assert figure.locator("code").text_content() == expected
    figure.get_by_role("button", name="Copy").click()
    figure.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == expected


def test_axe_finds_nothing_in_an_operation(docs):
    from axe_playwright_python.sync_playwright import Axe

    page, _, _ = docs
    found = Axe().run(page, context={"include": [["#read-a-digit"]]})
    assert not found.response["violations"]


def test_without_javascript_there_is_nothing_that_does_not_work(browser, service):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{service.url}/docs")
    assert page.locator("form.try").count() == 3
    assert not page.locator("form.try").first.is_visible()
    assert page.locator("figure.code").first.is_visible()
    context.close()
