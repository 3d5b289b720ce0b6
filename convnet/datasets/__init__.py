"""Labelled pictures, read from the formats they are passed around in.

``load(path)`` recognises what a folder or a file holds: MNIST's own IDX files (gzipped or not),
those of Fashion-MNIST, EMNIST and CIFAR-10, CSV files, NumPy arrays, or a folder of pictures for
each class. Whatever the format, the result is a `Dataset` of two `Split`s, ``train`` and ``test``:
pictures of bytes, with a label each, and the names of the classes. A broken file, and one that
cannot be right, is refused with a `DatasetError` that says where and why.

>>> dataset = load("data").subset(digits=(0, 1), limit=1000)            # doctest: +SKIP
>>> train, held_out = dataset.train.hold_out(100)                       # doctest: +SKIP
>>> train.inputs().shape                                                # doctest: +SKIP
(900, 28, 28, 1)
"""

from convnet.datasets.dataset import Dataset, DatasetError, Split
from convnet.datasets.folder import default_folder, find, load
from convnet.datasets.mnist import load_mnist

__all__ = ["Dataset", "DatasetError", "Split", "default_folder", "find", "load", "load_mnist"]
