"""The same page in Firefox, where there is one (apt install firefox-esr)."""

import pytest

from tests.support.firefox import find_firefox, start_firefox
from tests.support.page import COLOURS, written

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not find_firefox(), reason="no Firefox: apt install firefox-esr"),
]


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    with start_firefox(tmp_path_factory.mktemp("firefox")) as firefox:
        yield firefox


@pytest.fixture
def firefox(window, service):
    window.open("about:blank")
    window.open(service.url)
    window.wait("document.querySelectorAll('#samples button').length === 10")
    window.run(
        "window.faults = []; addEventListener('error', (event) => faults.push(event.message))"
    )
    yield window
    assert window.run("return window.faults ?? []") == []


def reads(firefox, text):
    firefox.wait(f"document.getElementById('answer').textContent === '{text}'")
    firefox.wait(f"document.getElementById('verdict').textContent.includes('{text}')")


@pytest.mark.parametrize("pointer", ["mouse", "touch"])  # its driver has no pen
@pytest.mark.parametrize("digit", [3, 7])
def test_a_drawn_digit_is_read(firefox, pointer, digit):
    firefox.draw(written(digit), pointer)
    reads(firefox, digit)


def test_the_keyboard_draws(firefox):
    firefox.type("#sheet", " " + "\ue015" * 17 + " ")  # Space, arrow down, Space
    reads(firefox, 1)


def test_the_layers_show_and_open(firefox):
    firefox.draw(written(4))
    reads(firefox, 4)
    firefox.wait(f"({COLOURS})(document.getElementById('heat')) > 20")
    firefox.run("document.getElementById('layers').scrollIntoView()")
    firefox.wait("document.querySelectorAll('.layer').length > 5")
    firefox.run("document.querySelector('.layer button').click()")
    firefox.wait("document.querySelector('.equation strong')")
    assert firefox.run("return document.querySelectorAll('.numbers').length") == 3


def test_a_number_and_its_link(firefox, service):
    firefox.click("[name=mode][value=number]")
    for digit in (2, 0):
        firefox.click(f"[aria-label='Sample {digit}']")
    reads(firefox, "20")
    firefox.wait("location.hash.startsWith('#d=')")
    link = firefox.run("return location.href")
    firefox.open("about:blank")
    firefox.open(link)
    reads(firefox, "20")


def test_a_chosen_picture_is_read(firefox, tmp_path):
    from tests.support.page import photo
    from tests.support.pictures import encoded

    picture = tmp_path / "photo.png"
    picture.write_bytes(encoded(photo(5)))
    firefox.run("document.getElementById('file').hidden = false")
    firefox.type("#file", str(picture))
    reads(firefox, 5)
