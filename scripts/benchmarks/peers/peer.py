"""What every peer can do besides computing: say how much memory its process has."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
"""(N, 28, 28), as MNIST has them."""
Labels = NDArray[np.uint8]
"""(N,)"""

STATUS = Path("/proc/self/status")


class Peer:
    """A library under test; its methods are called from another process.

    `open` takes a blueprint. `about`, `training_pass`, `probabilities`, `time_train` and
    `time_predict` do the same in every peer that has them.
    """

    def memory(self) -> dict[str, float]:
        """Return the process's memory in MiB: `now`, and the `peak` since it began."""
        if STATUS.exists():
            fields = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
            return {"now": _mebibytes(fields["VmRSS"]), "peak": _mebibytes(fields["VmHWM"])}
        # Other systems tell only the peak so far, which a child may have inherited from its parent.
        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
        return {"now": peak, "peak": peak}


def _mebibytes(text: str) -> float:
    return int(text.split()[0]) / 1024
