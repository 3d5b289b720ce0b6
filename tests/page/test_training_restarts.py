"""The training room when its page or its service goes away in the middle of a run."""

import contextlib

import pytest

from scripts.clients.gunicorn_process import free_port
from tests.support.live import PATIENCE, serve
from tests.support.page import PHONE
from tests.support.tiny_digits import tiny_digits, write_idx

pytestmark = pytest.mark.browser


@pytest.fixture
def settings(tmp_path):
    data = write_idx(tmp_path / "data", tiny_digits(train=2000))
    return {"TRAINING_ROOM": 1, "WEB_CONCURRENCY": 1, "CONVNET_DATA_DIR": data}


@pytest.fixture
def page(browser):
    with contextlib.closing(browser.new_context(viewport=PHONE)) as context:
        context.set_default_timeout(PATIENCE * 1000)
        yield context.new_page()


def says(page, text):
    page.wait_for_function(
        "text => document.getElementById('state').textContent.includes(text)", arg=text
    )


def steps(page):
    """The points of the curve that the browser keeps."""
    kept = "JSON.parse(localStorage.getItem('training-room-runs'))[0].curve.map(p => p.step)"
    return page.evaluate(kept)


def test_a_run_is_watched_on_and_what_a_restart_takes_is_said(page, settings, tmp_path):
    port = free_port()
    with serve(tmp_path, port, **settings) as service:
        page.goto(f"{service.url}/train")
        page.wait_for_function("() => document.getElementById('sizes').textContent !== ''")
        page.fill("[name=epochs]", "100")
        page.fill("[name=batch]", "8")
        page.click("#start")
        page.wait_for_selector("#state[data-state=running]")
        assert page.locator("#watch").evaluate("card => card.getBoundingClientRect().top") < 10
        page.reload()
        page.wait_for_selector("#state[data-state=running]")
        page.click("#pause")
        page.wait_for_selector("#state[data-state=paused]")
        page.reload()
        page.wait_for_selector("#state[data-state=paused]")
        assert page.locator("#runs tbody tr").count() == 1
    says(page, "If the service was stopped, the run has ended with it.")
    with serve(tmp_path, port, **settings):
        page.wait_for_selector("#state[data-state=lost]")
        says(page, "The service no longer has this run")
        says(page, "It ended after step ")
        assert page.locator("#weights").is_hidden()
        assert page.locator("#pause").is_disabled()
        kept = steps(page)
        assert kept == sorted(set(kept))
        assert page.locator("#runs [aria-label='Remove Run 1']").count() == 1
        page.click("#again")
        page.wait_for_selector("#state[data-state=running]")
        assert page.locator("#again").is_hidden()
        rows = page.locator("#runs tbody tr")
        assert rows.count() == 2
        page.wait_for_function(
            "() => document.querySelector('#state').textContent.includes('of 25,000')"
        )  # the batch and the epochs of the run that was lost
