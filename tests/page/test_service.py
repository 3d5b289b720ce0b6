"""The page and a service that is away, busy, slow or unwilling."""

import re

import pytest

from tests.support.live import eventually, serve
from tests.support.page import written

pytestmark = pytest.mark.browser


def test_a_service_that_goes_away_and_comes_back(open_desk):
    desk = open_desk(expected="ERR_INTERNET_DISCONNECTED")
    desk.draw(written(2))
    desk.reads(2)
    desk.page.context.set_offline(True)
    desk.page.click("#clear")
    desk.is_blank()
    desk.draw(written(3))
    desk.page.wait_for_selector("#offline:not([hidden])")
    assert "does not answer" in desk.text("#offline")
    desk.page.context.set_offline(False)  # the page notices
    desk.reads(3)
    assert desk.page.locator("#offline").is_hidden()


def test_a_restarted_service_is_asked_again_by_itself_and_by_the_button(open_desk, tmp_path):
    with serve(tmp_path, WEB_CONCURRENCY=1) as first:
        desk = open_desk(url=first.url, expected="ERR_")
        desk.draw(written(7))
        desk.reads(7)
    desk.page.click("#clear")
    desk.draw(written(4))
    desk.page.wait_for_selector("#offline:not([hidden])")
    with serve(tmp_path, WEB_CONCURRENCY=1, port=first.port):
        desk.page.click("#retry")
        desk.reads(4)
        eventually(lambda: desk.page.locator("#offline").is_hidden())


def test_a_busy_service_is_asked_again_no_sooner_than_it_wishes(open_desk):
    desk = open_desk(expected="503")
    asked = []

    def busy(route):
        asked.append(desk.page.evaluate("performance.now()"))
        if len(asked) > 1:
            return route.continue_()
        body = {"detail": "the service is busy", "code": "busy", "status": 503}
        return route.fulfill(status=503, json=body, headers={"Retry-After": "1"})

    desk.page.route(re.compile("/predict"), busy)
    desk.page.click("#samples button >> nth=6")
    desk.page.wait_for_selector("#offline:not([hidden])")
    assert "The service is busy. " in desk.text("#offline")
    desk.reads(6)
    assert asked[1] - asked[0] >= 1000


def test_a_slow_answer_never_replaces_a_newer_one(desk):
    """The first answer is held back until the sheet has been cleared and drawn on anew."""
    held = []

    def hold(route):
        if held:
            return route.continue_()
        return held.append(route)

    desk.page.route(re.compile("/predict"), hold)
    desk.page.click("#samples button >> nth=4")
    eventually(lambda: desk.page.evaluate("1") and held)
    desk.page.click("#clear")
    desk.page.click("#samples button >> nth=7")
    desk.reads(7)
    held[0].continue_()
    desk.settle()
    assert desk.text("#answer") == "7"


def test_too_much_is_refused_in_the_services_words(open_desk, tmp_path):
    with serve(tmp_path, WEB_CONCURRENCY=1, MAX_PIXELS=1000) as service:
        desk = open_desk(url=service.url, expected="422")
        desk.page.click("#samples button >> nth=1")
        desk.wait("() => document.getElementById('verdict').textContent.includes('pixels')")
        assert desk.text("#answer") == ""
