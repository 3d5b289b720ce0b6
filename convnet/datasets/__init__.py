"""Labelled pictures of digits, read from the formats they are passed around in.

``load(folder)`` recognises what a folder holds: MNIST's own IDX files (gzipped or not), CSV files
(a label, then 784 pixels a row) or folders ``0/ … 9/`` of PNG pictures. Whatever the format, the
result is a `Dataset` of two `Split`s, ``train`` and ``test``: images of 28 × 28 bytes, ink 255 and
paper 0, with a label each. A broken file is refused with a `DatasetError` that says where and why.

>>> dataset = load("data").subset(digits=(0, 1), limit=1000)            # doctest: +SKIP
>>> train, held_out = dataset.train.hold_out(100)                       # doctest: +SKIP
>>> train.inputs().shape                                                # doctest: +SKIP
(900, 28, 28, 1)
"""

from convnet.datasets.dataset import Dataset, DatasetError, Split
from convnet.datasets.folder import default_folder, find, load
from convnet.datasets.mnist import load_mnist

__all__ = ["Dataset", "DatasetError", "Split", "default_folder", "find", "load", "load_mnist"]
