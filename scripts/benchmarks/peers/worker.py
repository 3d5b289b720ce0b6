"""One peer in a process of its own: takes calls on its standard input, answers on its output.

    python -m scripts.benchmarks.peers.worker pytorch 2

It sleeps between calls. The caller's side is `process.py`.
"""

from __future__ import annotations

import os
import pickle
import sys
import traceback
from importlib import import_module
from typing import BinaryIO

PEERS = {
    "convnet": ("scripts.benchmarks.peers.ours", "Ours"),
    "pytorch": ("scripts.benchmarks.peers.pytorch", "PyTorch"),
    "onnxruntime": ("scripts.benchmarks.peers.onnx_runtime", "OnnxRuntime"),
    "alternatives": ("scripts.benchmarks.peers.alternatives", "Alternatives"),
}


def serve(peer: object, calls: BinaryIO, answers: BinaryIO) -> None:
    """Answer calls until the input ends."""
    while True:
        try:
            method, arguments = pickle.load(calls)
        except EOFError:
            return
        try:
            answer = (True, getattr(peer, method)(*arguments))
        except Exception:
            answer = (False, traceback.format_exc())
        pickle.dump(answer, answers)
        answers.flush()


def main() -> None:
    """Serve the peer that the command line names."""
    # What a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    module, name = PEERS[sys.argv[1]]
    peer = getattr(import_module(module), name)(int(sys.argv[2]))
    serve(peer, sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
