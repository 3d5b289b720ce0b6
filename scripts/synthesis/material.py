"""What other people wrote, which synthetic pictures may start from."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from scripts.synthesis.recorded.collection import Recorded

FROM_MNIST = frozenset({"restroked", "rescanned"})
FROM_RECORDED = frozenset({"recorded", "letters", "scans"})


@dataclass(frozen=True)
class Material:
    """MNIST's digits, pen strokes and scans, as far as they are at hand.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, 28, 28), or None
        MNIST training digits.
    labels : ndarray of uint8, shape (N,), or None
    recorded : Recorded, optional
        Pen strokes and scans.
    """

    images: np.ndarray | None = None
    labels: np.ndarray | None = None
    recorded: Recorded | None = None

    def allows(self, kind: str) -> bool:
        """Tell whether a source of this kind has all it needs."""
        if kind in FROM_RECORDED:
            return self.recorded is not None
        return self.images is not None or kind not in FROM_MNIST

    def fingerprint(self, kind: str) -> int:
        """Return a number that other material for this kind would not have."""
        value = 0
        if self.images is not None and self.labels is not None:
            value = zlib.crc32(self.labels, zlib.crc32(self.images))
        if kind in FROM_RECORDED and self.recorded is not None:
            value ^= self.recorded.fingerprint
        return value
