"""Ask the OpenBLAS inside NumPy's wheel, if there is one."""

from __future__ import annotations

import ctypes
from typing import Any

from convnet.runtime.blas import openblas_files

# Wheels rename OpenBLAS's functions, so that they do not clash with another OpenBLAS.
PREFIXES = ("scipy_openblas_", "openblas_")
SUFFIXES = ("64_", "")


def kernels() -> str | None:
    """Return the kernels that OpenBLAS uses: those of the processor, or of OPENBLAS_CORETYPE."""
    function = _find("get_corename")
    if function is None:
        return None
    function.restype = ctypes.c_char_p
    return str(function().decode())


def set_threads(count: int) -> None:
    """Let BLAS use so many threads of its own; without OpenBLAS, nothing happens."""
    function = _find("set_num_threads")
    if function is not None:
        function(count)


def _find(name: str) -> Any:
    names = [f"{prefix}{name}{suffix}" for prefix in PREFIXES for suffix in SUFFIXES]
    for file in openblas_files():
        library = ctypes.CDLL(str(file))
        for full_name in names:
            if hasattr(library, full_name):
                return getattr(library, full_name)
    return None
