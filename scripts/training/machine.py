"""The machine of a measurement, without which a time means nothing."""

from __future__ import annotations

import platform
import re
from pathlib import Path

import numpy as np

from convnet.runtime.threads import get_threads


def machine() -> str:
    """Return a sentence: processor, threads, and the versions of Python and NumPy."""
    return (
        f"Measured on {_processor()}, {get_threads()} threads, "
        f"Python {platform.python_version()}, NumPy {np.__version__}."
    )


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.+)", file.read_text()) if file.exists() else []
    return names[0] if names else platform.processor() or platform.machine()
