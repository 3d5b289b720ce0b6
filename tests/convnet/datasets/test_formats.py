"""Other data than MNIST's own files: each layout is read right, what cannot be right is refused."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from convnet import datasets
from convnet.datasets import DatasetError, Split, class_names, csv, idx
from convnet.datasets.mnist import digests


@pytest.fixture
def images(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (70, 28, 28), dtype=np.uint8)


@pytest.fixture
def labels() -> np.ndarray:
    return (np.arange(70) % 10).astype(np.uint8)


def write(path: Path, names: list[str] | None, columns: list[np.ndarray]) -> Path:
    """Write a CSV file of columns (N,) and blocks of columns (N, K)."""
    rows = np.column_stack(columns).tolist()
    lines = [",".join(map(str, row)) for row in rows]
    path.write_text("\n".join(([",".join(names)] if names else []) + lines) + "\n")
    return path


def flat(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)


PIXELS = [f"pixel{number}" for number in range(784)]


def together(dataset: datasets.Dataset) -> set[tuple[bytes, str]]:
    return {
        (image.tobytes(), split.classes[label])
        for split in (dataset.train, dataset.test)
        for image, label in zip(split.images, split.labels, strict=True)
    }


def expected(images: np.ndarray, names: list[str]) -> set[tuple[bytes, str]]:
    return {(image.tobytes(), name) for image, name in zip(images, names, strict=True)}


# CSV by its header


@pytest.mark.parametrize("name", ["label", "class", "target", "digit", "Label", '"class"'])
@pytest.mark.parametrize("place", [0, 300, 784])
def test_the_label_is_found_by_its_name(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray, name: str, place: int
) -> None:
    columns = [flat(images)[:, :place], labels, flat(images)[:, place:]]
    path = write(tmp_path / "any.csv", [*PIXELS[:place], name, *PIXELS[place:]], columns)
    for dataset in (datasets.load(path), datasets.load(tmp_path)):
        assert together(dataset) == expected(images, list(map(str, labels)))
        assert (len(dataset.train), len(dataset.test)) == (60, 10)
        assert sorted(dataset.test.labels) == list(range(10))


def test_kaggles_files(tmp_path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    write(tmp_path / "train.csv", ["label", *PIXELS], [labels, flat(images)])
    path = write(tmp_path / "test.csv", PIXELS, [flat(images)[::-1]])
    assert together(datasets.load(tmp_path)) == expected(images, list(map(str, labels)))
    table = csv.read_table(path)
    assert table.labels is None
    np.testing.assert_array_equal(table.images, images[::-1])
    with pytest.raises(DatasetError, match=r"test\.csv: line 1: no labels: expected a column"):
        datasets.load(path)


def test_ids_are_no_pixels(tmp_path: Path, images: np.ndarray) -> None:
    ids = np.arange(70) + 5000
    path = write(tmp_path / "test.csv", ["id", *PIXELS], [ids, flat(images)])
    table = csv.read_table(path)
    assert table.ids == [str(number) for number in ids]
    np.testing.assert_array_equal(table.images, images)


def test_labels_may_be_words_or_other_numbers(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray
) -> None:
    words = [("dog", "cat", "bird")[label % 3] for label in labels]
    path = write(tmp_path / "animals.csv", ["class", *PIXELS], [words, flat(images)])
    dataset = datasets.load(path)
    assert dataset.train.classes == ("bird", "cat", "dog")
    assert together(dataset) == expected(images, words)
    numbers = labels.astype(int) * 3 + 1
    write(path, ["class", *PIXELS], [numbers, flat(images)])
    assert datasets.load(path).train.classes == tuple(map(str, range(1, 31, 3)))


def test_small_and_unlabelled_squares_without_names(tmp_path: Path, images: np.ndarray) -> None:
    path = write(tmp_path / "a.csv", None, [flat(images[:, :9, :9])])
    assert csv.read_table(path).images.shape == (70, 9, 9)


def test_fashion_has_its_names(tmp_path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    for part in ("train", "test"):
        path = tmp_path / f"fashion-mnist_{part}.csv"
        write(path, ["label", *PIXELS], [labels, flat(images)])
    dataset = datasets.load(tmp_path)
    assert len(dataset.test) == 70
    assert dataset.test.classes == class_names.FASHION
    folder = tmp_path / "fashion-mnist"
    write_idx(folder, images, labels)
    assert datasets.load(folder).train.classes[9] == "Ankle boot"


def test_classes_have_the_names_in_a_file(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray
) -> None:
    write_idx(tmp_path, images, labels % 3)
    (tmp_path / "classes.txt").write_text("a\nb\nc\n")
    assert datasets.load(tmp_path).train.classes == ("a", "b", "c")
    (tmp_path / "classes.txt").write_text("a\nb\n")
    with pytest.raises(DatasetError, match=r"expected a label in 0\.\.1, got 2"):
        datasets.load(tmp_path)
    (tmp_path / "classes.txt").write_text("a\nb\na\n")
    with pytest.raises(DatasetError, match=r"classes\.txt: class 3: the class 'a' is there twice"):
        datasets.load(tmp_path)


def write_idx(folder: Path, images: np.ndarray, labels: np.ndarray) -> None:
    folder.mkdir(exist_ok=True)
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx.encode(images))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx.encode(labels))


CANNOT_BE_RIGHT = {
    "no label": ([*PIXELS, "kind"], "expected as many pixels .* a column called label, class"),
    "two labels": (["label", *PIXELS[1:], "class"], "two columns could be the label: label and c"),
    "no square": (["label", *PIXELS[1:], "more", "still"], r"a square has, such as 784, got 785"),
}


@pytest.mark.parametrize("case", CANNOT_BE_RIGHT)
def test_columns_that_cannot_be_right(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray, case: str
) -> None:
    names, message = CANNOT_BE_RIGHT[case]
    more = np.zeros((70, len(names) - 784), int)
    path = write(tmp_path / "a.csv", names, [flat(images), more])
    with pytest.raises(DatasetError, match=f"a.csv: line 1: .*{message}"):
        datasets.load(path)


def test_the_label_last_without_names_is_refused(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray
) -> None:
    """Once OpenML's layout was read as 0, 0, 0 …"""
    images[:, 0, 0] = 0
    path = write(tmp_path / "a.csv", None, [flat(images), labels])
    with pytest.raises(DatasetError, match="train set: every label is '0': two classes"):
        datasets.load(path)


def test_greys_that_are_none_are_refused(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray
) -> None:
    path = write(tmp_path / "a.csv", ["label", *PIXELS], [labels, flat(images) % 2])
    with pytest.raises(DatasetError, match=r"expected pixels in 0\.\.255, the largest is 1"):
        datasets.load(path)
    np.savez(tmp_path / "b.npz", x=np.full((70, 28, 28), 9, np.uint8), y=labels)
    with pytest.raises(DatasetError, match="every pixel of every picture is 9"):
        datasets.load(tmp_path / "b.npz")


# NumPy


def keras(folder: Path, x: np.ndarray, y: np.ndarray) -> Path:
    path = folder / "mnist.npz"
    np.savez_compressed(path, x_train=x, y_train=y, x_test=x[:10], y_test=y[:10])
    return path


def test_keras_file(tmp_path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    path = keras(tmp_path, images, labels)
    for dataset in (datasets.load(path), datasets.load(tmp_path)):
        np.testing.assert_array_equal(dataset.train.images, images)
        np.testing.assert_array_equal(dataset.test.labels, labels[:10])
    write_idx(tmp_path / "idx", images, labels)
    train = datasets.load(tmp_path / "idx").train
    same = datasets.Dataset(train, Split(images, labels))
    assert digests(same) == digests(datasets.load(tmp_path / "idx"))


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x[..., np.newaxis],
        lambda x: x[:, np.newaxis],
        lambda x: x.astype(np.float64) / 255,
        lambda x: x.astype(np.int64),
        lambda x: x.astype(np.float32),
        lambda x: x.reshape(len(x), -1),
    ],
)
def test_shapes_and_types_of_arrays(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray, change: object
) -> None:
    np.save(tmp_path / "images.npy", change(images))
    np.save(tmp_path / "labels.npy", labels.astype(np.int32)[:, np.newaxis])
    for path in (tmp_path, tmp_path / "images.npy"):
        assert together(datasets.load(path)) == expected(images, list(map(str, labels)))


def test_a_pair_in_colour_with_one_hot_labels(tmp_path: Path, rng: np.random.Generator) -> None:
    x = rng.integers(0, 256, (14, 3, 9, 12), dtype=np.uint8)
    y = np.arange(14) % 2
    np.savez(tmp_path / "a.npz", x=x, y=np.eye(2, dtype=int)[y])
    (tmp_path / "classes.txt").write_text("left\nright\n")
    dataset = datasets.load(tmp_path / "a.npz")
    assert dataset.train.input_shape == (9, 12, 3)
    names = [("left", "right")[label] for label in y]
    assert together(dataset) == expected(x.transpose(0, 2, 3, 1), names)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": np.zeros(3)}, "expected arrays x_train, .* got a"),
        ({"x": np.zeros((3, 7)), "y": np.zeros(3)}, r"x: expected pictures .* shape \(3, 7\)"),
        ({"x": np.full((3, 4, 4), 1.5), "y": np.zeros(3)}, r"x: .* got float64 in 1\.5\.\.1\.5"),
        ({"x": np.full((3, 4, 4), np.nan), "y": np.zeros(3)}, "x: expected 0..255"),
        ({"x": np.full((3, 4, 4), -1), "y": np.zeros(3)}, "x: expected 0..255"),
        ({"x": np.zeros((3, 4, 4), np.uint8), "y": np.zeros(2)}, "y: 2 labels for 3 images"),
        ({"x": np.zeros((3, 4, 4), np.uint8), "y": np.full(3, 0.5)}, "y: expected whole numbers"),
        ({"x": np.zeros((0, 4, 4), np.uint8), "y": np.zeros(0)}, "x: there are no pictures"),
        ({"x": np.array(["a"]), "y": np.zeros(1)}, "x: expected numbers, got <U1"),
        ({"x": np.array([b"a"]), "y": np.zeros(1)}, "must hold numbers or texts"),
    ],
)
def test_arrays_that_cannot_be_right(
    tmp_path: Path, arrays: dict[str, np.ndarray], message: str
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DatasetError, match=rf"a\.npz: .*{message}"):
        datasets.load(tmp_path / "a.npz")


def test_labels_of_arrays_may_be_words(tmp_path: Path, images: np.ndarray) -> None:
    words = np.array(["cat", "dog", "mouse"])[np.arange(len(images)) % 3]
    np.savez(tmp_path / "a.npz", images=images, labels=words)
    assert datasets.load(tmp_path).train.classes == ("cat", "dog", "mouse")
    np.savez(tmp_path / "a.npz", images=words, labels=words)
    with pytest.raises(DatasetError, match=r"expected numbers, got <U5"):
        datasets.load(tmp_path)


def test_broken_arrays_are_named(tmp_path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    path = keras(tmp_path, images, labels)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DatasetError, match=r"mnist\.npz"):
        datasets.load(path)
    np.save(tmp_path / "images.npy", images)
    np.save(tmp_path / "labels.npy", labels)
    (tmp_path / "images.npy").write_bytes((tmp_path / "images.npy").read_bytes()[:-1])
    with pytest.raises(DatasetError, match=r"images\.npy promises"):
        datasets.load(tmp_path / "images.npy")


# EMNIST


def write_emnist(folder: Path, name: str, images: np.ndarray, labels: np.ndarray) -> None:
    for part in ("train", "test"):
        for kind, values in (("images-idx3", images.transpose(0, 2, 1)), ("labels-idx1", labels)):
            data = idx.encode(np.ascontiguousarray(values))
            path = folder / f"emnist-{name}-{part}-{kind}-ubyte.gz"
            path.write_bytes(gzip.compress(data))


def test_emnist_is_upright_and_named(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray
) -> None:
    write_emnist(tmp_path, "letters", images, labels + 17)  # letters begin at 1
    dataset = datasets.load(tmp_path)
    np.testing.assert_array_equal(dataset.train.images, images)
    assert "".join(dataset.train.classes) == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert "".join(dataset.train.classes[label] for label in dataset.train.labels[:4]) == "QRST"
    assert dataset.input_form == "mnist"
    write_emnist(tmp_path, "balanced", images, labels + 37)
    with pytest.raises(DatasetError, match="several sets of EMNIST: balanced, letters"):
        datasets.load(tmp_path)
    balanced = datasets.load(tmp_path / "emnist-balanced-test-labels-idx1-ubyte.gz").test
    assert "".join(balanced.classes[label] for label in balanced.labels[:10]) == "bdefghnqrt"


def test_emnist_as_csv(tmp_path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    for part in ("train", "test"):
        turned = flat(images.transpose(0, 2, 1))
        write(tmp_path / f"emnist-letters-{part}.csv", None, [labels + 1, turned])
    dataset = datasets.load(tmp_path)
    np.testing.assert_array_equal(dataset.train.images, images)
    assert dataset.train.classes[dataset.train.labels[0]] == "A"


def test_emnist_refuses_a_missing_file_and_a_label_below_1(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray
) -> None:
    write_emnist(tmp_path, "letters", images, labels)
    with pytest.raises(DatasetError, match=r"train: expected labels in 1\.\.26, got 0"):
        datasets.load(tmp_path)
    (tmp_path / "emnist-letters-test-labels-idx1-ubyte.gz").unlink()
    write_emnist(tmp_path / ".", "letters", images, labels + 1)
    (tmp_path / "emnist-letters-test-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DatasetError, match="emnist-letters-test-labels-idx1-ubyte: missing"):
        datasets.load(tmp_path)


def test_sets_below_a_folder_are_named(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray
) -> None:
    for name in ("letters", "digits"):
        (tmp_path / name).mkdir()
        write_emnist(tmp_path / name, name, images, labels + 1)
    with pytest.raises(DatasetError, match=r"below it: name one: .*digits, .*letters"):
        datasets.load(tmp_path)


def test_mnist_is_not_hidden_by_pictures_beside_it(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray
) -> None:
    write_idx(tmp_path / "mnist", images, labels)
    for name in ("photos", "screenshots"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").touch()
    (tmp_path / "results.csv").write_text("epoch,loss\n1,0.5\n")
    assert datasets.find(tmp_path)[0] is idx


# CIFAR-10


def write_cifar(folder: Path, pictures: np.ndarray, labels: np.ndarray) -> None:
    records = np.column_stack([labels, flat(pictures.transpose(0, 3, 1, 2))])
    for name in ("data_batch_1.bin", "data_batch_2.bin", "test_batch.bin"):
        (folder / name).write_bytes(records.astype(np.uint8).tobytes())


def test_cifar10(tmp_path: Path, rng: np.random.Generator, labels: np.ndarray) -> None:
    pictures = rng.integers(0, 256, (70, 32, 32, 3), dtype=np.uint8)
    folder = tmp_path / "cifar-10-batches-bin"  # as the archive has it
    folder.mkdir()
    write_cifar(folder, pictures, labels)
    for dataset in (datasets.load(tmp_path), datasets.load(folder / "test_batch.bin")):
        assert (len(dataset.train), len(dataset.test)) == (140, 70)
        np.testing.assert_array_equal(dataset.test.images, pictures)
        assert dataset.test.classes[3] == "cat"
    assert dataset.train.inputs().shape == (140, 32, 32, 3)
    (folder / "batches.meta.txt").write_text("\n".join("abcdefghij") + "\n\n")
    assert datasets.load(tmp_path).train.classes == tuple("abcdefghij")


def test_cifar10_refuses(tmp_path: Path, labels: np.ndarray) -> None:
    write_cifar(tmp_path, np.zeros((70, 32, 32, 3)), labels + 1)
    with pytest.raises(DatasetError, match=r"byte 27657: expected a label in 0\.\.9, got 10"):
        datasets.load(tmp_path)
    path = tmp_path / "data_batch_1.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DatasetError, match="expected records of 3073 bytes, got 215109"):
        datasets.load(tmp_path)
    (tmp_path / "test_batch.bin").unlink()
    with pytest.raises(DatasetError, match=r"test_batch\.bin: missing"):
        datasets.load(tmp_path)


def test_training_arrays_alone_are_parted(
    tmp_path: Path, images: np.ndarray, labels: np.ndarray
) -> None:
    np.savez(tmp_path / "a.npz", x_train=images, y_train=labels)
    dataset = datasets.load(tmp_path / "a.npz")
    assert len(dataset.train) + len(dataset.test) == len(images)
    assert len(dataset.test)


def test_a_file_cut_short_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"PK, and no more")
    with pytest.raises(DatasetError, match=r"a\.npz: no \.npz file, or a damaged one"):
        datasets.load(tmp_path / "a.npz")
