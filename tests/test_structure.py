"""The house keeps its shape: what may import what, how long things get, what the docs mention."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("convnet", "server", "scripts")
RUNTIME = {"numpy", "flask", "pillow", "gunicorn", "requests"}

TOP_LEVEL = {
    *("server", "convnet", "static", "templates", "scripts", "tests", "docs"),
    *(
        "requirements.txt",
        "requirements.lock",
        "requirements-metrics.lock",
        "requirements-dev.lock",
        "pyproject.toml",
        "package.json",
        "wsgi.py",
        "Procfile",
    ),
    *("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE", "Dockerfile"),
}
NOT_OURS = {"data", "runs", "build", "dist", "node_modules", "__pycache__"}

MAY_IMPORT = {
    "convnet": {"convnet", "numpy"},
    "server": {
        *("server", "convnet"),
        *(
            "numpy",
            "flask",
            "werkzeug",
            "markupsafe",
            "PIL",
            "gunicorn",
            "prometheus_client",
            "waitress",
        ),
    },
}

# Which room of a package imports which: a room is a file or folder directly below the package, and
# `__init__` its own front. A line may name rooms of the lines above it only, so there is no circle.
ROOMS = {
    "convnet": {
        "arrays": set(),
        "checks": set(),
        "runtime": {"arrays"},
        "storage": set(),
        "datasets": {"storage"},
        "reference": {"arrays"},
        "initializers": {"arrays"},
        "metrics": {"checks"},
        "augmentation": {"arrays", "checks"},
        "optimizers": {"arrays", "checks"},
        "correlation": {"arrays", "runtime"},
        "layers": {"arrays", "checks", "correlation", "initializers", "runtime"},
        "gradients": {"arrays", "layers"},
        "losses": {"arrays", "checks", "layers"},
        "open_set": {"arrays", "checks", "losses"},
        "ctc": {"arrays", "losses"},
        "inference": {"arrays", "correlation", "layers", "runtime"},
        "network": {"arrays", "inference", "layers", "runtime", "storage"},
        "architectures": {"checks", "layers", "network"},
        "onnx": {"arrays", "layers", "network"},
        "weights": {"arrays", "checks", "layers", "network", "storage"},
        "training": {
            *("arrays", "checks", "layers", "losses", "network", "optimizers", "runtime"),
            "storage",
        },
        "plots": {"layers", "network", "storage", "training"},
        "__init__": {
            *("architectures", "augmentation", "ctc", "datasets", "gradients", "inference"),
            "layers",
            *("losses", "network", "optimizers", "runtime", "training", "weights"),
        },
    },
    "server": {
        "config": set(),
        "malloc": set(),
        "assets": set(),
        "budget": set(),
        "turns": set(),
        "problems": {"config"},
        "gunicorn_conf": {"config"},
        "images": {"budget", "config"},
        "preprocessing": {"budget", "images"},
        "finding": {"budget", "images", "preprocessing"},
        "segmentation": {"budget", "finding", "images", "preprocessing"},
        "classes": set(),
        "input_form": {"classes", "finding", "images"},
        "recognizer": {"classes", "input_form"},
        "learn": set(),
        "explanation": {"finding", "learn", "problems", "recognizer"},
        "parsing": {"classes", "config", "images", "input_form", "problems", "recognizer"},
        "pipeline": {
            *("budget", "config", "explanation", "finding", "images", "problems"),
            *("recognizer", "segmentation", "turns"),
        },
        "self_test": {"pipeline", "problems"},
        "handwriting": set(),
        "training_room": {"handwriting"},
        "serializers": {
            *("config", "explanation", "parsing", "pipeline", "recognizer", "segmentation"),
        },
        "middleware": {"pipeline", "problems", "recognizer"},
        "worker": {"config", "middleware", "problems"},
        "services": {
            *("assets", "config", "middleware", "pipeline", "self_test", "training_room"),
        },
        "openapi": {
            *("budget", "config", "input_form", "parsing", "pipeline", "problems"),
            *("recognizer", "segmentation", "self_test", "serializers", "training_room"),
        },
        "routes": {
            *("assets", "learn", "openapi", "parsing", "pipeline", "problems", "segmentation"),
            *("serializers", "services", "training_room"),
        },
        "application": {
            *("assets", "config", "images", "malloc", "middleware", "pipeline", "recognizer"),
            *("routes", "self_test", "services", "training_room"),
        },
        "__init__": {"application", "config", "recognizer"},
        "__main__": {"__init__", "config"},
    },
}

LONGEST_FILE = 400
LONGEST_FUNCTION = 50
MOST_FILES = 16


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted name of every module that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def rooms_imported(package: str) -> dict[str, set[str]]:
    """Return, for every room of a package, the other rooms of it that its files import."""
    found: dict[str, set[str]] = {}
    for path in sources(package):
        room = path.relative_to(ROOT / package).parts[0].removesuffix(".py")
        others = {
            room_of(target) for target in targets_of(path) if f"{target}.".startswith(f"{package}.")
        }
        found[room] = found.get(room, set()) | others - {room}
    return found


def room_of(target: str) -> str:
    """Return the room that an imported name is in; names of the package itself are in its front."""
    package, room = (*target.split("."), "__init__")[:2]
    place = ROOT / package / room
    return room if place.is_dir() or place.with_suffix(".py").is_file() else "__init__"


def targets_of(path: Path) -> Iterator[str]:
    """Yield what a file imports, with the names that it takes out of a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def commands() -> list[Path]:
    """Return what a user runs in scripts/."""
    shell = [path for path in (ROOT / "scripts").iterdir() if path.is_file() and not path.suffix]
    python = [p for p in (ROOT / "scripts").glob("*.py") if "__main__" in p.read_text()]
    return sorted(shell + python)


def documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_one_way(package: str) -> None:
    allowed = MAY_IMPORT[package] | set(sys.stdlib_module_names)
    foreign = {
        f"{relative(path)} imports {name}"
        for path in sources(package)
        for name in imported(path)
        if name.split(".")[0] not in allowed
    }
    assert not foreign


@pytest.mark.parametrize("package", ROOMS)
def test_rooms_import_what_the_table_says(package: str) -> None:
    assert rooms_imported(package) == ROOMS[package]


@pytest.mark.parametrize("package", ROOMS)
def test_no_rooms_import_each_other_in_a_circle(package: str) -> None:
    above: set[str] = set()
    for room, others in ROOMS[package].items():
        assert others <= above, f"{room} imports what stands below it"
        above.add(room)


def file_of(target: str) -> Path | None:
    """Return the file that an imported name is in, or None if it is not one of ours."""
    for parts in (target.split("."), target.split(".")[:-1]):
        place = ROOT.joinpath(*parts)
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if parts and file.is_file():
                return file
    return None


def test_no_files_import_each_other_in_a_circle() -> None:
    files = {path: set(map(file_of, targets_of(path))) for top in PACKAGES for path in sources(top)}
    graph = {path: others - {path, None} for path, others in files.items()}
    assert graph[ROOT / "convnet/network.py"] >= {ROOT / "convnet/layers/__init__.py"}
    TopologicalSorter(graph).prepare()  # raises CycleError, with the circle


@pytest.mark.parametrize("top", [*PACKAGES, "tests", "static/js"])
def test_folders_are_small(top: str) -> None:
    files = Counter(
        path.parent for path in (ROOT / top).rglob("*") if path.suffix in (".py", ".js", ".mjs")
    )
    assert not {relative(folder): n for folder, n in files.items() if n > MOST_FILES}


def test_scripts_do_not_import_tests() -> None:
    assert not [
        path for path in sources("scripts") for n in imported(path) if n.startswith("tests")
    ]


def test_the_service_imports_the_engine_once_for_each_network() -> None:
    importing = {
        relative(path)
        for path in sources("server")
        if any(name.split(".")[0] == "convnet" for name in imported(path))
        and "training_room" not in path.parts  # which trains: it is made of the engine
    }
    networks = {"finding/finder", "segmentation/line_reader", "recognizer"}
    assert importing == {"server/malloc.py", *(f"server/{name}.py" for name in networks)}


def test_the_top_level_stays_as_agreed() -> None:
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert found - NOT_OURS - {n for n in found if n.endswith(".egg-info")} == TOP_LEVEL


@pytest.mark.parametrize("package", [*PACKAGES, "tests"])
def test_files_are_short(package: str) -> None:
    lengths = {relative(path): path.read_text().count("\n") for path in sources(package)}
    assert not {name: n for name, n in lengths.items() if n > LONGEST_FILE}


@pytest.mark.parametrize("package", PACKAGES)
def test_functions_are_short(package: str) -> None:
    lengths = {
        f"{relative(path)}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in sources(package)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }
    assert not {name: n for name, n in lengths.items() if n > LONGEST_FUNCTION}


def test_files_are_named_by_what_they_hold() -> None:
    vague = {"utils.py", "util.py", "helpers.py", "common.py", "misc.py"}
    assert not [path for package in PACKAGES for path in sources(package) if path.name in vague]


def test_requirements_are_these_five() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert {re.split(r"[<>=]", line)[0] for line in wanted} == RUNTIME
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["dependencies"] == [line for line in wanted if line.startswith("numpy")]


def locked(name: str) -> dict[str, set[str]]:
    """Return the versions of each package in a lock, all of which have hashes."""
    found: dict[str, set[str]] = {}
    for block in re.split(r"^(?=[a-z])", (ROOT / name).read_text(), flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in block
        package, version = re.match(r"([a-z0-9._-]+)==(\S+)", block).groups()
        found.setdefault(package, set()).add(version)
    return found


def test_every_locked_package_has_hashes_and_one_version_in_all_locks() -> None:
    runtime, tests = locked("requirements.lock"), locked("requirements-dev.lock")
    assert runtime.keys() >= RUNTIME
    for names in (runtime, locked("requirements-metrics.lock")):
        assert all(tests.get(package, versions) == versions for package, versions in names.items())


def test_what_tests_need_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    names = {
        re.split(r"[<>=\[]", line)[0].lower()
        for extra in ("test", "dev", "train", "onnx", "metrics")
        for line in extras[extra]
    }
    assert names - {"convnet"} <= locked("requirements-dev.lock").keys()


def test_every_script_is_in_the_docs() -> None:
    text = "\n".join(path.read_text() for path in documents())
    assert not [path.name for path in commands() if f"scripts/{path.name}" not in text]


@pytest.mark.parametrize("script", commands(), ids=lambda path: path.name)
def test_every_script_explains_itself(script: Path, tmp_path: Path) -> None:
    command = [str(script)] if script.suffix == "" else [sys.executable, str(script)]
    shown = subprocess.run(
        [*command, "--help"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert script.name in shown.stdout
    assert not shown.stderr


@pytest.mark.parametrize("document", documents(), ids=relative)
def test_links_lead_somewhere(document: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\((?!https?:|mailto:|#)([^)\s#]+)", prose)
    assert not [target for target in targets if not (document.parent / target).exists()]
