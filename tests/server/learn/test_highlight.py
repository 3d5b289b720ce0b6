"""Code as HTML: nothing is lost, and nothing in it can be taken for HTML."""

import html
import re

import pytest

from server.learn.highlight import highlight
from server.learn.sources import FOLDERS, ROOT

SOURCE = '''class A:  # a <b>
    """Two
    lines."""

    def f(self):
        return f"{self}" if 1 < 2 else None
'''


def plain(lines):
    return "\n".join(html.unescape(re.sub(r"</?i[^>]*>", "", line)) for line in lines)


def test_marks_are_within_their_lines():
    lines = highlight(SOURCE)
    assert lines[0] == "<i class=k>class</i> <i class=d>A</i>:  <i class=c># a &lt;b&gt;</i>"
    assert lines[1:3] == [
        "    <i class=s>&#34;&#34;&#34;Two</i>",
        "    <i class=s>lines.&#34;&#34;&#34;</i>",
    ]
    assert "<i class=d>f</i>" in lines[4]
    assert "<i class=s>f&#34;{self}&#34;</i> <i class=k>if</i> 1 &lt; 2" in lines[5]
    assert plain(lines) == SOURCE.rstrip("\n")


@pytest.mark.parametrize("text", ["def f(:\n    '''", "  x = (\n<script>", ""])
def test_what_is_no_python_is_left_as_it_is(text):
    lines = highlight(text)
    assert plain(lines) == text
    assert "<script" not in "".join(lines)


def test_every_file_that_is_shown_is_whole():
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            assert plain(highlight(path.read_text())) == path.read_text().rstrip("\n")
