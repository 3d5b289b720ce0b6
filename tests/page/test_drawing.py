"""Drawing on the page: mouse, finger, pen and keyboard; undo, clear, rotation, links."""

import pytest

from tests.support.live import eventually
from tests.support.page import PHONE, written

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("digit", range(10))
def test_a_digit_drawn_with_the_mouse_is_read(desk, digit):
    desk.draw(written(digit))
    desk.reads(digit)
    assert desk.text("#bars li.best .bar-digit") == str(digit)
    assert float(desk.text("#bars li.best .bar-value").rstrip(" %")) > 50


@pytest.mark.parametrize("digit", [2, 3, 4, 7])
@pytest.mark.parametrize("density", [1, 3])
def test_a_digit_drawn_with_a_finger_on_a_phone_is_read(open_desk, digit, density):
    desk = open_desk(viewport=PHONE, device_scale_factor=density, has_touch=True, is_mobile=True)
    desk.draw(written(digit), "finger")
    desk.reads(digit)
    assert desk.page.evaluate("scrollY") == 0, "the page must not scroll under the finger"
    pixels = desk.page.evaluate("document.getElementById('sheet').width")
    assert pixels == pytest.approx(
        density * desk.page.locator("#sheet").bounding_box()["width"], abs=1
    )


def test_ink_is_where_the_finger_was_at_any_density(open_desk):
    for density in (1, 2, 3):
        desk = open_desk(viewport=PHONE, device_scale_factor=density, has_touch=True)
        desk.draw([[(0.25, 0.75), (0.25, 0.75)]], "finger")
        desk.wait("() => location.hash.startsWith('#d=')")
        x, y, grey = desk.page.evaluate(
            """() => {
              const sheet = document.getElementById("sheet");
              const [x, y] = [0.25 * sheet.width, 0.75 * sheet.height].map(Math.round);
              return [x, y, sheet.getContext("2d").getImageData(x, y, 1, 1).data[0]];
            }"""
        )
        assert grey < 50, f"no ink at {x}, {y}"


def test_a_pen_that_presses_harder_draws_thicker(open_desk):
    inks = []
    for force in (0.1, 0.9):
        desk = open_desk()
        desk.pen([desk.place(point) for point in [(0.5, 0.2), (0.5, 0.8)]], force)
        desk.reads(1)
        inks.append(desk.ink())
    assert inks[1] > 1.5 * inks[0] > 0


def test_the_pen_takes_over_from_the_palm(desk):
    def event(kind, pointer, pointer_id, x, y):
        place = dict(zip(("clientX", "clientY"), desk.place((x, y)), strict=True))
        desk.page.locator("#sheet").dispatch_event(
            kind,
            place | {"pointerType": pointer, "pointerId": pointer_id, "bubbles": True, "button": 0},
        )

    event("pointerdown", "touch", 5, 0.8, 0.9)  # the palm comes first
    event("pointermove", "touch", 5, 0.7, 0.9)
    event("pointerdown", "pen", 6, 0.5, 0.1)
    event("pointermove", "touch", 5, 0.6, 0.9)
    for y in (0.3, 0.5, 0.7, 0.9):
        event("pointermove", "pen", 6, 0.5, y)
    event("pointerup", "pen", 6, 0.5, 0.9)
    event("pointerup", "touch", 5, 0.6, 0.9)
    event("pointerdown", "touch", 7, 0.1, 0.9)  # and rests a moment longer
    event("pointerup", "touch", 7, 0.1, 0.9)
    desk.reads(1)
    assert eventually(desk.strokes) == 1


def test_a_second_finger_draws_nothing_and_a_cancelled_one_keeps_its_ink(desk):
    sheet = desk.page.locator("#sheet")

    def event(kind, pointer_id, x, y):
        place = dict(zip(("clientX", "clientY"), desk.place((x, y)), strict=True))
        sheet.dispatch_event(
            kind, place | {"pointerType": "touch", "pointerId": pointer_id, "button": 0}
        )

    event("pointerdown", 1, 0.5, 0.1)
    event("pointerdown", 2, 0.1, 0.1)
    event("pointermove", 2, 0.9, 0.1)
    event("pointermove", 1, 0.5, 0.5)
    event("pointermove", 1, 0.5, 0.9)
    event("pointercancel", 1, 0.5, 0.9)
    desk.reads(1)
    assert eventually(desk.strokes) == 1


def test_the_keyboard_alone_draws_undoes_and_clears(desk):
    page = desk.page
    page.focus("#sheet")
    for keys in ("Space", *["ArrowDown"] * 17, "Space"):
        page.keyboard.press(keys)
    desk.reads(1)
    assert "Pen up, 50 % across, 81 % down" in desk.text("#whisper")
    page.keyboard.press("Control+z")
    desk.is_blank()
    page.keyboard.press("Control+Shift+z")
    desk.reads(1)
    page.keyboard.press("Delete")
    desk.is_blank()
    page.keyboard.press("Control+z")
    desk.reads(1)


def test_a_seven_drawn_with_the_keyboard(desk):
    page = desk.page
    page.focus("#sheet")
    for key in (
        *["ArrowLeft"] * 6,
        "Space",
        *["ArrowRight"] * 12,
        *["End"] * 5,
        *["ArrowDown"] * 11,
        "Space",
    ):
        page.keyboard.press(key)
    desk.reads(7)
    assert eventually(desk.strokes) == 1


def test_the_keyboards_stroke_is_kept_when_the_mouse_takes_over(desk):
    desk.page.focus("#sheet")
    for keys in ("Space", *["ArrowDown"] * 17):
        desk.page.keyboard.press(keys)
    desk.draw([[(0.2, 0.2), (0.2, 0.8)]])
    eventually(lambda: desk.strokes() == 2)


def test_undo_and_redo_by_button(desk):
    undo, redo = desk.page.locator("#undo"), desk.page.locator("#redo")
    assert undo.is_disabled()
    assert redo.is_disabled()
    desk.draw(written(4))
    desk.reads(4)
    undo.click()
    desk.wait("() => document.getElementById('answer').textContent !== '4'")
    undo.click()
    desk.is_blank()
    assert undo.is_disabled()
    redo.click()
    redo.click()
    desk.reads(4)
    assert redo.is_disabled()


def asked_of(desk):
    """Collect what the service is asked about drawings from now on."""
    asked = []
    desk.page.on("request", lambda request: request.method == "POST" and asked.append(request.url))
    return asked


def test_clear_empties_the_sheet_and_asks_nothing(desk):
    desk.draw(written(3))
    desk.reads(3)
    desk.page.click("#clear")
    desk.is_blank()
    asked = asked_of(desk)
    assert desk.text("#verdict") == "Nothing drawn yet."
    eventually(lambda: desk.ink() == 0)
    desk.settle()
    assert not asked


def test_delete_belongs_to_the_brush_while_it_is_held(desk):
    desk.draw(written(1))
    desk.page.press("#brush", "Delete")
    desk.reads(1)
    desk.page.press("#undo", "Delete")
    desk.is_blank()


def test_keys_are_told_to_who_draws_with_them(desk):
    def height():
        return desk.page.locator("#keys").bounding_box()["height"]

    assert height() <= 1
    desk.page.focus("#camera")
    desk.page.keyboard.press("Tab")
    assert desk.page.evaluate("document.activeElement.id") == "sheet"
    assert height() > 10
    desk.page.click("#samples button >> nth=4")  # nothing moves away under the mouse
    desk.reads(4)
    assert height() <= 1


def test_an_empty_canvas_is_never_sent(open_desk):
    desk = open_desk()
    asked = asked_of(desk)
    assert desk.page.locator("#predict").is_disabled()
    desk.settle()
    assert not asked


def test_the_brush_makes_thicker_lines(desk):
    inks = []
    for width in ("0.04", "0.16"):
        desk.page.locator("#brush").fill(width)
        desk.draw([[(0.5, 0.2), (0.5, 0.8)]])
        desk.reads(1)
        inks.append(desk.ink())
        desk.page.click("#clear")
        desk.is_blank()
    assert inks[1] > 3 * inks[0]


def is_painted(desk):
    """Wait until the canvas has as many pixels as the screen has for it."""
    desk.wait(
        """() => {
          const sheet = document.getElementById("sheet");
          return sheet.width === Math.round(sheet.clientWidth * devicePixelRatio);
        }"""
    )


def test_turning_the_phone_keeps_the_drawing(open_desk):
    desk = open_desk(viewport=PHONE, device_scale_factor=3, has_touch=True, is_mobile=True)
    top, *rest = written(4)
    desk.draw([top], "finger")
    ink = desk.ink()
    desk.page.set_viewport_size({"width": 740, "height": 360})
    desk.wait("() => document.documentElement.clientWidth === 740")
    desk.page.locator("#sheet").scroll_into_view_if_needed()
    is_painted(desk)
    assert desk.ink() == pytest.approx(ink, rel=0.03)
    desk.page.set_viewport_size(PHONE)
    desk.wait("() => document.documentElement.clientWidth === 360")
    is_painted(desk)
    desk.page.evaluate("scrollTo(0, 0)")
    desk.draw(rest, "finger")
    desk.reads(4)


def test_drawing_goes_on_in_landscape(open_desk):
    desk = open_desk(viewport={"width": 740, "height": 360}, has_touch=True, is_mobile=True)
    desk.page.locator("#sheet").scroll_into_view_if_needed()
    box = desk.page.locator("#sheet").bounding_box()
    assert box["height"] <= 360, "the whole sheet is on the screen"
    desk.draw(written(2), "finger")
    desk.reads(2)


def test_answers_come_while_the_pen_is_still_down(desk):
    """How fast they come is measured by scripts/page/measure_page.py."""
    top, *_ = written(7)
    desk.page.mouse.move(*desk.place(top[0]))
    desk.page.mouse.down()
    for point in top[1:]:
        desk.page.mouse.move(*desk.place(point), steps=3)
    desk.reads(7)
    desk.page.mouse.up()


def test_an_answer_does_not_stand_above_nothing_drawn(desk):
    x, y = desk.place((0.5, 0.2))
    desk.page.mouse.move(x, y)
    desk.page.mouse.down()
    for step in range(200):  # never long enough at one place to rest
        desk.page.mouse.move(x, y + step)
        if desk.text("#answer"):
            break
    assert desk.text("#answer")
    assert "Nothing" not in desk.text("#verdict")
    desk.page.mouse.up()


def test_the_link_brings_the_drawing_back(desk, open_desk):
    desk.draw(written(5))
    desk.reads(5)
    eventually(lambda: desk.strokes() == 2)
    link = desk.page.evaluate("location.hash")
    again = open_desk(link)
    again.reads(5)
    assert eventually(again.strokes) == 2
    assert again.ink() == pytest.approx(desk.ink(), rel=0.01)
    again.page.reload()
    again.reads(5)


def test_a_broken_link_opens_an_empty_sheet(open_desk):
    assert open_desk("#d=AAAA~~~").is_blank().text("#verdict") == "Nothing drawn yet."


def test_every_sample_is_read(desk):
    for digit in range(10):
        desk.page.click(f"#samples button >> nth={digit}")
        desk.reads(digit)


def test_what_is_sent_is_made_from_the_strokes_and_not_read_from_the_canvas(open_desk):
    """A browser that guards privacy answers noise when a canvas is read."""
    desk = open_desk()
    desk.page.evaluate(
        """() => {
          const noise = (image) => image.data.fill(127) && image;
          const read = CanvasRenderingContext2D.prototype.getImageData;
          CanvasRenderingContext2D.prototype.getImageData = function (...place) {
            return noise(read.apply(this, place));
          };
          HTMLCanvasElement.prototype.toBlob = HTMLCanvasElement.prototype.toDataURL = () => {
            throw new Error("the canvas was read");
          };
        }"""
    )
    desk.draw(written(8))
    desk.reads(8)
