"""What the figures were measured on, and with which settings."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path
from typing import Any

import numpy as np

import convnet
from scripts.benchmarks.peers import openblas
from scripts.benchmarks.peers.process import environment

# Settings that change how fast NumPy, PyTorch or ONNX Runtime compute.
SETTINGS = (
    *("CONVNET_THREADS", "OPENBLAS_", "MKL_", "OMP_", "GOMP_", "KMP_"),
    *("ONEDNN_", "DNNL_", "ATEN_", "NPY_"),
)


def describe() -> dict[str, Any]:
    """Return processor, memory, versions, BLAS and the environment's settings."""
    return {
        "processor": processor(),
        "threads": convnet.get_threads(),
        "load": [round(load, 2) for load in os.getloadavg()],
        "system": platform.platform(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": blas(),
        "environment": settings(),
    }


def processor() -> str:
    """Return the processor's name, and whether it has AVX-512."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    name = re.search(r"^model name\s*:\s*(.*)$", text, re.MULTILINE)
    wide = ", AVX-512" if re.search(r"\bavx512f\b", text) else ""
    return (name[1] if name else platform.machine()) + wide


def settings() -> dict[str, str]:
    """Return the environment variables that change how fast the peers compute."""
    given = environment()
    return {name: given[name] for name in sorted(given) if name.startswith(SETTINGS)}


def blas() -> dict[str, str]:
    """Return NumPy's BLAS: name, version, and the kernels that OpenBLAS chose.

    OpenBLAS chooses by the processor, unless ``OPENBLAS_CORETYPE`` says otherwise.
    """
    built = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[call-overload]
    found = {"name": built["name"], "version": built["version"]}
    kernels = openblas.kernels()
    return found | ({"kernels": kernels} if kernels else {})


def show(record: dict[str, Any]) -> str:
    """Say on what, with what and under which settings is measured."""
    blas, kernels = record["blas"], record["blas"].get("kernels", "unknown")
    given = "OPENBLAS_CORETYPE" in record["environment"]
    why = "as OPENBLAS_CORETYPE says" if given else "its own choice"
    lines = [
        f"{record['processor']}; {record['threads']} threads; load {record['load'][0]}",
        f"{record['system']}; Python {record['python']}; NumPy {record['numpy']}",
        f"{blas['name']} {blas['version']}, kernels: {kernels}, {why}",
        *(f"{name}={value}" for name, value in record["environment"].items()),
    ]
    return "\n".join(lines) + "\n"
