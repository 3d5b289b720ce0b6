"""The notebooks run from top to bottom, and are kept with what they showed, less the data."""

import json
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

from convnet import datasets
from scripts.figures.notebook import PLACEHOLDER, SHOWS_DATA, without_data

ROOT = Path(__file__).resolve().parents[2]
MNIST = ROOT / "docs" / "notebooks" / "mnist.ipynb"
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def by_name(path: Path) -> str:
    return path.name


def test_there_is_one() -> None:
    assert "mnist.ipynb" in [path.name for path in NOTEBOOKS]


def code(path: Path) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]


def text_of(outputs: list[dict[str, Any]]) -> str:
    return "".join("".join(output.get("text", "")) for output in outputs)


def pictures_in(outputs: list[dict[str, Any]]) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=by_name)
def test_it_was_run_from_top_to_bottom(path: Path) -> None:
    cells = code(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        assert "error" not in [output["output_type"] for output in cell["outputs"]]
        if re.search(r"print\(|figures\.|plot\(", "".join(cell["source"])):
            assert cell["outputs"], "".join(cell["source"])
    everything = path.read_text()
    assert not re.search(r"/(work|home|root|Users)/", everything), "paths of a machine"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=by_name)
def test_no_picture_of_the_data_is_kept(path: Path) -> None:
    for cell in code(path):
        source = "".join(cell["source"])
        shows_data = re.search(r"imshow|mistake_gallery|layer_figure", source) is not None
        assert (SHOWS_DATA in cell["metadata"].get("tags", ())) == shows_data, source
        if shows_data:
            assert not pictures_in(cell["outputs"])
            assert PLACEHOLDER in text_of(cell["outputs"])
    assert sum(pictures_in(cell["outputs"]) for cell in code(path)) == 3  # charts and kernels


def test_pictures_of_the_data_are_taken_out() -> None:
    shown = [{"text": "a"}, {"data": {"image/png": "…"}}]
    assert without_data(shown, ()) == shown
    first, line = without_data(shown, [SHOWS_DATA])
    assert (first, line["text"]) == (shown[0], PLACEHOLDER)
    assert without_data(shown[:1], [SHOWS_DATA]) == shown[:1]


def test_the_docs_say_how_to_open_it() -> None:
    for page in ("README.md", "docs/README.md"):
        assert "scripts/notebook" in (ROOT / page).read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = project["optional-dependencies"]["notebook"]
    assert any(re.match(r"notebook\W", requirement) for requirement in extra)


@pytest.mark.mnist
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_the_mnist_notebook_loads_trains_tests_and_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "project"  # the notebook writes into the project's folder
    for name in ("convnet", "scripts", "server"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    notebook = nbformat.read(MNIST, as_version=4)
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("CONVNET_DATA_DIR", str(datasets.default_folder().resolve()))
    client = nbclient.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    text = "".join(output.get("text", "") for output in outputs)
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 6  # digits, cost curve, confusion, mistakes, layers, kernels
    accuracy = re.search(r"test accuracy ([\d.]+)%", text)
    assert accuracy is not None
    assert float(accuracy[1]) > 97
    kept = re.search(
        r"test accuracy ([\d.]+)%", text_of([o for c in code(MNIST) for o in c["outputs"]])
    )
    assert float(accuracy[1]) == pytest.approx(float(kept[1]), abs=0.7)
    by_backward, by_trying = re.findall(r"by .*?(-?\d\.\d+(?:e-?\d+)?)$", text, re.MULTILINE)
    assert float(by_backward) == pytest.approx(float(by_trying), rel=1e-5)
    assert (folder / "runs" / "notebook.npz").exists()
