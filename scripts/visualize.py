#!/usr/bin/env python3
"""Draw what every layer of a network computes for one digit, and the kernels that it learnt.

    python scripts/visualize.py --index 7                       # test image 7, the shipped network
    python scripts/visualize.py --model runs/live-app.npz --image photo.jpg --out runs/pictures

Writes layers.png and kernels.png into `--out`. A picture file goes through the same preprocessing
as in the service. Cost curves come from train.py, confusion matrices and mistakes from evaluate.py,
each with `--figures DIR`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.training.environment import use_environment

use_environment()

import convnet  # noqa: F401, I001  (before NumPy, so that BLAS starts with one thread)
import numpy as np
from numpy.typing import NDArray

from convnet.layers import Conv2D
from convnet.network import Sequential
from scripts.training.download import DownloadError
from scripts.training.data import open_dataset, pictures_like
from scripts.training.models import open_network
from scripts.training.options import require_matplotlib, require_writable_folder
from server.images.decode import read_picture
from server.images.errors import ImageError
from server.recognizer import Recognizer


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parse(argv)
    try:
        network = open_network(options.model)
        image = _image(options, network)
        require_writable_folder(options.out)
    except (OSError, DownloadError, ValueError, ImageError) as error:
        print(f"visualize.py: {error}", file=sys.stderr)
        return 1
    from convnet.plots.style import save
    from scripts.figures import kernel_figure, layer_figure

    save(layer_figure(network, image), options.out / "layers.png")
    print(f"{options.out / 'layers.png'}: what every layer of {network.name} makes of it")
    if any(isinstance(layer, Conv2D) for layer in network.layers):
        save(kernel_figure(network), options.out / "kernels.png")
        print(f"{options.out / 'kernels.png'}: the kernels of its first convolution")
    return 0


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="digits", metavar="FILE",
                        help="weights, or the name of shipped ones (default digits)")  # fmt: skip
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--image", type=Path, metavar="FILE", help="a picture")
    source.add_argument("--index", type=int, default=0, metavar="I",
                        help="which image of the test set (default 0)")  # fmt: skip
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder with the data set")
    parser.add_argument("--out", type=Path, default=Path("runs/pictures"), metavar="DIR",
                        help="where the pictures go (default runs/pictures)")  # fmt: skip
    options = parser.parse_args(argv)
    require_matplotlib(parser)
    return options


def _image(options: argparse.Namespace, network: Sequential) -> NDArray[np.float32]:
    """Return one input of the network, shape (H, W, C), prepared as the service does it."""
    form = Recognizer(network).form
    if options.image is not None:
        picture = read_picture(options.image.read_bytes(), to_pixels=form.to_pixels)
        return form.prepare(picture.pixels).reshape(form.shape)
    test = open_dataset(options.data, pictures_like(network)).test
    if test.input_shape != network.input_shape:
        wanted, got = network.input_shape, test.input_shape
        raise ValueError(f"{network.name} takes pictures of shape {wanted}, the data has {got}")
    if not 0 <= options.index < len(test):
        raise ValueError(f"`--index` must be in 0..{len(test) - 1}, got {options.index}")
    return test.take(slice(options.index, options.index + 1)).inputs()[0]


if __name__ == "__main__":
    sys.exit(main())
