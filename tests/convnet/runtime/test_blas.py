"""BLAS has one thread once the engine is imported, whichever comes first; nothing else changes."""

import ctypes
import os
import subprocess
import sys

import pytest

from convnet.runtime.blas import openblas_files

COUNT = """
import ctypes, os
from convnet.runtime.blas import openblas_files
handle = ctypes.CDLL(str(openblas_files()[0]))
print(handle.scipy_openblas_get_num_threads64_(), os.environ.get("OPENBLAS_NUM_THREADS"))
"""


def has_openblas() -> bool:
    files = openblas_files()
    return bool(files) and hasattr(ctypes.CDLL(str(files[0])), "scipy_openblas_get_num_threads64_")


@pytest.mark.skipif(
    not has_openblas(), reason="NumPy's BLAS here is not the OpenBLAS of its wheels"
)
@pytest.mark.parametrize("first", ["import convnet", "import numpy, convnet"])
@pytest.mark.parametrize("chosen", [None, "2"])
def test_one_thread_of_blas_and_the_environment_as_it_was(first, chosen):
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    if chosen is not None:
        environment["OPENBLAS_NUM_THREADS"] = chosen
    command = [sys.executable, "-c", first + COUNT]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["1", str(chosen)]
