"""The pages that explain: their examples run, their links lead to the lines they name."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import illustrate, link_code
from scripts.learning.exercises import EXERCISE

LESSONS = ("how-it-works.md", "convolution-or-correlation.md")
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", LESSONS)
def test_the_examples_run(name: str, root: Path) -> None:
    text = (root / "docs" / name).read_text()
    text = EXERCISE.sub(lambda match: "\n" * match[0].count("\n"), text)  # with names of their own
    blocks = BLOCK.findall(text)
    assert blocks
    namespace: dict[str, object] = {}
    for block in blocks:
        line = text[: text.index(block)].count("\n")  # so that a traceback points into the page
        exec(compile("\n" * line + block, name, "exec"), namespace)


def test_links_to_code_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    status = link_code.main(["--check"])
    shown = capsys.readouterr()
    assert status == 0, f"{shown.out}{shown.err}run `python scripts/link_code.py`"


def test_every_layer_is_explained_with_a_link_to_its_code(root: Path) -> None:
    from convnet.layers import LAYERS

    text = (root / "docs" / "how-it-works.md").read_text()
    linked = {match["symbol"].split(".")[0] for match in link_code.LINK.finditer(text)}
    assert set(LAYERS) - linked <= {"Flatten"}  # is a Reshape
    assert {"CrossEntropy", "BinaryCrossEntropy", "MeanSquaredError", "SGD", "Adam"} <= linked


# Looking up lines

SOURCE = '''"""Doc."""

VALUE = 1


class Layer:
    """A layer."""

    @property
    def size(self) -> int:
        return 1

    def forward(self) -> None:
        pass


def forward() -> None:
    pass
'''


@pytest.mark.parametrize(
    ("symbol", "lines"),
    [
        ("Layer", (6, 14)),
        ("Layer.size", (10, 11)),
        ("Layer.forward", (13, 14)),
        ("forward", (17, 18)),
    ],
)
def test_names_are_looked_up(symbol: str, lines: tuple[int, int]) -> None:
    assert link_code.lines_of(SOURCE, symbol) == lines


@pytest.mark.parametrize("symbol", ["Dense", "Layer.backward", "forward.size", "VALUE", "pass"])
def test_names_that_are_not_there(symbol: str) -> None:
    with pytest.raises(ValueError, match=f"there is no `{symbol}`"):
        link_code.lines_of(SOURCE, symbol)


def test_links_are_renewed_and_everything_else_stays(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text(SOURCE)
    text = (
        "[`forward`](code.py) [`Layer`](code.py#L1-L2) "
        "[`Layer.size`](code.py#L7) [`a/b.py`](code.py) `x`"
    )
    assert link_code.link(text, tmp_path) == (
        "[`forward`](code.py#L17-L18) [`Layer`](code.py#L6-L14) "
        "[`Layer.size`](code.py#L10-L11) [`a/b.py`](code.py) `x`"
    )


def test_code_that_is_shown_is_the_code(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text(SOURCE)
    text = (
        "Whole, [`Layer.forward`](code.py):\n\n```py\nold\n```\n\n"
        "[`Layer`](code.py) and `x`:\n\n```py\nx\n```\n"
    )
    assert link_code.link(text, tmp_path) == (
        "Whole, [`Layer.forward`](code.py#L13-L14):\n\n"
        "```py\n    def forward(self) -> None:\n        pass\n```\n\n"
        "[`Layer`](code.py#L6-L14) and `x`:\n\n```py\nx\n```\n"
    )


def test_a_whole_layer_is_shown(root: Path) -> None:
    text = (root / "docs" / "how-it-works.md").read_text()
    (shown,) = (match for match in link_code.SHOWN.finditer(text) if match["symbol"] == "Dense")
    assert shown["code"] in (root / "convnet" / "layers" / "dense.py").read_text()
    assert "class Dense(Layer):" in shown["code"]
    assert "def forward(" in shown["code"]
    assert "def backward(" in shown["code"]


def test_the_command_tells_and_mends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "code.py").write_text(SOURCE)
    page = tmp_path / "page.md"
    page.write_text("[`forward`](code.py#L1)")
    assert link_code.main(["--check", str(page)]) == 1
    assert page.read_text() == "[`forward`](code.py#L1)"
    assert link_code.main([str(page)]) == 0
    assert page.read_text() == "[`forward`](code.py#L17-L18)"
    assert link_code.main(["--check", str(page)]) == 0
    page.write_text("[`forward`](none.py)")
    assert link_code.main([str(page)]) == 1
    assert "leads to no file" in capsys.readouterr().err
    assert link_code.main([str(tmp_path / "none.md")]) == 1
    assert capsys.readouterr().err == f"{tmp_path}/none.md: No such file or directory\n"


# The pictures


def test_the_pictures_of_the_pages_are_those_that_are_drawn(root: Path, tmp_path: Path) -> None:
    script = root / "scripts" / "illustrate.py"
    command = [sys.executable, str(script), "--samples", "60", "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    drawn = {path.name for path in tmp_path.iterdir()}
    text = "".join((root / "docs" / name).read_text() for name in LESSONS)
    assert drawn == set(re.findall(r"\(\.\./static/images/how-it-works/([\w-]+\.png)\)", text))
    assert drawn == {path.name for path in (root / "static/images/how-it-works").iterdir()}


def test_too_few_digits_to_draw_from_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for count in ("1", "10"):
        assert illustrate.main(["--samples", count, "--out", str(tmp_path)]) == 1
        message = f"illustrate.py: no 4 is in the last fifth of {count} digits: write more\n"
        assert capsys.readouterr().err == message
    with pytest.raises(SystemExit):
        illustrate.main(["--samples", "0", "--out", str(tmp_path)])
    assert "expected a whole number of at least 1, got '0'" in capsys.readouterr().err


def test_the_pictures_show_the_numbers_of_the_text(root: Path) -> None:
    text = (root / "docs" / "how-it-works.md").read_text()
    for name, values in (("x4", illustrate.X), ("w3", illustrate.W), ("dout", illustrate.DOUT)):
        assert f"{name} = np.array({values.astype(int).tolist()}, float)" in text
