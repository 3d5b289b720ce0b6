"""The service with PyTorch instead of its own engine."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import wsgi  # noqa: F401 - sets how many threads compute, as in production
from scripts.benchmarks.peers.pytorch import PyTorch
from server import create_app
from server.config import Config
from server.recognizer import Recognizer


class Served:
    """Takes the place of `convnet.InferenceNetwork`."""

    def __init__(self) -> None:
        peer = PyTorch(threads=1)
        peer.open(pickle.loads(Path(os.environ["BLUEPRINT"]).read_bytes()))
        self.network = peer.network.eval()

    def logits(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the scores (N, 10) of inputs (N, 28, 28, 1)."""
        channels_first = torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
        with torch.inference_mode():
            return np.asarray(self.network(channels_first).numpy())


recognizer = Recognizer.load(Config.from_environment().model)
recognizer.served = Served()  # type: ignore[assignment]
app = create_app(recognizer=recognizer)
