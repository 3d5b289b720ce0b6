"""The strip of layers, the inspector that shows the arithmetic of one, the heat map."""

import re

import numpy as np
import pytest

from tests.support.inspector import name_of, number, numbers, open_layer, shown
from tests.support.live import eventually
from tests.support.page import PHONE, written

pytestmark = pytest.mark.browser


def test_every_layer_says_its_name_and_size_and_shows_its_maps(explained, network):
    cards = explained.page.locator(".layer")
    assert cards.count() == len(network.layers)
    for card, layer in zip(cards.all(), network.layers, strict=True):
        name, size = card.locator("h3").inner_text().split("\n")
        assert name == layer.name
        assert size == " × ".join(map(str, layer.output_shape))
        assert card.locator("p").inner_text()
    for i in (0, len(network.layers) // 2, len(network.layers) - 1):
        assert explained.colours(f".layer:nth-child({i + 1}) canvas") > 3


def test_maps_are_wiped_with_the_sheet(explained):
    explained.page.click("#clear")
    explained.is_blank()
    assert explained.colours(".layer:first-child canvas") <= 2
    assert explained.colours("#heat") == explained.colours("#input") == 1


def test_maps_follow_the_drawing_while_it_grows(open_desk):
    desk = open_desk()
    desk.wait("() => document.querySelectorAll('.layer').length > 0")
    picture = "() => document.querySelector('.layer canvas').toDataURL()"
    x, y = desk.place((0.3, 0.2))
    desk.page.mouse.move(x, y)
    desk.page.mouse.down()
    for i in range(1, 5):
        before = desk.page.evaluate(picture)
        desk.page.mouse.move(x + 20 * i, y + 30 * i)
        desk.wait(f"before => ({picture})() !== before", before)
    desk.page.mouse.up()


def test_the_input_and_the_heat_map_are_shown(explained):
    eventually(lambda: explained.colours("#input") > 5)
    eventually(lambda: explained.colours("#heat") > 20)


def test_a_convolution_can_be_followed_by_hand(explained, network):
    open_layer(explained, name_of(network, "Conv2D", 1))
    window, kernel, products = (
        np.array(
            [
                [number(cell) for cell in row.locator("td").all_inner_texts()]
                for row in table.locator("tr").all()
            ]
        )
        for table in explained.page.locator(".numbers").all()
    )
    shape = network.layers[0].params["w"].shape[:2]
    assert window.shape == kernel.shape == products.shape == shape
    np.testing.assert_array_equal(products, shown(window * kernel))
    here, everywhere, bias, result, *_ = numbers(explained.text(".equation"))
    assert here == shown(products.sum())
    bars = explained.page.locator(".sums button").evaluate_all("bars => bars.map(b => b.title)")
    parts = [number(title.partition(": ")[2]) for title in bars]
    assert everywhere == shown(sum(parts))
    assert shown(everywhere + bias) == result
    exact = explained.page.evaluate("() => document.querySelector('.equation').textContent")
    assert result == pytest.approx(numbers(exact)[-1], rel=0.05, abs=0.05)


def test_the_kernel_is_the_one_that_was_trained(explained, network):
    name = name_of(network, "Conv2D")
    open_layer(explained, name)
    layer = next(layer for layer in network.layers if layer.name == name)
    channel = int(re.search(r"Map (\d+)", explained.text(".picker output")).group(1)) - 1
    kernel = explained.page.locator(".numbers").nth(1).locator("td").all_inner_texts()
    np.testing.assert_allclose(
        [number(cell) for cell in kernel], layer.params["w"][:, :, 0, channel].ravel(), rtol=0.006
    )


def test_the_window_follows_pointer_and_arrow_keys(explained, network):
    open_layer(explained, name_of(network, "Conv2D"))
    output = explained.page.locator(".map.live")
    output.scroll_into_view_if_needed()
    box = output.bounding_box()
    explained.page.mouse.move(box["x"] + 3, box["y"] + 3)
    explained.wait(
        "() => document.querySelector('.equation').textContent.includes('row 1, column 1')"
    )
    output.focus()
    explained.page.keyboard.press("ArrowRight")
    explained.page.keyboard.press("ArrowDown")
    explained.wait(
        "() => document.querySelector('.equation').textContent.includes('row 2, column 2')"
    )


def test_another_map_and_another_input_map_can_be_chosen(explained, network):
    open_layer(explained, name_of(network, "Conv2D", 1))
    before = explained.text(".equation")
    explained.page.locator(".picker input").fill("5")
    assert explained.text(".picker output").startswith("Map 6 of ")
    explained.wait("before => document.querySelector('.equation').textContent !== before", before)
    bars = explained.page.locator(".sums button")
    bars.nth(2).click()
    assert bars.nth(2).get_attribute("aria-pressed") == "true"
    assert "Input map 3 of" in explained.page.locator(".map-figure figcaption").first.inner_text()


def test_pooling_keeps_the_largest_of_its_window(explained, network):
    open_layer(explained, name_of(network, "MaxPool2D"))
    cells = [number(cell) for cell in explained.page.locator(".numbers td").all_inner_texts()]
    kept = number(explained.text(".equation strong"))
    assert max(cells) == pytest.approx(kept, abs=0.006)
    assert number(explained.page.locator(".numbers td.marked").first.inner_text()) == max(cells)


def test_a_relu_keeps_what_is_above_zero(explained, network):
    open_layer(explained, name_of(network, "ReLU"))
    x, *_, y = numbers(explained.text(".equation"))
    assert y == pytest.approx(max(0, x))


def test_flattening_says_where_a_number_stood_and_where_it_stands(explained, network):
    open_layer(explained, name_of(network, "Flatten"))
    rows, columns, maps = next(
        layer.input_shape for layer in network.layers if type(layer).__name__ == "Flatten"
    )
    output = explained.page.get_by_label("Output")
    output.press("ArrowDown")
    place, row, column, channel = map(
        int,
        re.search(
            r"number ([\d,]+) of one long row \(it was row (\d+), column (\d+) of map (\d+)\)",
            explained.text(".equation"),
        )
        .expand(r"\1 \2 \3 \4")
        .replace(",", "")
        .split(),
    )
    assert place - 1 == ((row - 1) * columns + column - 1) * maps + channel - 1
    assert row <= rows
    for _ in range(40):  # to the last, which does not fill its row of the picture
        output.press("ArrowDown")
    for _ in range(40):
        output.press("ArrowRight")
    assert f"number {rows * columns * maps:,} of" in explained.text(".equation")


def test_a_number_of_a_vector_is_called_a_number(explained, network):
    open_layer(explained, network.layers[-2].name)
    assert explained.text(".picker output").startswith("Number ")
    assert not explained.page.locator("#inspector canvas").first.is_visible()


def test_escape_closes_the_inspector(explained, network):
    open_layer(explained, name_of(network, "ReLU"))
    explained.page.keyboard.press("Escape")
    assert explained.page.locator("#inspector").is_hidden()


def test_the_path_to_the_ten_scores_ends_at_the_answer(explained, network):
    open_layer(explained, name_of(network, "Dense", -1))
    assert explained.text(".picker output") == "Score of digit 3"
    total, rest, bias, score, *_ = numbers(explained.text(".equation >> nth=0"))
    terms = [numbers(term) for term in explained.page.locator(".term-text").all_inner_texts()]
    assert len(terms) == 12
    for value, weight, product in terms:
        assert shown(value * weight) == product
    assert shown(sum(term[2] for term in terms) + rest) == total
    assert shown(total + bias) == score
    *scores, _temperature, share = numbers(
        explained.text(".equation >> nth=1").partition(" (With")[0]
    )
    assert len(scores) == 10
    assert np.argmax(scores) == 3
    assert share == pytest.approx(
        float(explained.text("#bars li.best .bar-value").rstrip(" %")), abs=0.2
    )


def test_every_layer_can_be_opened_and_closed(explained, network):
    for i, layer in enumerate(network.layers):
        card = explained.page.locator(".layer button").nth(i)
        card.press("Enter")
        explained.wait("() => document.querySelector('#inspector strong, #inspector .term-text')")
        assert explained.text("#inspector-title") == layer.name
        assert "convnet/layers/" in explained.text(".inspector-head")
        explained.page.get_by_role("button", name="Close").click()
        assert explained.page.locator("#inspector").is_hidden()
        assert card.evaluate("button => button === document.activeElement")


def test_the_inspector_follows_a_new_drawing(explained, network):
    open_layer(explained, name_of(network, "Dense", -1))
    before = explained.text(".equation >> nth=0")
    explained.page.click("#samples button >> nth=7")
    explained.reads(7)
    explained.wait("before => document.querySelector('.equation').textContent !== before", before)
    explained.page.click("#clear")
    explained.wait(
        "() => document.querySelector('.equation').textContent.includes('Draw something')"
    )


def test_the_code_of_every_kind_of_layer_is_where_the_page_says(explained, network, root):
    for kind in {type(layer).__name__: layer.name for layer in network.layers}.values():
        open_layer(explained, kind)
        file = root / explained.text(".inspector-head code")
        layer = next(layer for layer in network.layers if layer.name == kind)
        assert f"class {type(layer).__name__}(" in file.read_text()


def test_from_layer_to_chapter_and_back_with_the_same_digit(explained, network):
    page = explained.page
    name = name_of(network, "Conv2D")
    open_layer(explained, name)
    drawing = page.evaluate("location.hash")
    assert drawing.startswith("#d=")
    page.locator("#inspector").get_by_role("link", name="How it works").click()
    page.wait_for_url("**/learn#8-convolution*")
    title = page.locator("h2", has_text="8. Convolution")
    eventually(lambda: title.evaluate("h => Math.abs(h.getBoundingClientRect().top) < 300"))
    page.get_by_role("link", name="Open Conv2D with your digit").click()
    explained.wait("name => document.getElementById('inspector-title')?.textContent === name", name)
    explained.reads(3)
    assert page.evaluate("location.hash") == drawing
    page.get_by_role("link", name="convnet/layers/conv.py").click()
    page.wait_for_url("**/learn/code/convnet/layers/conv.py?show=Conv2D#shown")
    assert page.locator("#shown").inner_text().startswith("class Conv2D")
    page.go_back()
    explained.wait("() => document.querySelectorAll('.layer').length > 0")
    explained.reads(3)


def test_a_chapter_brings_a_sample_to_those_who_have_drawn_nothing(open_desk, network):
    desk = open_desk(f"#layer={network.layers[-1].name}")
    desk.reads(4)
    desk.wait("() => document.querySelector('.picker output')?.textContent === 'Score of digit 4'")


def test_maps_are_not_asked_for_where_nobody_sees_them(open_desk):
    desk = open_desk(viewport=PHONE)
    asked = []
    desk.page.on("request", lambda request: asked.append(request.url))
    desk.draw(written(1))
    desk.reads(1).settle()
    assert not [url for url in asked if url.endswith("/explain")]
    desk.page.locator("#layers").scroll_into_view_if_needed()
    desk.wait("() => document.querySelectorAll('.layer').length > 0")
    eventually(lambda: desk.page.evaluate("1") and [u for u in asked if u.endswith("/explain")])


def test_a_strip_in_the_dark_has_other_colours(open_desk):
    light, dark = (open_desk(color_scheme=scheme) for scheme in ("light", "dark"))
    for desk in (light, dark):
        desk.draw(written(7))
        desk.reads(7)
        eventually(lambda desk=desk: desk.colours(".layer:first-child canvas") > 3)
    picture = "canvas => canvas.toDataURL()"
    first = ".layer:first-child canvas"
    assert light.page.locator(first).evaluate(picture) != dark.page.locator(first).evaluate(picture)
    assert light.page.locator("#sheet").evaluate(picture) == dark.page.locator("#sheet").evaluate(
        picture
    )
