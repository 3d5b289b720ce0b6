"""Where data sets are published: one row of a table each.

Digests are those that the publishers or the large frameworks give. Files are compared with them,
whatever mirror they come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from convnet import datasets
from convnet.datasets.mnist import SHA256


@dataclass(frozen=True)
class RemoteFile:
    """A file that is fetched.

    Attributes
    ----------
    name : str
        Below the mirror, and in the folder.
    digest : str
        ``sha256:…`` or ``md5:…`` of its bytes, or of what they unpack to.
    gunzipped : bool
        Whether the digest is of what the file unpacks to: mirrors pack the same bytes differently.
    members : mapping of str to str
        What is taken out of an archive (.zip or .tar.gz), and the paths that it gets in the folder;
        the archive itself is not kept then.
    """

    name: str
    digest: str
    gunzipped: bool = False
    members: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """A data set and where it is published.

    Attributes
    ----------
    title : str
        What it is, for the command's help.
    folder : str
        Where it goes, below the folder of all data.
    mirrors : tuple of str
        Addresses that the names of files are appended to, tried in turn.
    files : tuple of RemoteFile
        What is fetched.
    classes : tuple of str
        Names of the classes, if the files do not say them: written into ``classes.txt``.
    found : callable, optional
        Says whether a folder has the data set in another form already.
    """

    title: str
    folder: str
    mirrors: tuple[str, ...]
    files: tuple[RemoteFile, ...]
    classes: tuple[str, ...] = ()
    found: Callable[[Path], bool] | None = None


def _is_mnist(folder: Path) -> bool:
    try:
        datasets.load_mnist(folder)
    except datasets.DatasetError:
        return False
    return True


MNIST = Source(
    title="MNIST: 70,000 digits, 28×28 (11 MB)",
    folder=".",
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
    ),
    files=tuple(
        RemoteFile(f"{name}.gz", f"sha256:{digest}", gunzipped=True)
        for name, digest in SHA256.items()
    ),
    found=_is_mnist,
)

# MD5: https://github.com/zalandoresearch/fashion-mnist, and torchvision.datasets.FashionMNIST.
FASHION_MNIST = Source(
    title="Fashion-MNIST: 70,000 pieces of clothing, 28×28 (31 MB, MIT licence)",
    folder="fashion-mnist",
    mirrors=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
    ),
    files=(
        RemoteFile("train-images-idx3-ubyte.gz", "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        RemoteFile("train-labels-idx1-ubyte.gz", "md5:25c81989df183df01b3e8a0aad5dffbe"),
        RemoteFile("t10k-images-idx3-ubyte.gz", "md5:bef4ecab320f06d8554ea6380940ec79"),
        RemoteFile("t10k-labels-idx1-ubyte.gz", "md5:bb300cfdad3c16e7a12a480ee83cd310"),
    ),
    classes=(
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
)

# MD5: torchvision.datasets.EMNIST.
EMNIST = Source(
    title="EMNIST: letters and digits, 28×28, in six sets (562 MB, public domain)",
    folder="emnist",
    mirrors=("https://biometrics.nist.gov/cs_links/EMNIST",),
    files=(
        RemoteFile(
            "gzip.zip",
            "md5:58c8d27c78d21e728a6bc7b3cc06412e",
            members={
                f"gzip/emnist-{name}-{part}-{kind}.gz": f"{name}/emnist-{name}-{part}-{kind}.gz"
                for name in ("balanced", "byclass", "bymerge", "digits", "letters", "mnist")
                for part in ("train", "test")
                for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")
            },
        ),
    ),
)

# MD5: https://www.cs.toronto.edu/~kriz/cifar.html.
CIFAR10 = Source(
    title="CIFAR-10: 60,000 photos of animals and vehicles, 32×32, colour (170 MB)",
    folder="cifar10",
    mirrors=("https://www.cs.toronto.edu/~kriz",),
    files=(
        RemoteFile(
            "cifar-10-binary.tar.gz",
            "md5:c32a1d4ab5d03f1284b67883e8d87530",
            members={
                f"cifar-10-batches-bin/{name}": name
                for name in (
                    *(f"data_batch_{number}.bin" for number in range(1, 6)),
                    *("test_batch.bin", "batches.meta.txt"),
                )
            },
        ),
    ),
)

SOURCES: dict[str, Source] = {
    "mnist": MNIST,
    "fashion-mnist": FASHION_MNIST,
    "emnist": EMNIST,
    "cifar10": CIFAR10,
}
