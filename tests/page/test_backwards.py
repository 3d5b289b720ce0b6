"""The way back through a layer: what came back to a place, and the sum that it is."""

import numpy as np
import pytest

from tests.support.inspector import name_of, number, numbers, open_layer, shown

pytestmark = pytest.mark.browser


def go_back(desk, truth=None):
    desk.page.get_by_text("Backwards", exact=True).click()
    if truth is not None:
        desk.page.get_by_label("If the truth is").select_option(truth)
        start = f"If it is {truth},"
    else:
        start = "If it is "
    # The inspector says it together with what it shows.
    desk.wait("s => document.querySelector('#inspector').textContent.includes(s)", start)


def test_what_comes_back_to_the_scores_is_probability_less_truth(explained, network):
    open_layer(explained, name_of(network, "Dense", -1))
    go_back(explained, "7")
    said = explained.text("#inspector > .equation")
    assert "its probability, less 1 for the truth" in said
    assert numbers(said)[0] > 1  # it is a 3
    total, rest, sent, *_ = numbers(explained.text(".inspector-body .equation >> nth=0"))
    terms = [numbers(term) for term in explained.page.locator(".term-text").all_inner_texts()]
    assert len(terms) == 10  # one for each score
    for came, weight, product in terms:
        assert shown(came * weight) == product
    assert shown(sum(term[2] for term in terms) + rest) == total == sent
    texts = explained.page.locator(".term-text").all_inner_texts()
    of_truth = next(numbers(text)[0] for text in texts if text.startswith("output 8:"))
    assert of_truth == pytest.approx(-1, abs=0.01)
    assert explained.text(".picker output") == "Input 1 of 128"


def test_what_comes_back_through_a_convolution_is_a_sum_too(explained, network):
    open_layer(explained, name_of(network, "Conv2D", 1))
    go_back(explained, "7")
    window, kernel, products = (
        np.array([[number(cell) for cell in row.locator("td").all_inner_texts()] for row in rows])
        for rows in (
            table.locator("tr").all() for table in explained.page.locator(".numbers").all()
        )
    )
    np.testing.assert_array_equal(products, shown(window * kernel))
    here, everywhere, sent, *_ = numbers(explained.text(".inspector-body .equation"))
    assert here == shown(products.sum())
    bars = explained.page.locator(".sums button").evaluate_all("bars => bars.map(b => b.title)")
    assert len(bars) == 32
    assert everywhere == shown(sum(number(title.partition(": ")[2]) for title in bars)) == sent
    assert "turned kernel" in explained.page.locator(".numbers caption").all_inner_texts()
    assert explained.text(".picker output") == "Input map 1 of 16"


def test_a_relu_lets_back_what_it_let_through(explained, network):
    open_layer(explained, name_of(network, "ReLU"))
    go_back(explained, "7")
    came, x, slope, sent, *_ = numbers(explained.text(".inspector-body .equation"))
    assert slope == (1 if x > 0 else 0)
    assert sent == came * slope


def test_a_pooling_sends_back_to_the_largest(explained, network):
    open_layer(explained, name_of(network, "MaxPool2D"))
    go_back(explained, "7")
    text = explained.text(".inspector-body .equation")
    assert "being the largest there" in text
    came, *_, sent = numbers(text.partition(" (The")[0])
    assert came == sent != 0


def test_every_layer_has_a_way_back_and_forth(explained, network):
    for layer in network.layers:
        open_layer(explained, layer.name)
        go_back(explained)
        explained.wait("() => document.querySelector('.inspector-body strong')")
        explained.page.get_by_text("Forwards", exact=True).click()
        explained.wait("() => document.querySelector('.inspector-body strong')")
        explained.page.get_by_role("button", name="Close").click()


def test_the_chapter_on_gradients_opens_the_way_back(explained, network):
    page = explained.page
    open_layer(explained, name_of(network, "Dense", -1))
    page.locator("#inspector").get_by_role("link", name="How it works").click()
    page.wait_for_url("**/learn#6-*")
    page.get_by_role("link", name="See what comes back of your digit").last.click()
    explained.wait("() => document.querySelector('#inspector [name=way]:checked')")
    explained.reads(3)
    explained.wait(
        "() => document.querySelector('#inspector').textContent.includes('If it is 3, the loss is')"
    )
