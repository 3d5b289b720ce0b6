"""Run a notebook and keep what it showed, but no picture of the data set."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbclient
import nbformat
from nbformat.v4 import new_output

from convnet.storage.atomic_write import atomic_write

SHOWS_DATA = "shows-data"  # the tag of cells whose pictures have pictures of the data set in them
PLACEHOLDER = (
    "A picture of the data set's images is here once this cell has run; the data set is no part of "
    "the project.\n"
)


def run_notebook(path: Path) -> None:
    """Run a notebook from top to bottom and write it with its outputs.

    It needs the packages of the extra `notebook`.
    """
    os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")  # or jupyter_core warns
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(path.parent)}}
    nbclient.NotebookClient(notebook, timeout=600, resources=where).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times of day
        if cell.cell_type == "code":
            cell.outputs = without_data(cell.outputs, cell.metadata.get("tags", ()))
    with atomic_write(path) as file:
        file.write((nbformat.writes(notebook) + "\n").encode())


def without_data(outputs: list[Any], tags: list[str] | tuple[str, ...]) -> list[Any]:
    """Return outputs with a line of text in the place of pictures of the data set."""
    if SHOWS_DATA not in tags:
        return outputs
    kept = [output for output in outputs if "image/png" not in output.get("data", {})]
    if len(kept) == len(outputs):
        return outputs
    return [*kept, new_output("stream", name="stdout", text=PLACEHOLDER)]
