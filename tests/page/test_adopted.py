"""The page where things are not as on its maker's desk: formats, latency, frames, paper."""

import io

import pytest
from PIL import Image, features

from tests.page.test_pictures import choose, encoded, first_sent, keep_what_is_sent
from tests.support.page import written

pytestmark = pytest.mark.browser

LANDSCAPE = {"viewport": {"width": 740, "height": 360}, "has_touch": True}


@pytest.mark.parametrize("kind", ["svg", "ico", "avif"])
def test_what_the_service_cannot_decode_the_browser_decodes_for_it(desk, kind, seven):
    if kind == "svg":
        data = (
            b'<svg xmlns="http://www.w3.org/2000/svg" width="280" height="280" '
            b'viewBox="0 0 100 100">'
            b'<rect width="100" height="100" fill="#fff"/>'
            b'<path d="M29 18 50 17 71 17 62 40 52 62 45 87" fill="none" stroke="#000" '
            b'stroke-width="8"/></svg>'
        )
    elif kind == "avif" and not features.check("avif"):
        pytest.skip("this Pillow writes no AVIF")
    else:
        picture = Image.open(io.BytesIO(seven)).convert("RGB").resize((128, 128))
        data = encoded(picture, kind.upper())
    keep_what_is_sent(desk)
    mime = {"svg": "image/svg+xml", "ico": "image/x-icon", "avif": "image/avif"}[kind]
    choose(desk, data, f"seven.{kind}", mime)
    desk.reads(7).settle()
    assert first_sent(desk).startswith(b"\x89PNG")
    assert "'@seven.png'" in desk.text("#curl")


def test_links_within_the_page_leave_the_drawing_in_the_address(desk):
    desk.draw(written(7))
    desk.reads(7).settle()
    address = desk.page.url
    assert "#d=" in address
    for name in ("Layers", "For programs"):
        desk.page.get_by_role("link", name=name, exact=True).click()
        assert desk.page.url == address
    assert desk.page.evaluate("document.activeElement.id") == "programs"
    desk.page.locator(".skip").focus()
    desk.page.keyboard.press("Enter")
    assert desk.page.evaluate("document.activeElement.id") == "sheet"
    assert desk.page.url == address


def test_a_drawing_whose_answer_is_slow_is_not_called_nothing(desk):
    held = []
    desk.page.route("**/predict*", lambda route: held.append(route))
    assert desk.text("#verdict") == "Nothing drawn yet."
    desk.draw(written(6))
    desk.wait("() => document.getElementById('verdict').textContent === ''")
    for route in held:
        route.continue_()
    desk.page.unroute_all()
    desk.reads(6)


def test_where_the_address_cannot_be_changed_all_goes_on(desk):
    desk.page.evaluate(
        "() => { history.replaceState = () => { throw new DOMException('', 'SecurityError'); }; }"
    )
    desk.draw(written(7))
    desk.reads(7).settle()
    assert desk.text("#curl").startswith("curl ")
    assert not desk.complaints


def test_two_digits_on_the_sheet_for_one_are_read_as_a_number_by_a_click(desk):
    def doubt(route):
        response = route.fetch()
        unsure = {"digit": None, "label": None, "is_digit": False}
        route.fulfill(response=response, json=response.json() | unsure)

    desk.page.route("**/predict*", doubt)
    desk.draw(written(1, -0.2) + written(7, 0.2))
    suggestion = desk.page.get_by_role("button", name="If it is several digits")
    suggestion.click()
    assert desk.page.get_by_label("A number").is_checked()
    desk.reads(17)


def test_the_brush_says_how_thick_it_is(desk):
    brush = desk.page.get_by_label("Brush")
    assert brush.get_attribute("aria-valuetext") == "8 % of the sheet’s height"
    brush.press("ArrowRight")
    assert brush.get_attribute("aria-valuetext") == "9 % of the sheet’s height"


@pytest.mark.parametrize("mode", ["One digit", "A number"])
def test_sheet_and_buttons_fit_on_a_phone_held_across(open_desk, mode):
    desk = open_desk(**LANDSCAPE)
    desk.page.get_by_label(mode).check()
    column = desk.page.locator(".sheet-column").bounding_box()
    assert column["height"] <= 360
    sheet = desk.page.locator("#sheet").bounding_box()
    assert sheet["height"] > 200
    assert sheet["width"] < 740 - 2 * 20, "beside it a finger scrolls"


def test_paper_shows_drawing_answer_and_layers_alone(desk):
    desk.draw(written(7))
    desk.reads(7).settle()
    desk.page.emulate_media(media="print")
    for shown in ("#sheet", "#answer", "#verdict", "#layers", ".layer >> nth=0"):
        assert desk.page.locator(shown).is_visible(), shown
    for hidden in ("#predict", "#samples", ".masthead nav", "#programs"):
        assert not desk.page.locator(hidden).first.is_visible(), hidden
    desk.page.emulate_media(media="screen")


def test_a_plain_form_reads_a_picture_without_javascript(browser, service, seven):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(service.url)
    page.set_input_files(
        "noscript input, form input",
        {"name": "seven.png", "mimeType": "image/png", "buffer": seven},
    )
    page.get_by_role("button", name="Read it").click()
    page.wait_for_url("**/predict")
    assert '"digit":7' in page.content()
    context.close()
