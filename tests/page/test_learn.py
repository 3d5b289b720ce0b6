"""The pages to read, in a real browser: exercises, phones, light and dark, no dead end."""

import contextlib

import pytest

from tests.support.page import PHONE, WIDE, Desk, check

pytestmark = pytest.mark.browser

TABLET = {"width": 820, "height": 1180}
PAGES = [
    "learn",
    "learn/lessons",
    "learn/lessons/4-learning-rates",
    "learn/code",
    "learn/code/convnet/layers/conv.py?show=Conv2D#shown",
]


@pytest.fixture
def book(window, service):
    desk = Desk(window, service.url)
    desk.page.goto(f"{service.url}/learn")
    yield desk
    desk.leave()
    check(desk, r"$^")


def form(book, name):
    return book.page.locator(f"form.exercise:has(label:text('answer to {name} '))")


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("6.2", "−1", "Right."),
        ("7.1", "1/1024", "Right."),
        ("2.1", "2970", "Right."),
        ("3.1", "0.4", "Not yet."),
        ("3.1", "0.407", "Right."),
        ("8.1", "sixteen", "Write a number, such as 27, 0.25 or 1/9."),
    ],
)
def test_an_answer_is_checked_where_it_stands(book, name, given, said):
    asked = form(book, name)
    asked.locator("input").fill(given)
    asked.locator("input").press("Enter")
    assert asked.locator("output").inner_text() == said


def test_solutions_are_folded(book):
    solution = book.page.locator("details", has_text="27,220")
    assert not solution.locator("p").is_visible()
    solution.locator("summary").click()
    assert solution.locator("p").is_visible()


def test_a_chapter_is_reached_though_pictures_come_late(book):
    book.page.get_by_role("link", name="Walking downhill: optimizers").click()
    title = book.page.locator("h2", has_text="14.")
    book.wait("() => location.hash.startsWith('#14-')")
    top = "h => { const y = h.getBoundingClientRect().top; return y >= 0 && y < 200; }"
    book.page.wait_for_function(f"h => ({top})(h)", arg=title.element_handle())


@pytest.mark.parametrize("viewport", [PHONE, TABLET, WIDE], ids=["phone", "tablet", "desktop"])
def test_nothing_is_too_wide(browser, service, viewport):
    with contextlib.closing(browser.new_context(viewport=viewport)) as context:
        desk = Desk(context.new_page(), service.url)
        for page in PAGES:
            desk.page.goto(f"{service.url}/{page}")
            assert desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page
        check(desk, r"$^")


@pytest.mark.parametrize(("scheme", "pages"), [("light", PAGES[1:4]), ("dark", PAGES[2:3])])
def test_axe_finds_nothing(browser, service, scheme, pages):
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport=PHONE, color_scheme=scheme, reduced_motion="reduce")
    with contextlib.closing(context):
        page = context.new_page()
        for name in pages:
            page.goto(f"{service.url}/{name}")
            found = Axe().run(page).response["violations"]
            assert not [(one["id"], one["nodes"][0]["html"]) for one in found], name
