"""Folders of pictures of any classes, read with NumPy alone."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convnet import datasets
from convnet.datasets import DatasetError


def write_classes(folder: Path, counts: dict[str, int], mode: str = "L") -> None:
    rng = np.random.default_rng(3)
    for name, count in counts.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            shape = (12, 10) if mode == "L" else (12, 10, 3)
            picture = rng.integers(0, 256, shape, dtype=np.uint8)
            Image.fromarray(picture).save(folder / name / f"{number:03}.png")


def test_folders_of_any_names(tmp_path: Path) -> None:
    write_classes(tmp_path, {"cat": 5, "dog": 14})
    dataset = datasets.load(tmp_path)
    assert dataset.train.classes == ("cat", "dog")
    assert list(np.bincount(dataset.train.labels)) == [4, 12]
    assert list(np.bincount(dataset.test.labels)) == [1, 2]
    assert (dataset.train.input_shape, dataset.input_form) == ((12, 10, 1), "plain")
    picture = np.asarray(Image.open(tmp_path / "cat" / "004.png"))
    np.testing.assert_array_equal(dataset.test.images[dataset.test.labels == 0][0], picture)


def test_folders_in_colour_with_a_test_set(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", {"cat": 2, "dog": 3}, "RGB")
    write_classes(tmp_path / "test", {"cat": 1, "dog": 1})
    dataset = datasets.load(tmp_path)
    assert dataset.train.input_shape == dataset.test.input_shape == (12, 10, 3)
    (tmp_path / "test" / "dog").rename(tmp_path / "test" / "wolf")
    with pytest.raises(DatasetError, match="wolf: a class that the training set does not have"):
        datasets.load(tmp_path)


def test_val_is_the_test_set_where_there_is_no_other(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", {"cat": 5, "dog": 5})
    write_classes(tmp_path / "val", {"cat": 2, "dog": 2})
    assert len(datasets.load(tmp_path).test) == 4
    write_classes(tmp_path / "test", {"cat": 3, "dog": 3})
    assert len(datasets.load(tmp_path).test) == 6


def test_four_pictures_are_too_few(tmp_path: Path) -> None:
    write_classes(tmp_path, {"cat": 4, "dog": 14})
    with pytest.raises(DatasetError, match="cat: expected at least 5 pictures of a class, got 4"):
        datasets.load(tmp_path)


def test_other_pictures_than_png_need_pillow(tmp_path: Path) -> None:
    write_classes(tmp_path, {"cat": 5, "dog": 5})
    for path in (tmp_path / "dog").glob("*.png"):
        path.rename(path.with_suffix(".jpg"))
    with pytest.raises(DatasetError, match="dog: expected at least 5 pictures of a class, got 0"):
        datasets.load(tmp_path)
    for path in (tmp_path / "cat").glob("*.png"):
        path.rename(path.with_suffix(".jpg"))
    with pytest.raises(
        DatasetError, match=r"no PNG pictures .* scripts/train\.py, which has Pillow"
    ):
        datasets.load(tmp_path)


def test_digits_need_the_classes_to_be_digits(tmp_path: Path) -> None:
    write_classes(tmp_path, {"cat": 5, "dog": 5})
    with pytest.raises(ValueError, match=r"`digits` needs the classes 0\.\.9, these are cat, dog"):
        datasets.load(tmp_path).subset(digits=(1,))
