#!/usr/bin/env python3
"""Measure the engine beside PyTorch and ONNX Runtime, and the service under load.

    python scripts/benchmark.py                         # everything about the engine: 10 minutes
    python scripts/benchmark.py --quick                 # the same, fewer rounds: 2 minutes
    python scripts/benchmark.py --only speed --networks live-app,digits
    python scripts/benchmark.py --json figures.json
    python scripts/benchmark.py --ablation              # what each idea in the engine is worth
    python scripts/benchmark.py --server                # under load, beside Flask with PyTorch
    python scripts/benchmark.py --avx2                  # as on a processor without AVX-512

Sections: speed (beside the peers), memory (of training), import, scaling (cost of an image by batch
size), sharing (threads on one network), augmentation, pictures (decoding and preprocessing), bulk
(tables and archives of pictures, docs/scale.md). Each library has a process of its own, has as many
threads as the others, and sleeps while another one is timed; they take turns, many times, and
medians are shown. Before that, it is checked that all of them compute the same. The images are
MNIST's, from --data, $CONVNET_DATA_DIR or ./data. Needs the
`bench` extra:

    .venv/bin/pip install -e '.[bench]'

A ratio says how many times faster `convnet` is. `of peak` counts the multiplications
of the plain sums, so an algorithm that saves some of them can exceed 100 %.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.training.environment import use_environment

use_environment()

import convnet
from convnet.storage.atomic_write import atomic_write
from scripts.benchmarks import (
    ablation,
    augmentation,
    bulk,
    imports,
    machine,
    memory,
    pictures,
    scaling,
    sharing,
    speed,
)
from scripts.benchmarks.agreement import Disagreement
from scripts.benchmarks.bench import NETWORKS, Bench
from scripts.benchmarks.clock import FULL, QUICK
from scripts.benchmarks.peers.process import PeerError
from scripts.benchmarks.service import section as service
from scripts.training.data import open_dataset
from scripts.training.download import DownloadError
from scripts.training.options import positive_int

ENGINE: dict[str, Any] = {
    "speed": speed,
    "memory": memory,
    "import": imports,
    "scaling": scaling,
    "sharing": sharing,
    "augmentation": augmentation,
    "pictures": pictures,
    "bulk": bulk,
}
SECTIONS = ENGINE | {"ablation": ablation, "server": service}
NEEDED = {
    "speed": ("torch", "onnx", "onnxruntime"),
    "memory": ("torch",),
    "server": ("torch",),
}


# What keeps NumPy's OpenBLAS, PyTorch and ONNX Runtime's oneDNN from using AVX-512.
AVX2 = {
    "OPENBLAS_CORETYPE": "Haswell",
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
}


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parse(argv)
    if options.avx2 and not AVX2.items() <= os.environ.items():
        # Anew, for OpenBLAS chose its kernels when NumPy was imported.
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | AVX2)  # noqa: S606
    try:
        results = _measure(options)
    except (OSError, DownloadError, ValueError, PeerError, Disagreement) as error:
        print(f"benchmark.py: {error}", file=sys.stderr)
        return 1
    if options.json is not None:
        with atomic_write(options.json) as file:
            file.write(json.dumps(results, indent=1, allow_nan=False).encode() + b"\n")
    return 0


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    results: dict[str, Any] = {"machine": machine.describe()}
    print(machine.show(results["machine"]))
    effort = QUICK if options.quick else FULL
    data = open_dataset(options.data).train
    bench = Bench(data, options.threads, effort, options.networks)
    for name in options.only:
        results[name] = SECTIONS[name].measure(bench)
        print(SECTIONS[name].show(results[name]), flush=True)
    return results


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--only", type=_some_of(ENGINE), default=tuple(ENGINE),
                      metavar="A,B", help="only these sections")  # fmt: skip
    for name, meaning in (("ablation", "what each idea is worth"), ("server", "the service")):
        what.add_argument(f"--{name}", action="store_const", const=(name,), dest="only",
                          help=f"instead of all that: {meaning}")  # fmt: skip
    parser.add_argument("--avx2", action="store_true",
                        help="keep every library from using AVX-512")  # fmt: skip
    parser.add_argument("--networks", type=_some_of(NETWORKS), default=NETWORKS,
                        metavar="A,B", help=f"some of {', '.join(NETWORKS)}")  # fmt: skip
    parser.add_argument("--threads", type=positive_int, default=convnet.get_threads(),
                        metavar="N", help="of every library (default: one a core)")  # fmt: skip
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with MNIST")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    options = parser.parse_args(argv)
    _require_extra(parser, options)
    return options


def _require_extra(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Exit before any work is done if a peer is missing; say how to install it."""
    needed = {package for section in options.only for package in NEEDED.get(section, ())}
    missing = sorted(package for package in needed if find_spec(package) is None)
    if missing:
        without = ",".join(name for name in ENGINE if name not in NEEDED)
        parser.error(
            f"{', '.join(missing)} missing; they come with the `bench` extra:\n"
            f"  .venv/bin/pip install -e '.[bench]'\n"
            f"or leave them out: --only {without}"
        )


def _some_of(names: Any) -> Any:
    """Return the argparse type of an option that takes some of `names`, separated by commas."""

    def read(text: str) -> tuple[str, ...]:
        chosen = tuple(part.strip() for part in text.split(","))
        unknown = [part for part in chosen if part not in names]
        if unknown:
            expected = f"some of {', '.join(names)}"
            raise argparse.ArgumentTypeError(f"expected {expected}, got {unknown[0]!r}")
        return chosen

    return read


if __name__ == "__main__":
    sys.exit(main())
