"""Every format is read right, every broken file refused by file, place and reason."""

import gzip
import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convnet import datasets
from convnet.datasets import Dataset, DatasetError, Split, csv, idx, mnist
from convnet.datasets.pictures import class_folders
from tests.support.memory import memory_limit

Writer = Callable[[Path, Dataset], None]


def random_split(rng: np.random.Generator, count: int) -> Split:
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 4:24, 4:24] = rng.integers(0, 256, (count, 20, 20))
    return Split(images, (np.arange(count) % 10).astype(np.uint8))


@pytest.fixture
def dataset(rng: np.random.Generator) -> Dataset:
    return Dataset(random_split(rng, 60), random_split(rng, 10))


def write_idx(folder: Path, dataset: Dataset) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for part, split in (("train", dataset.train), ("t10k", dataset.test)):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx.encode(split.images))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx.encode(split.labels))


def write_csv(folder: Path, dataset: Dataset) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, split in (("mnist_train", dataset.train), ("mnist_test", dataset.test)):
        rows = np.column_stack([split.labels, split.images.reshape(len(split), -1)])
        np.savetxt(folder / f"{name}.csv", rows, fmt="%d", delimiter=",")


def write_pictures(folder: Path, split: Split) -> None:
    for number, (image, label) in enumerate(zip(split.images, split.labels, strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / str(label) / f"{number:05}.png")


def write_split_pictures(folder: Path, dataset: Dataset) -> None:
    write_pictures(folder / "train", dataset.train)
    write_pictures(folder / "test", dataset.test)


def assert_same(got: Split, wanted: Split) -> None:
    np.testing.assert_array_equal(got.images, wanted.images)
    np.testing.assert_array_equal(got.labels, wanted.labels)


# What load() recognises


@pytest.mark.parametrize("write", [write_idx, write_csv, write_split_pictures])
@pytest.mark.parametrize("subfolder", [".", "mnist", "archive"])
def test_load_recognises_the_format(
    tmp_path: Path, dataset: Dataset, write: Writer, subfolder: str
) -> None:
    write(tmp_path / subfolder, dataset)
    loaded = datasets.load(tmp_path)
    assert_same(loaded.train, dataset.train)
    assert_same(loaded.test, dataset.test)


def test_load_reads_the_folder_that_the_environment_names(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_idx(tmp_path, dataset)
    monkeypatch.setenv("CONVNET_DATA_DIR", str(tmp_path))
    assert len(datasets.load().train) == 60
    monkeypatch.delenv("CONVNET_DATA_DIR")
    assert datasets.default_folder() == Path("data")


def test_load_refuses_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"nowhere: no such folder"):
        datasets.load(tmp_path / "nowhere")


def test_load_says_what_it_looked_for(tmp_path: Path) -> None:
    with pytest.raises(
        DatasetError, match=r"train….csv .* a folder of pictures for each class.*download_data\.py"
    ):
        datasets.load(tmp_path)


# IDX


@pytest.mark.parametrize("dotted", [False, True])
@pytest.mark.parametrize("zipped", [False, True])
def test_idx_under_each_of_its_names(
    tmp_path: Path, dataset: Dataset, dotted: bool, zipped: bool
) -> None:
    write_idx(tmp_path, dataset)
    for path in list(tmp_path.iterdir()):
        name = path.name.replace("-idx", ".idx") if dotted else path.name
        data = path.read_bytes()
        path.unlink()
        (tmp_path / f"{name}{'.gz' * zipped}").write_bytes(gzip.compress(data) if zipped else data)
    assert_same(datasets.load(tmp_path).train, dataset.train)


def test_idx_encode_matches_the_published_layout() -> None:
    values = np.arange(6, dtype=np.uint8).reshape(1, 2, 3)
    assert idx.encode(values) == struct.pack(">IIII6B", 2051, 1, 2, 3, 0, 1, 2, 3, 4, 5)


IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
BROKEN_IDX = {
    "empty": (IMAGES, lambda _: b"", "the file is empty"),
    "magic": (LABELS, lambda d: b"\0\0\x0d" + d[3:], "byte 0: expected .*0801, got 0x00000d01"),
    "header": (IMAGES, lambda d: d[:9], "byte 9: the header is cut short"),
    "truncated": (IMAGES, lambda d: d[:-1], "byte 47055: truncated: 47040 .* 47039 found"),
    "trailing": (LABELS, lambda d: d + b"!", "byte 68: bytes left over after the 60 values"),
    "label": (LABELS, lambda d: d[:13] + b"\x0a" + d[14:], "label 5, byte 13: .* 0..9, got 10"),
    "count": (LABELS, lambda d: d[:4] + struct.pack(">I", 59) + d[8:-1], "59 labels for 60 images"),
    "size": (IMAGES, lambda d: d[:8] + struct.pack(">II", 56, 14) + d[16:], r"\(56, 14, 1\), `te"),
    "gzip": (IMAGES, lambda d: gzip.compress(d)[:-30], "broken gzip data"),
    "checksum": (LABELS, lambda d: gzip.compress(d)[:-8] + bytes(8), "broken gzip data: CRC"),
}  # fmt: skip


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("shape", [(2**32 - 1,) * 3, (2**20, 28, 28), (2**29, 1, 2)])
def test_idx_takes_no_memory_for_what_it_only_claims(
    tmp_path: Path, dataset: Dataset, shape: tuple[int, ...], zipped: bool
) -> None:
    write_idx(tmp_path, dataset)
    data = struct.pack(">IIII", 2051, *shape) + bytes(1 << 20)
    (tmp_path / IMAGES).write_bytes(gzip.compress(data) if zipped else data)
    with (
        memory_limit(16 << 20),
        pytest.raises(DatasetError, match=rf"{IMAGES}: (byte 1048592: truncated|shape .* claims)"),
    ):
        datasets.load(tmp_path)


def test_idx_refuses_zeros_without_end(tmp_path: Path, dataset: Dataset) -> None:
    write_idx(tmp_path, dataset)
    data = struct.pack(">IIII", 2051, 1 << 16, 28, 28) + bytes(28 * 28 << 16)
    (tmp_path / IMAGES).write_bytes(gzip.compress(data))
    with (
        memory_limit(4 << 20),
        pytest.raises(DatasetError, match=r"claims 51,380,224 values, limit 1\d,\d{3},\d{3}$"),
    ):
        datasets.load(tmp_path)


@pytest.mark.parametrize("case", BROKEN_IDX)
def test_idx_refuses(tmp_path: Path, dataset: Dataset, case: str) -> None:
    name, spoil, message = BROKEN_IDX[case]
    write_idx(tmp_path, dataset)
    path = tmp_path / name
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(DatasetError, match=message) as caught:
        datasets.load(tmp_path)
    assert caught.value.path == path


def test_idx_refuses_an_incomplete_set(tmp_path: Path, dataset: Dataset) -> None:
    write_idx(tmp_path, dataset)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DatasetError, match="t10k-labels-idx1-ubyte: missing"):
        datasets.load(tmp_path)


# CSV


@pytest.mark.parametrize(
    "header",
    [
        ",".join(["label", *(f"{row}x{column}" for row in range(28) for column in range(28))]),
        ",".join(["label", *map(str, range(784))]),
        '"label",' + ",".join(f'"pixel{i}"' for i in range(784)),
    ],
)
def test_csv_with_a_header(tmp_path: Path, dataset: Dataset, header: str) -> None:
    write_csv(tmp_path, dataset)
    path = tmp_path / "mnist_train.csv"
    path.write_text(f"\ufeff{header}\r\n" + path.read_text().replace("\n", "\r\n"))
    assert_same(csv.read(path), dataset.train)


def cell(line: int, column: int, value: str) -> Callable[[str], str]:
    def spoil(text: str) -> str:
        rows = [row.split(",") for row in text.splitlines()]
        rows[line - 1][column - 1] = value
        return "\n".join(map(",".join, rows))

    return spoil


BROKEN_CSV = {
    "empty": (lambda _: "", "the file is empty"),
    "blank": (lambda _: "\n\n", "no rows of data"),
    "only a header": (lambda _: f"label{',pixel' * 784}\n", "no rows of data"),
    "short row": (lambda t: t[: t.rindex(",")], r"line 60: expected 785 cells .* got 784"),
    "long rows": (lambda t: t.replace("\n", ",0\n"), r"line 1: expected as many .* got 785"),
    "not a number": (cell(7, 9, "x"), "line 7, column 9: expected a pixel in 0..255, got 'x'"),
    "no value": (cell(60, 785, ""), "line 60, column 785: .* got ''"),
    "fraction": (cell(2, 2, "0.5"), "line 2, column 2: .* got '0.5'"),
    "too large": (cell(2, 2, "256"), "line 2, column 2: .* got '256'"),
    "negative": (cell(2, 2, "-1"), "line 2, column 2: .* got '-1'"),
    "label": (cell(3, 1, "10"), "line 3, column 1: expected a label in 0..9, got '10'"),
    "first label": (cell(1, 1, "zero"), "line 1, column 1: .* got 'zero'"),
    "endless": (
        cell(4, 5, "9" * 5000),
        "line 4, column 5: expected a pixel in 0..255, got '9{20}'",
    ),
    "semicolons": (lambda t: t.replace(",", ";"), r"line 1: .* \(separated by commas\), got 1"),
    "not text": (cell(4, 5, "\x00"), "line 4, column 5"),
}


@pytest.mark.parametrize("case", BROKEN_CSV)
def test_csv_refuses(tmp_path: Path, dataset: Dataset, case: str) -> None:
    spoil, message = BROKEN_CSV[case]
    write_csv(tmp_path, dataset)
    path = tmp_path / "mnist_train.csv"
    path.write_text(spoil(path.read_text()))
    with pytest.raises(DatasetError, match=message) as caught:
        datasets.load(tmp_path)
    assert caught.value.path == path


def test_csv_refuses_an_incomplete_set(tmp_path: Path, dataset: Dataset) -> None:
    write_csv(tmp_path, dataset)
    (tmp_path / "mnist_test.csv").unlink()
    with pytest.raises(DatasetError, match=r"mnist_test\.csv: missing"):
        datasets.load(tmp_path)


# Folders of pictures


def test_pictures_without_a_test_set_give_every_seventh_to_it(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    write_pictures(tmp_path, random_split(rng, 70))
    dataset = datasets.load(tmp_path)
    assert (len(dataset.train), len(dataset.test)) == (60, 10)
    assert sorted(dataset.test.labels) == list(range(10))
    assert list(dataset.train.labels[:10]) == list(range(10))  # the first N show every digit


def test_pictures_of_a_few_digits_with_other_files_between(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    write_pictures(tmp_path, random_split(rng, 70).subset(digits=(3, 8)))
    (tmp_path / "3" / ".hidden.png").write_bytes(b"")
    (tmp_path / "3" / "Thumbs.db").write_bytes(b"")
    assert set(datasets.load(tmp_path).train.labels) == {3, 8}


def test_pictures_of_dark_ink_are_inverted(tmp_path: Path, dataset: Dataset) -> None:
    inverted = Dataset(*(Split(255 - s.images, s.labels) for s in (dataset.train, dataset.test)))
    write_split_pictures(tmp_path, inverted)
    assert_same(datasets.load(tmp_path).train, dataset.train)


def test_pictures_refuse_another_size(tmp_path: Path, dataset: Dataset) -> None:
    write_split_pictures(tmp_path, dataset)
    Image.new("L", (30, 20)).save(tmp_path / "train" / "4" / "odd.png")
    with pytest.raises(DatasetError, match=r"odd\.png: expected 28 × 28 pixels, got 30 × 20"):
        datasets.load(tmp_path)


def test_pictures_refuse_a_missing_or_empty_split(tmp_path: Path, dataset: Dataset) -> None:
    write_pictures(tmp_path / "train", dataset.train)
    with pytest.raises(DatasetError, match="test: missing"):
        datasets.load(tmp_path)
    (tmp_path / "testing" / "0").mkdir(parents=True)
    with pytest.raises(DatasetError, match="testing: no PNG pictures"):
        datasets.load(tmp_path)


def test_pictures_name_a_broken_file(tmp_path: Path, dataset: Dataset) -> None:
    write_split_pictures(tmp_path, dataset)
    (tmp_path / "train" / "0" / "00000.png").write_bytes(b"GIF89a")
    with pytest.raises(DatasetError, match=r"00000\.png: no PNG signature"):
        class_folders.load(tmp_path)


# Splits


def test_subset_takes_the_first_images_of_the_wanted_digits(dataset: Dataset) -> None:
    subset = dataset.subset(digits=(1, 0), limit=3)
    assert list(subset.train.labels) == [0, 1, 0]
    np.testing.assert_array_equal(subset.train.images, dataset.train.images[[0, 1, 10]])
    assert len(subset.test) == 2


@pytest.mark.parametrize("digits", [(), (10,), (-1, 2)])
def test_subset_refuses_what_is_no_digit(dataset: Dataset, digits: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"`digits` must be some of 0\.\.9, got"):
        dataset.subset(digits=digits)


def test_subset_refuses_an_empty_limit(dataset: Dataset) -> None:
    with pytest.raises(ValueError, match="`limit` must be a positive int, got 0"):
        dataset.subset(limit=0)


def test_hold_out_takes_the_last_images(dataset: Dataset) -> None:
    rest, held_out = dataset.train.hold_out(10)
    assert_same(rest, dataset.train.take(slice(50)))
    assert_same(held_out, dataset.train.take(slice(50, None)))


def test_hold_out_at_random_shares_no_image(dataset: Dataset) -> None:
    rest, held_out = dataset.train.hold_out(10, np.random.default_rng(1))
    again = dataset.train.hold_out(10, np.random.default_rng(1))[1]
    assert_same(held_out, again)
    assert not np.array_equal(held_out.images, dataset.train.images[50:])
    together = {image.tobytes() for split in (rest, held_out) for image in split.images}
    assert len(together) == len(rest) + len(held_out) == 60


@pytest.mark.parametrize("count", [0, 60])
def test_hold_out_refuses_to_leave_nothing(dataset: Dataset, count: int) -> None:
    with pytest.raises(ValueError, match=f"between 1 and 59, got {count}"):
        dataset.train.hold_out(count)


def test_inputs_are_what_a_network_takes(dataset: Dataset) -> None:
    x = dataset.test.inputs()
    assert (x.dtype, x.shape) == (np.float32, (10, 28, 28, 1))
    np.testing.assert_allclose(x[..., 0], dataset.test.images / 255, rtol=1e-6)


def test_split_refuses_what_does_not_fit() -> None:
    images, labels = np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.uint8)
    with pytest.raises(ValueError, match="`images` must be uint8 of shape"):
        Split(images.astype(float), labels)
    with pytest.raises(ValueError, match="`images` must be uint8 of shape"):
        Split(images[:1], labels)
    with pytest.raises(ValueError, match=r"`labels` must be in 0\.\.9, got 10"):
        Split(images, labels + 10)


# MNIST itself


@pytest.mark.mnist
def test_mnist_is_known_to_the_byte(mnist: Dataset) -> None:
    assert (len(mnist.train), len(mnist.test)) == (60000, 10000)
    assert list(mnist.train.labels[:5]) == [5, 0, 4, 1, 9]


def test_mnist_is_not_taken_from_another_data_set(tmp_path: Path, dataset: Dataset) -> None:
    write_idx(tmp_path, dataset)
    with pytest.raises(DatasetError, match="a data set, but not MNIST: train-images-idx3-ubyte"):
        datasets.load_mnist(tmp_path)


def test_digests_are_of_the_unpacked_files(tmp_path: Path, dataset: Dataset) -> None:
    write_idx(tmp_path, dataset)
    assert mnist.digests(dataset) == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.iterdir()
    }
