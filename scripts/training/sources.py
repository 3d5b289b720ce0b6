"""Where data sets are published: one row of a table each.

Digests are those that the publishers or the large frameworks give. Files are compared with them,
whatever mirror they come from. Where none is known here, the publisher is asked for it; what it
does not say either is checked by reading it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from convnet import datasets
from convnet.datasets.mnist import MIRRORS, SHA256
from scripts.datasets import writers


@dataclass(frozen=True)
class RemoteFile:
    """A file that is fetched.

    Attributes
    ----------
    name : str
        Below the mirror, and in the folder.
    digest : str
        ``sha256:…`` or ``md5:…`` of its bytes, or of what they unpack to. Empty: see
        `Source.record`.
    gunzipped : bool
        Whether the digest is of what the file unpacks to: mirrors pack the same bytes differently.
    members : mapping of str to str
        What is taken out of an archive (.zip or .tar.gz), and the paths that it gets in the folder;
        the archive itself is not kept then.
    product : str
        What `prepare` makes of the file, which is not kept then.
    prepare : callable, optional
        ``prepare(file, product)`` reads all of the file and writes the part that is wanted; it
        returns what that is. Raises ValueError if the file is broken.
    """

    name: str
    digest: str
    gunzipped: bool = False
    members: Mapping[str, str] = field(default_factory=dict)
    product: str = ""
    prepare: Callable[[Path, Path], str] | None = None


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
    record : str
        Address of Zenodo's description of the files, which has their digests.
    credit : str
        Who made it, under which licence: written into ``SOURCE.txt``.
    """

    title: str
    folder: str
    mirrors: tuple[str, ...]
    files: tuple[RemoteFile, ...]
    classes: tuple[str, ...] = ()
    found: Callable[[Path], bool] | None = None
    record: str = ""
    credit: str = ""


def _is_mnist(folder: Path) -> bool:
    try:
        datasets.load_mnist(folder)
    except datasets.DatasetError:
        return False
    return True


def _has(name: str, *patterns: str) -> Callable[[Path], bool]:
    """Return what tells whether a folder of all data has such a file below `name`."""
    return lambda folder: any(any((folder / name).glob(pattern)) for pattern in patterns)


MNIST = Source(
    title="MNIST: 70,000 digits, 28×28 (11 MB)",
    folder=".",
    mirrors=MIRRORS,
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

UNIPEN = Source(
    title="UNIPEN, 142 writers: digits, letters and signs as pen strokes (156 MB, CC BY 4.0)",
    folder="unipen",
    mirrors=(
        "https://zenodo.org/records/1195803/files",
        "http://www.ai.rug.nl/~lambert/overslag",
    ),
    files=(
        RemoteFile(
            "unipen-CDROM-train_r01_v07.tgz",
            digest="",
            product="unipen-train-writers.tar.gz",
            prepare=writers.collection,
        ),
    ),
    found=_has("unipen", "*.tar.xz", "*.tar.gz", "*.tar", "data"),
    record="https://zenodo.org/api/records/1195803",
    credit="Consortium (1999). Unipen data set of on-line (vectorial) handwriting - train_r01_v07 "
    "(December 1999). Zenodo, https://doi.org/10.5281/zenodo.1195803. CC BY 4.0.",
)

# SHA-256: several projects that have pinned UCI's archives.
SEMEION = Source(
    title="Semeion, 40 writers: scans of digits, 16×16 (3 MB, CC BY 4.0)",
    folder="semeion",
    mirrors=("https://archive.ics.uci.edu/static/public/178",),
    files=(
        RemoteFile(
            "semeion+handwritten+digit.zip",
            "sha256:6fb091394714cddda5751d4e1c2781ab094e7cf15de07917fb40e581f19efc75",
            product="semeion-blocks-1-4.data",
            prepare=writers.semeion,
        ),
    ),
    found=_has("semeion", "*.data", "*.data.gz"),
    credit="Tactile Srl, Massimo Buscema, Stefano Terzi (1994). Semeion Handwritten Digit. UCI "
    "Machine Learning Repository, https://doi.org/10.24432/C5SC8V. CC BY 4.0.",
)

OPTDIGITS = Source(
    title="optdigits, 30 writers: scans of digits, 32×32 (1 MB, CC BY 4.0)",
    folder="optdigits",
    mirrors=("https://archive.ics.uci.edu/static/public/80",),
    files=(
        RemoteFile(
            "optical+recognition+of+handwritten+digits.zip",
            "sha256:0d7b054fea010270e9b3f06411c654c5e59547732ad626381980baffe0a23fb0",
            product="optdigits-orig.tra",
            prepare=writers.optdigits,
        ),
    ),
    found=_has("optdigits", "*.tra", "*.tra.gz"),
    credit="E. Alpaydin, C. Kaynak (1998). Optical Recognition of Handwritten Digits. UCI Machine "
    "Learning Repository, https://doi.org/10.24432/C50P49. CC BY 4.0.",
)

SOURCES: dict[str, Source] = {
    "mnist": MNIST,
    "fashion-mnist": FASHION_MNIST,
    "emnist": EMNIST,
    "cifar10": CIFAR10,
    "unipen": UNIPEN,
    "semeion": SEMEION,
    "optdigits": OPTDIGITS,
}
