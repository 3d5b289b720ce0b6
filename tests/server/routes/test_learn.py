"""The pages to read: they are there, whole, and every link in them leads somewhere."""

import re
from urllib.parse import urljoin, urlsplit

import pytest

from server import create_app
from server.learn import chapters, sources

ID = re.compile(r'\bid="([^"]+)"')
LINK = re.compile(r'\b(?:href|src)="([^"]+)"')


@pytest.fixture(scope="module")
def client():
    return create_app({"TRAINING_ROOM": True}).test_client()


@pytest.fixture(scope="module")
def found(client):
    """Answers, by address."""
    answers = {}

    def get(address):
        if address not in answers:
            answers[address] = client.get(address)
        return answers[address]

    return get


PAGES = ["/learn", "/learn/code", "/learn/code/convnet/layers/conv.py"]
PAGES += [
    "/" + name.removesuffix(".html").removesuffix("/index")
    for name in sorted(chapters.documents())
    if "how-it-works" not in name
]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page, found):
    answer = found(page)
    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    links = set(LINK.findall(answer.text))
    assert len(links) > 5
    for link in links:
        whole = urlsplit(urljoin(f"http://here{page}", link))
        if whole.netloc != "here":
            assert whole.scheme == "https", link
            continue
        address = whole.path + (f"?{whole.query}" if whole.query else "")
        led = found(address)
        assert led.status_code == 200, link
        if whole.path.startswith("/learn") and whole.fragment:
            assert whole.fragment in ID.findall(led.text), link


def test_the_book_has_its_chapters_its_pictures_and_no_braces(found):
    text = found("/learn").text
    for chapter in chapters.chapters().values():
        assert text.count(f'<h2 id="{chapter.slug}">') == 1
        assert f'href="#{chapter.slug}"' in text
    assert text.count("<img ") >= 15
    assert "{{" not in text
    assert "{%" not in text
    assert "dw[kh, kw, c, o] = Σ_&#123;n, i, j} x[n, i + kh, j + kw, c]" in text


def test_lines_of_code_are_marked(client):
    text = client.get("/learn/code/convnet/layers/conv.py?show=Conv2D.backward").text
    first, last = sources.place("convnet/layers/conv.py", "Conv2D.backward")
    marked = re.findall(r'<span(?: id="shown")? class="marked">(.*)', text)
    assert len(marked) == last - first + 1
    assert "<i class=k>def</i> <i class=d>backward</i>" in marked[0]
    plain = client.get("/learn/code/convnet/layers/conv.py?show=Conv2D.nothing").text
    assert "marked" not in plain
    source = (sources.ROOT / "convnet/layers/conv.py").read_text()
    assert plain.count("\n</span>") == source.count("\n")


@pytest.mark.parametrize(
    "address",
    [
        "/learn/none",
        "/learn/how-it-works",
        "/learn/lessons/none",
        "/learn/code/server/config.py",
        "/learn/code/convnet/../server/config.py",
        "/learn/code/convnet",
    ],
)
def test_what_is_not_shown_is_not_found(client, address):
    assert client.get(address).status_code == 404


def test_lessons_say_so_where_there_is_no_room(client):
    without = create_app({"TRAINING_ROOM": False}).test_client()
    for lesson in ("/learn/lessons", "/learn/lessons/3-convolution"):
        assert "The training room is off here" in without.get(lesson).text
        assert "The training room is off here" not in client.get(lesson).text
    assert 'href="./train"' not in without.get("/learn").text


def test_pages_run_no_script_but_their_own(found):
    for page in PAGES:
        assert "<script>" not in found(page).text
        assert " style=" not in found(page).text
        assert "'unsafe" not in found(page).headers["Content-Security-Policy"]
