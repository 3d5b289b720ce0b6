"""The training room in a real browser: build, train, pause, step, draw, take along."""

import json
import re
from urllib.parse import quote

import pytest

import convnet
from tests.support.live import serve
from tests.support.page import PHONE, WIDE, Desk, check, written
from tests.support.tiny_digits import tiny_digits, write_idx


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    folder = tmp_path_factory.mktemp("room")
    data = write_idx(folder / "data", tiny_digits(train=2000))
    settings = {"TRAINING_ROOM": 1, "WEB_CONCURRENCY": 1, "CONVNET_DATA_DIR": data}
    with serve(folder, **settings) as running:
        yield running


OF_A_TABLE = "cell => [getComputedStyle(cell).display, getComputedStyle(cell).textAlign]"


class Room(Desk):
    def open(self, fragment=""):
        self.page.goto("about:blank")
        self.page.goto(f"{self.url}/train{fragment}")
        self.page.wait_for_function("() => document.getElementById('sizes').textContent !== ''")
        return self

    def state(self, state):
        self.page.wait_for_selector(f"#state[data-state={state}]")
        return self.text("#state")

    def step(self):
        return int(re.search(r"step ([\d,]+)", self.text("#state"))[1].replace(",", ""))


@pytest.fixture
def desk(window, room):
    desk = Room(window, room.url).open()
    yield desk
    desk.leave()
    check(desk, r"the server responded with a status of 422")


def test_train_pause_step_draw_and_take_along(desk, tmp_path):
    page = desk.page
    assert "105,634 parameters" in desk.text("#sizes")
    assert page.input_value("[name=python]").startswith("Sequential([\n    Conv2D(8, (5, 5))")
    page.fill("[name=batch]", "8")
    page.fill("[name=epochs]", "100")
    page.click("#start")
    desk.state("running")
    page.click("#pause")
    desk.state("paused")
    assert "network.save(" in page.get_attribute("#copy-script", "data-script")
    before = desk.step()
    page.click("#step")
    desk.wait(
        "step => document.getElementById('state').textContent.includes(step)", f"{before + 1:,} of"
    )
    desk.wait("() => !document.getElementById('by-hand').hidden")
    assert desk.text("#by-hand-says").startswith(f"Step {before + 1:,}: 8 pictures went forward.")
    assert page.locator("#by-hand-scores tbody tr").count() == 8
    assert page.locator("#by-hand-back tbody th", has_text="conv1").count() == 1
    for marked in ("#by-hand-scores td.own", "#confusion td.agree"):  # cells of a table, in line
        assert page.locator(marked).first.evaluate(OF_A_TABLE) == ["table-cell", "right"]
    shown = "node => node.scrollHeight <= node.clientHeight + 1"
    assert page.locator("#by-hand .scroll").last.evaluate(shown), "the first layer is cut off"
    page.locator("#sheet").scroll_into_view_if_needed()
    desk.draw(written(3))
    desk.wait("() => document.getElementById('reads').textContent.startsWith('After')")
    assert desk.colours("#sure") > 1
    page.keyboard.press("Control+z")
    assert desk.text("#reads") == "Draw a digit while it learns."
    page.keyboard.press("Control+y")
    desk.wait("() => document.getElementById('reads').textContent.startsWith('After')")
    for plot in ("#loss", "#accuracy", "#kernels", "#maps", "#places"):
        assert desk.colours(plot) > 1, plot
    assert page.locator("#confusion tbody tr").count() == 10
    assert page.locator("#histograms tbody tr").count() == 9
    page.select_option("#of-layer", "2")
    page.click("#go")
    desk.state("running")
    page.click("#stop")
    assert "stopped" in desk.state("ended")
    with page.expect_download() as download:
        page.click("#weights")
    download.value.save_as(tmp_path / "network.npz")
    assert convnet.load(tmp_path / "network.npz").parameter_count == 105_634
    with page.expect_download() as download:
        page.click("#onnx")
    assert download.value.path().read_bytes()[:2] == b"\x08\x08"  # ir_version 8
    with page.expect_download() as download:
        page.click("#csv")
    assert download.value.path().read_text().startswith("step,loss,accuracy,rate")


def test_runs_stand_side_by_side(desk):
    page = desk.page
    for rate in ("0.01", "0.0001"):
        page.fill("[name=pictures]", "400")
        page.fill("[name=rate]", rate)
        page.click("#start")
        desk.state("ended")
        page.wait_for_function(
            "rate => document.querySelector('#runs tbody tr').cells[3].textContent === rate"
            " && document.querySelector('#runs tbody tr').cells[6].textContent",
            arg=rate,
        )
    both = desk.colours("#loss")
    page.fill("#runs tbody tr:nth-child(2) input:not([type])", "fast")
    page.keyboard.press("Tab")
    page.reload()  # the browser keeps them
    page.wait_for_selector("#runs tbody tr:nth-child(2)")
    assert page.input_value("#runs tbody tr:nth-child(2) input:not([type])") == "fast"
    page.uncheck("#runs tbody tr:nth-child(2) input[type=checkbox]")
    assert 1 < desk.colours("#loss") < both
    page.click("#runs tbody tr:nth-child(2) button:first-child")
    assert page.input_value("[name=rate]") == "0.01"
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.emulate_media(color_scheme="dark")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(WIDE)
    rows = page.locator("#runs tbody tr").count()
    page.click("#runs [aria-label='Remove fast']")
    assert page.locator("#runs tbody tr").count() == rows - 1


def test_own_kinds_are_taught_in_seconds_and_forgotten(desk):
    page = desk.page
    for digit in (1, 0, 1, 0):
        page.locator("#sheet").scroll_into_view_if_needed()
        desk.draw(written(digit))
        page.fill("#kind", "stick" if digit else "ring")
        kept = page.locator("#kinds button").count()
        page.keyboard.press("Enter")
        desk.wait("n => document.querySelectorAll('#kinds button').length === n", kept + 1)
    page.click("#teach")
    assert "all epochs are done" in desk.state("ended")
    assert page.locator("#confusion tbody th").all_inner_texts() == ["stick", "ring"]
    page.locator("#sheet").scroll_into_view_if_needed()
    desk.draw(written(0))
    desk.wait("() => document.getElementById('reads').textContent.includes('ring')")
    page.click("[title='Remove ring number 2']")
    assert page.locator("#kinds button").count() == 3
    page.click("#forget")
    assert page.locator("#kinds button").count() == 0
    assert page.evaluate("localStorage.getItem('training-room-drawings')") == "{}"


def test_a_missing_data_set_is_fetched_with_a_bar(desk):
    page = desk.page
    states = [
        {"state": "missing", "reason": "no such folder"},
        {"state": "fetching", "file": "train-images", "done": 2_000_000, "total": 8_000_000},
        {"state": "here", "folder": "/data"},
    ]
    page.route("**/train/data", lambda route: route.fulfill(json=states[0]))
    desk.open()
    desk.wait("() => document.getElementById('data-says').textContent.includes('no such folder')")
    page.unroute_all()
    page.route("**/train/data", lambda route: route.fulfill(json=states[1]))
    page.click("#fetch")
    desk.wait("() => document.getElementById('data-says').textContent.includes('2.0 of 8.0 MB')")
    assert page.locator("#data-progress").evaluate("bar => bar.value") == 0.25
    page.unroute_all()  # what the service itself says
    page.wait_for_selector("#no-data", state="hidden")


def test_digits_that_the_project_writes_are_learnt(desk):
    page = desk.page
    page.select_option("[name=data]", "written")
    page.fill("[name=pictures]", "200")
    page.click("#start")
    assert "1,000 held-out pictures" in desk.state("ended")


def layers(desk):
    return [line.strip(" ,") for line in desk.page.input_value("[name=python]").splitlines()[1:-1]]


def test_layers_are_laid_in_a_row_and_their_python_follows(desk):
    page = desk.page
    page.select_option("[name=network]", "cnn-numpy")
    desk.wait("() => document.getElementById('layers').children.length === 5")
    page.select_option("#add-kind", "Dropout")
    page.select_option("#add-place", label="5 Dense")
    page.click("#add")
    desk.wait("() => document.getElementById('layers').children.length === 6")
    assert layers(desk)[4] == "Dropout(0.5)"
    assert page.input_value("[name=network]") == ""
    page.fill('[data-key="4.rate"]', "0.25")
    page.keyboard.press("Tab")
    desk.wait("() => document.querySelector('[name=python]').value.includes('Dropout(0.25)')")
    page.click("li:nth-child(5) [title='Move up: Dropout']")
    desk.wait(
        "() => document.querySelector('#layers li:nth-child(4) summary').textContent[0] === 'D'"
    )
    assert layers(desk)[3:5] == ["Dropout(0.25)", "Flatten()"]
    page.click("[title='Remove Flatten']")
    desk.wait("() => document.getElementById('sizes').textContent.includes('layer 4')")
    assert "does not fit" in desk.text("#layers li:last-child")
    assert "13 × 13 × 8" in desk.text("#layers li:nth-child(3)")
    page.fill("[name=python]", "[Flatten(), Dense(10)]")
    desk.wait("() => document.getElementById('layers').children.length === 2")


def test_what_does_not_fit_is_said_in_the_engines_words(desk):
    desk.page.select_option("[name=network]", "")
    desk.page.fill("[name=python]", "[Conv2D(8, 29), Flatten(), Dense(10)]")
    desk.wait("() => document.getElementById('sizes').textContent.includes('layer 0')")
    desk.page.fill("[name=python]", "[Flatten(), Dense(10)]")
    desk.wait("() => document.getElementById('sizes').textContent.startsWith('7,850 parameters')")


def test_a_link_brings_settings_back(desk):
    wanted = {"python": "[Flatten(), Dense(10)]", "rate": 0.5, "digits": [1, 7]}
    desk.open("#" + quote(json.dumps(wanted)))
    assert desk.page.input_value("[name=rate]") == "0.5"
    assert desk.page.locator("[name=digits]:checked").count() == 2
    assert desk.text("#sizes").startswith("7,850")
    desk.page.click("#link")
    assert "0.5" in desk.page.url
    desk.page.set_viewport_size(PHONE)
    desk.open("#teach-it")
    desk.wait("() => Math.abs(document.getElementById('teach-it').getBoundingClientRect().top) < 5")
    desk.page.set_viewport_size(WIDE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, room, scheme):
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport=PHONE, color_scheme=scheme, reduced_motion="reduce")
    desk = Room(context.new_page(), room.url).open()
    found = Axe().run(desk.page).response["violations"]
    wide = desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
    assert not [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
    assert wide
