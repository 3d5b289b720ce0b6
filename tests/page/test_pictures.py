"""Pictures from elsewhere, numbers of several digits, what can be taken along."""

import base64
import io
import json
import shlex
import subprocess

import pytest
from PIL import Image, ImageOps

from tests.support.live import eventually
from tests.support.page import PHONE, WIDE, photo, written
from tests.support.strokes import in_cells

pytestmark = pytest.mark.browser


def encoded(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def choose(desk, data, name="photo.png", mime="image/png"):
    desk.page.set_input_files("#file", {"name": name, "mimeType": mime, "buffer": data})


def transfer(desk, kind, target, data, mime="image/png"):
    """Drop or paste a file, as the browser would tell the page of it."""
    desk.page.evaluate(
        """([kind, target, text, type]) => {
          const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          const transfer = new DataTransfer();
          if (type.startsWith("image/")) transfer.items.add(new File([bytes], "picture", { type }));
          else transfer.items.add(atob(text), type);
          const name = kind === "paste" ? "clipboardData" : "dataTransfer";
          const Event = kind === "paste" ? ClipboardEvent : DragEvent;
          const event = new Event(kind, { [name]: transfer, bubbles: true, cancelable: true });
          document.querySelector(target).dispatchEvent(event);
        }""",
        [kind, target, base64.b64encode(data).decode(), mime],
    )


def keep_what_is_sent(desk):
    desk.page.evaluate(
        """() => {
          const { fetch } = window;
          window.sent = [];
          window.fetch = (path, options) => {
            if (options?.body instanceof Blob) sent.push(options.body);
            return fetch(path, options);
          };
        }"""
    )


def first_sent(desk):
    """Return the bytes of the first picture that was sent."""
    url = desk.page.evaluate(
        """() => new Promise((resolve) => {
          const reader = new FileReader();
          reader.onload = () => resolve(reader.result);
          reader.readAsDataURL(window.sent[0]);
        })"""
    )
    return base64.b64decode(url.partition(",")[2])


@pytest.mark.parametrize("digit", [2, 5, 8])
def test_a_chosen_picture_is_read(desk, digit):
    choose(desk, encoded(photo(digit)))
    desk.reads(digit)
    assert 0.005 < desk.ink() < 0.2


def test_a_dropped_and_a_pasted_picture_are_read(desk):
    transfer(desk, "drop", "#paper", encoded(photo(3)))
    desk.reads(3)
    transfer(desk, "paste", "body", encoded(photo(6)))
    desk.reads(6)
    desk.page.click("#undo")
    desk.reads(3)


def test_dragging_shows_where_to_drop(desk):
    paper = desk.page.locator("#paper")
    transfer(desk, "dragover", "#paper", b"")
    assert "dropping" in paper.get_attribute("class")
    transfer(desk, "dragleave", "#paper", b"")
    assert "dropping" not in paper.get_attribute("class")


def test_what_holds_no_picture_is_refused_in_words(desk):
    transfer(desk, "drop", "#paper", b"some text", "text/plain")
    desk.wait("() => document.getElementById('verdict').textContent.includes('no picture')")
    choose(desk, b"GIF89a and then nothing", "broken.gif", "image/gif")
    desk.wait("() => document.getElementById('verdict').textContent.includes('not a picture')")


def test_the_reading_of_the_drawing_does_not_hide_why_a_picture_failed(desk):
    """The picture fails while the drawing is still read; half a second later that is announced."""
    desk.draw(written(6))
    choose(desk, b"GIF89a and then nothing", "broken.gif", "image/gif")
    desk.page.wait_for_selector("#answer:text('6')")
    desk.page.wait_for_timeout(1500)
    assert "not a picture" in desk.text("#verdict")


def test_a_picture_that_fails_leaves_the_drawing_and_its_reading(desk):
    desk.draw(written(6))
    desk.reads(6)
    choose(desk, b"GIF89a and then nothing", "broken.gif", "image/gif")
    desk.wait("() => document.getElementById('verdict').textContent.includes('not a picture')")
    assert desk.text("#answer") == desk.text("#bars li.best .bar-digit") == "6"


def test_an_empty_page_is_no_digit_and_no_error(open_desk):
    desk = open_desk(expected="422")
    with desk.page.expect_response(lambda response: response.status == 422):
        choose(desk, encoded(Image.new("L", (300, 300), 255)))
    desk.settle()
    assert desk.text("#verdict") == "I see nothing drawn in this picture."


def test_a_large_photo_is_shrunk_before_it_is_sent(desk):
    keep_what_is_sent(desk)
    data = encoded(photo(4, (3000, 4000)), "JPEG", quality=95)
    choose(desk, data, "photo.jpg", "image/jpeg")
    desk.reads(4)
    image = Image.open(io.BytesIO(first_sent(desk)))
    assert image.format == "JPEG"
    assert max(image.size) == 1600


def test_a_photo_turned_by_the_camera_stands_upright(desk):
    turned = photo(7, (2000, 2600)).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # the viewer is to turn it by 90° clockwise
    data = encoded(turned, "JPEG", exif=exif)
    assert ImageOps.exif_transpose(Image.open(io.BytesIO(data))).size == (2000, 2600)
    choose(desk, data, "photo.jpg", "image/jpeg")
    desk.reads(7)


def test_a_transparent_picture_keeps_its_ink(desk):
    grey = ImageOps.invert(photo(9).convert("L")).point(lambda v: 255 if v > 128 else 0)
    image = Image.new("RGBA", grey.size, (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), mask=grey)
    choose(desk, encoded(image))
    desk.reads(9)


def test_a_browser_whose_canvas_lies_sends_the_photo_as_it_is(desk):
    desk.page.evaluate(
        """() => {
          const read = CanvasRenderingContext2D.prototype.getImageData;
          CanvasRenderingContext2D.prototype.getImageData = function (...place) {
            const image = read.apply(this, place);
            image.data.fill(255);
            return image;
          };
        }"""
    )
    keep_what_is_sent(desk)
    data = encoded(photo(4, (2000, 2600)), "JPEG")
    choose(desk, data, "photo.jpg", "image/jpeg")
    desk.reads(4)
    assert first_sent(desk) == data


def test_drawing_takes_the_place_of_a_picture_and_undo_brings_it_back(desk):
    choose(desk, encoded(photo(2)))
    desk.reads(2)
    desk.draw(written(1))
    desk.reads(1)
    desk.page.click("#undo")
    desk.reads(2)


def test_the_camera_takes_a_picture(browser, service):
    """The camera is a canvas that shows a black bar, a rough 1."""
    context = browser.new_context(viewport=WIDE, permissions=["camera"])
    page = context.new_page()
    page.goto(service.url)
    page.evaluate(
        """() => {
          navigator.mediaDevices.getUserMedia = async () => {
            const canvas = document.createElement("canvas");
            Object.assign(canvas, { width: 640, height: 480 });
            const pen = canvas.getContext("2d");
            setInterval(() => {
              pen.fillStyle = "#eee";
              pen.fillRect(0, 0, 640, 480);
              pen.fillStyle = "#222";
              pen.fillRect(300, 100, 34, 280);
            }, 30);
            return (window.stream = canvas.captureStream(30));
          };
        }"""
    )
    page.click("#camera")
    page.wait_for_function("() => document.getElementById('viewfinder').videoWidth === 640")
    page.click("#shutter")
    page.wait_for_function("() => document.getElementById('answer').textContent === '1'")
    assert page.locator("#camera-dialog").is_hidden()
    assert page.evaluate("stream.getTracks().every((track) => track.readyState === 'ended')")
    context.close()


def test_without_a_camera_a_file_is_asked_for(desk):
    with desk.page.expect_file_chooser() as chooser:
        desk.page.click("#camera")
    chooser.value.set_files({"name": "a.png", "mimeType": "image/png", "buffer": encoded(photo(0))})
    desk.reads(0)


# -- numbers


def test_a_drawn_number_is_read_with_a_box_around_each_digit(desk):
    desk.page.get_by_label("A number").check()
    for left, digit in enumerate([2, 0, 7]):
        desk.draw(written(digit, left * 0.8))
    desk.reads("207")
    sheet = desk.page.locator("#sheet").bounding_box()
    assert sheet["width"] == pytest.approx(2.5 * sheet["height"], rel=0.01)
    # All at once: the next answer draws them anew.
    boxes = desk.page.locator("#boxes rect").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().toJSON())"
    )
    assert len(boxes) == 3
    for left, around in enumerate(boxes):
        assert (
            around["x"]
            < sheet["x"] + (left * 0.8 + 0.5) * sheet["height"]
            < around["x"] + around["width"]
        )
        assert around["height"] > 0.6 * sheet["height"]


def test_each_digit_of_a_number_can_be_looked_at(desk):
    desk.page.get_by_label("A number").check()
    for digit in (4, 7, 1):
        desk.page.click(f"#samples button >> nth={digit}")
    desk.reads("471")
    found = desk.page.locator("#found button")
    for i, digit in enumerate("471"):
        found.nth(i).click()
        assert found.nth(i).get_attribute("aria-pressed") == "true"
        assert desk.text("#bars li.best .bar-digit") == digit
        assert desk.page.locator("#boxes rect.chosen").count() == 1
    eventually(lambda: desk.colours("#heat") > 20)


def test_a_picture_of_a_number_is_read(desk):
    image = Image.new("L", (900, 300), 255)
    for i, digit in enumerate([3, 1, 8]):
        image.paste(photo(digit, (250, 250), (255,) * 3, (0,) * 3).convert("L"), (40 + 280 * i, 20))
    desk.page.get_by_label("A number").check()
    choose(desk, encoded(image))
    desk.reads("3 1 8")  # the gaps are wide
    assert desk.page.locator("#boxes rect").count() == 3


def test_a_grid_is_shown_as_one_and_its_digits_can_be_chosen(desk):
    desk.page.get_by_label("A number").check()
    choose(desk, encoded(Image.fromarray(in_cells(("4 2", " 8 ", "51 ")))))
    desk.page.wait_for_selector("#grid td")
    rows = desk.page.locator("#grid tr").all()
    assert [row.locator("td").all_inner_texts() for row in rows] == [
        ["4", "", "2"],
        ["", "8", ""],
        ["5", "1", ""],
    ]
    assert "5 digits in a grid of 3 × 3 cells." in desk.text("#verdict")
    assert not desk.page.is_visible("#answer")
    desk.page.click("#grid button:text('8')")
    desk.page.wait_for_selector("#grid [aria-pressed=true]:text('8')")
    desk.page.click("#clear")
    assert not desk.page.is_visible("#grid")
    assert desk.page.is_visible("#answer")


def test_a_wide_grid_has_room_on_a_phone(open_desk):
    desk = open_desk(viewport=PHONE)
    desk.page.get_by_label("A number").check()
    choose(desk, encoded(Image.fromarray(in_cells(("4 2851 4 2851 45 2",) * 3, side=60))))
    desk.page.wait_for_selector("#grid td")
    assert desk.page.locator("#grid tr >> nth=0 >> td").count() == 18
    assert desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_boxes_of_a_number_go_with_its_sheet(desk):
    desk.page.get_by_label("A number").check()
    desk.draw(written(7))
    desk.reads(7)
    boxes = desk.page.locator("#boxes rect")
    assert boxes.count() == 1
    desk.page.get_by_label("One digit").check()
    assert boxes.count() == 0
    desk.reads(7)
    assert boxes.count() == 0


def test_changing_the_sheet_keeps_the_drawing(desk):
    desk.draw(written(6))
    desk.reads(6)
    desk.page.get_by_label("A number").check()
    desk.reads(6)
    desk.page.get_by_label("One digit").check()
    desk.reads(6)
    desk.page.click("#undo")
    desk.page.click("#undo")
    assert desk.page.get_by_label("One digit").is_checked()
    desk.reads(6)


def test_a_link_brings_a_number_back(desk, open_desk):
    desk.page.get_by_label("A number").check()
    for digit in (1, 9):
        desk.page.click(f"#samples button >> nth={digit}")
    desk.reads("19")
    eventually(lambda: desk.strokes() == 2)
    again = open_desk(desk.page.evaluate("location.hash"))
    again.reads("19")
    assert again.page.get_by_label("A number").is_checked()


# -- to take along


def test_the_curl_command_asks_for_what_is_on_the_sheet(desk):
    desk.draw(written(5))
    desk.reads(5)
    desk.wait("() => document.getElementById('curl').textContent.startsWith('curl')")
    command = shlex.split(desk.page.locator("#curl").text_content())
    answer = subprocess.run([*command, "--silent"], capture_output=True, check=True, timeout=20)
    assert json.loads(answer.stdout)["digit"] == 5


def test_the_command_is_copied(open_desk):
    desk = open_desk(permissions=["clipboard-read", "clipboard-write"])
    desk.draw(written(1))
    desk.reads(1)
    desk.page.wait_for_load_state("networkidle")  # half of a one is read as a one, too
    desk.page.click("#copy-curl")
    desk.wait("() => document.getElementById('whisper').textContent === 'Command copied.'")
    copied = desk.page.evaluate("navigator.clipboard.readText()")
    assert copied == desk.page.locator("#curl").text_content()
    desk.page.click("#copy-link")
    desk.wait("() => document.getElementById('whisper').textContent === 'Link copied.'")
    assert "#d=" in desk.page.evaluate("navigator.clipboard.readText()")


def test_the_picture_and_the_answer_can_be_saved(desk):
    desk.draw(written(8))
    desk.reads(8)
    with desk.page.expect_download() as saved:
        desk.page.click("#save-png")
    image = Image.open(saved.value.path())
    assert (image.format, image.mode, image.size) == ("PNG", "L", (280, 280))
    assert 2000 < sum(image.histogram()[:128]) < 20_000, "pixels of ink"
    with desk.page.expect_download() as saved:
        desk.page.click("#save-json")
    assert saved.value.suggested_filename == "answer.json"
    assert json.loads(saved.value.path().read_text())["digit"] == 8
