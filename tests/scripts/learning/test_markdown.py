"""Documents as pages: what their links, pictures and braces become."""

import pytest

from scripts.learning.markdown import ROOT, address, as_template, render, slug

HERE = ROOT / "docs" / "page.md"
SERVED = {ROOT / "docs" / "how-it-works.md": "learn"}


@pytest.mark.parametrize(
    ("link", "leads"),
    [
        ("how-it-works.md#8-x", "^learn#8-x"),
        ("how-it-works.md", "^learn"),
        ("#here", "#here"),
        ("https://example.org/", "https://example.org/"),
        ("http://127.0.0.1:8000/train#%7B", "^train#%7B"),
        ("../convnet/losses.py#L3-L7", "^learn/code/convnet/losses.py?show=A.f#shown"),
        ("../convnet/losses.py", "^learn/code/convnet/losses.py"),
        ("../convnet/layers", "^learn/code#convnet/layers"),
        ("api.md", None),
        ("../server/config.py#L3", None),
        ("../scripts/synthesis", None),
    ],
)
def test_links(link, leads):
    found = address(link, "A.f", HERE, SERVED)
    assert (found and as_template(found).replace("{{ up }}", "^")) == leads


def test_a_link_to_what_is_not_served_leaves_its_words():
    html = render("See [the *API*](api.md) or [this](#x).", HERE, SERVED)
    assert html == '<p>See the <em>API</em> or <a href="#x">this</a>.</p>\n'


def test_pictures_are_below_static():
    name = "../static/images/how-it-works/layers.png"
    html = as_template(render(f"![Layers]({name})", HERE, SERVED))
    assert 'src="{{ up }}static/images/how-it-works/layers.png"' in html
    assert 'alt="Layers"' in html
    with pytest.raises(ValueError, match="not below static/"):
        render("![x](images/photos.png)", HERE, SERVED)


def test_braces_are_no_template():
    html = as_template(render("```\n{{ 1 }} {% x %}\n```\n", HERE, SERVED))
    assert "{" not in html
    assert html.count("&#123;") == 3


def test_python_is_highlighted():
    assert "<i class=k>def</i>" in render("```python\ndef f(): ...\n```\n", HERE, SERVED)


def test_anchors_are_those_of_github():
    assert slug("3. How wrong is it? The loss") == "3-how-wrong-is-it-the-loss"
    assert slug("`Dense`: a *whole* [layer](x.md)") == "dense-a-whole-layer"
