#!/usr/bin/env python3
"""Write a network as ONNX, to run it anywhere: other languages, browsers, phones.

    python scripts/export_onnx.py                                   # the shipped one: digits.onnx
    python scripts/export_onnx.py --model runs/live-app.npz --out live-app.onnx

The input is what the network itself takes, float32 (N, 28, 28, 1) with ink 1 and paper 0, for any
N; the output is its probabilities. Where ONNX Runtime is installed (the `onnx` extra), the file is
run on random inputs, and the largest difference to the network itself is printed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.training.environment import use_environment

use_environment()

import convnet  # noqa: I001  (before NumPy, so that BLAS starts with one thread)
import numpy as np

from convnet.onnx import to_onnx
from convnet.storage.atomic_write import atomic_write
from scripts.training.models import open_network


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parse(argv)
    try:
        network = open_network(options.model)
        data = to_onnx(network)
        out = options.out or Path(f"{network.name}.onnx")
        with atomic_write(out) as file:
            file.write(data)
    except (OSError, ValueError) as error:
        print(f"export_onnx.py: {error}", file=sys.stderr)
        return 1
    print(f"{out}: {network.name}, {len(data):,} bytes{_check(network, data)}")
    return 0


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="digits", metavar="FILE",
                        help="weights, or the name of shipped ones (default digits)")  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="FILE", help="default: NAME.onnx")
    return parser.parse_args(argv)


def _check(network: convnet.Sequential, data: bytes) -> str:
    """Print the largest difference to ONNX Runtime's answers; nothing if that is not installed."""
    try:
        import onnxruntime
    except ImportError:
        return ""
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(0).random((64, *network.input_shape), np.float32)
    (probabilities,) = session.run(None, {"images": x})
    difference = float(np.abs(probabilities - network.predict(x)).max())
    return f"; at most {difference:.1e} from it in ONNX Runtime"


if __name__ == "__main__":
    sys.exit(main())
