"""A page with a drawing, whose layers can be opened."""

import pytest

from server.recognizer import Recognizer
from tests.support.page import Desk, check


@pytest.fixture(scope="module")
def network():
    """The network as it is served: each BatchNorm folded into the layer before it."""
    return Recognizer.load("digits")


@pytest.fixture(scope="module")
def opened(window, service):
    """One page for all tests that only look at it."""
    desk = Desk(window, service.url).open()
    desk.wait("() => document.querySelectorAll('.layer').length > 0")
    yield desk
    desk.leave()
    check(desk, r"$^")


@pytest.fixture
def explained(opened):
    opened.page.click("[aria-label='Sample 3']")
    opened.reads(3)
    opened.page.locator("#layers").scroll_into_view_if_needed()
    yield opened.settle()
    if opened.page.locator("#inspector").is_visible():
        opened.page.get_by_role("button", name="Close").click()
