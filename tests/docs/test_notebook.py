"""The notebooks run from top to bottom, and are kept without what they showed."""

import json
import re
import shutil
from pathlib import Path

import nbclient
import nbformat
import pytest

from convnet import datasets

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def by_name(path: Path) -> str:
    return path.name


def test_there_is_one() -> None:
    assert "mnist.ipynb" in [path.name for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=by_name)
def test_no_output_is_kept(path: Path) -> None:
    """Outputs would hold pictures of the data set, and change with every run."""
    cells = json.loads(path.read_text())["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)


@pytest.mark.mnist
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_the_mnist_notebook_loads_trains_tests_and_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "project"  # the notebook writes into the project's folder
    for name in ("convnet", "scripts", "server"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    notebook = nbformat.read(ROOT / "docs" / "notebooks" / "mnist.ipynb", as_version=4)
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
    by_backward, by_trying = re.findall(r"by .*?(-?\d\.\d+(?:e-?\d+)?)$", text, re.MULTILINE)
    assert float(by_backward) == pytest.approx(float(by_trying), rel=1e-5)
    assert (folder / "runs" / "notebook.npz").exists()
