"""`import convnet` gives every name that it promises, and loads none before it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import convnet
from convnet import _PARTS


@pytest.mark.parametrize("name", convnet.__all__)
def test_every_name_is_there(name):
    assert getattr(convnet, name) is not None
    assert name in dir(convnet)


def test_type_checkers_see_the_same_names():
    tree = ast.parse(Path(convnet.__file__).read_text())
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    seen = {node.module: {alias.name for alias in node.names} for node in imports}
    parts = seen.pop("convnet")
    for module in ("convnet.runtime.blas", "importlib", "typing"):
        del seen[module]
    assert seen == {f"convnet.{part}": set(names) for part, names in _PARTS.items()}
    assert {*parts, *(name for names in _PARTS.values() for name in names)} == {*convnet.__all__}


def test_unknown_names_are_unknown():
    with pytest.raises(AttributeError, match="module 'convnet' has no attribute 'Conv3D'"):
        _ = convnet.Conv3D
    with pytest.raises(ImportError, match="Conv3D"):
        from convnet import Conv3D  # noqa: F401


def test_a_part_that_lacks_something_says_what(monkeypatch):
    """It must not look as if the part itself were not there."""
    monkeypatch.setitem(sys.modules, "zipfile", None)
    for module in (
        "convnet.weights",
        "convnet.network",
        "convnet.storage.model_file",
        "convnet.storage.npz",
    ):
        monkeypatch.delitem(sys.modules, module, raising=False)
    for name in ("load", "weights"):
        monkeypatch.delattr(convnet, name, raising=False)
    with pytest.raises(ModuleNotFoundError, match="zipfile"):
        _ = convnet.load


@pytest.mark.parametrize(
    ("use", "loaded"),
    [
        ("convnet", set()),
        ("convnet.get_threads", {"threads"}),
        ("convnet.SGD", {"optimizers"}),
        ("convnet.layers.Conv2D", {"layers", "correlation", "threads", "initializers"}),
    ],
)
def test_only_what_is_used_is_loaded(use, loaded):
    code = f"import sys, convnet; {use}; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = [name.split(".")[1:] for name in shown.stdout.split() if name.startswith("convnet.")]
    parts = {name[-1] if name[0] == "runtime" else name[0] for name in modules}
    shared = {"runtime", "blas", "arrays", "checks"}
    assert parts - shared == loaded
