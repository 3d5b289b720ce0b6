"""Run a command by the Python that has what it needs: the present one, or that of ``.venv``.

Only the standard library is imported here, so that whatever is missing can be said.
"""

from __future__ import annotations

import os
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("numpy", "flask", "PIL", "requests")  # requirements.txt, less what only serves


def use_environment() -> None:
    """Do nothing if the packages are here; otherwise start the command anew in ``.venv``.

    ``scripts/serve`` and ``scripts/python`` make it. Without it the command ends, and says so.
    """
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if sys.version_info >= (3, 11) and not missing:
        return
    environment = ROOT / ".venv"
    python = environment / "bin" / "python"
    inside = Path(sys.prefix).resolve() == environment.resolve()
    if (environment / "runtime.installed").exists() and python.exists() and not inside:
        os.execv(python, [str(python), *sys.orig_argv[1:]])  # noqa: S606 - the same command
    sys.exit(_what_to_do(missing))


def _what_to_do(missing: list[str]) -> str:
    """Return why the command cannot run, and which one can."""
    lacks = f"{', '.join(missing)} missing" if missing else "older than Python 3.11"
    own = os.path.relpath(ROOT / "scripts" / "python")
    return (
        f"{Path(sys.argv[0]).name}: {sys.executable} cannot run this: {lacks}. This makes .venv "
        f"with all that is needed, and runs it there:\n"
        f"    {shlex.join([own, *sys.argv])}"
    )
