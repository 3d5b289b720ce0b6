"""Hold NumPy's BLAS to one thread, because the engine has its own (`threads.py`).

The environment variable works only while NumPy is first imported; OpenBLAS's own setter works at
any time, so both are used. The variable is reset at once, so that it has no effect on other
libraries or on processes that are started later. With another BLAS, where neither works, nothing
happens: the engine is then slower, never wrong.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
from pathlib import Path

_VARIABLE = "OPENBLAS_NUM_THREADS"
_SETTERS = (
    "scipy_openblas_set_num_threads64_",
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",
)


def use_one_thread() -> bool:
    """Make BLAS single-threaded; return whether it is known to have worked."""
    if "numpy" in sys.modules:
        return any(_call_setter(library) for library in openblas_files())
    chosen = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = "1"
    importlib.import_module("numpy")
    if chosen is None:
        del os.environ[_VARIABLE]
    else:
        os.environ[_VARIABLE] = chosen
    return True


def openblas_files() -> list[Path]:
    """Shared libraries of OpenBLAS that NumPy's wheel brought along."""
    package = Path(sys.modules["numpy"].__file__ or "").parent
    folders = (package.parent / "numpy.libs", package / ".dylibs", package / ".libs")
    return [file for folder in folders for file in folder.glob("*openblas*")]


def _call_setter(library: Path) -> bool:
    try:
        handle = ctypes.CDLL(str(library))
    except OSError:
        return False
    for name in _SETTERS:
        setter = getattr(handle, name, None)
        if setter is not None:
            setter(1)
            return True
    return False
