"""The augmenter: a batch in, a batch of changed pictures out, whatever its size and type."""

import numpy as np
import pytest

from convnet.augmentation import augmenter
from convnet.augmentation.augmenter import Augmenter, as_float
from convnet.augmentation.ink import Blur, Erase, Noise, Pen
from convnet.augmentation.warp import Warp

EVERYTHING = {"pen": 0.5, "blur": 0.5, "contrast": 0.5, "noise": 0.5, "erase": 0.5}


@pytest.fixture
def images(rng):
    return rng.integers(0, 256, (7, 28, 28), np.uint8)


def test_bytes_become_floats_between_paper_and_ink(images, rng):
    changed = Augmenter(**EVERYTHING)(images, rng)
    assert changed.dtype == np.float32
    assert changed.shape == images.shape
    assert 0 <= changed.min() < changed.max() <= 1


def test_as_float():
    floats = as_float(np.array([0, 51, 255], np.uint8))
    np.testing.assert_array_equal(floats, np.array([0, 0.2, 1], np.float32))
    assert as_float(np.array([0.5])).dtype == np.float32


def test_bytes_and_floats_of_the_same_picture_come_out_the_same(images):
    augmenter = Augmenter(**EVERYTHING)
    from_bytes = augmenter(images, np.random.default_rng(1))
    from_floats = augmenter(as_float(images), np.random.default_rng(1))
    np.testing.assert_array_equal(from_bytes, from_floats)


def test_a_channel_axis_is_kept(images):
    augmenter = Augmenter(**EVERYTHING)
    flat = augmenter(images, np.random.default_rng(1))
    deep = augmenter(images[..., None], np.random.default_rng(1))
    np.testing.assert_array_equal(deep, flat[..., None])


def test_memory_order_does_not_matter(images):
    batch_last = np.ascontiguousarray(images.transpose(1, 2, 0)).transpose(2, 0, 1)
    one, other = (
        Augmenter(**EVERYTHING)(batch, np.random.default_rng(1)) for batch in (images, batch_last)
    )
    np.testing.assert_array_equal(one, other)


def test_transforms_run_in_order_on_pieces_of_the_batch(images, rng, monkeypatch):
    monkeypatch.setattr(augmenter, "CHUNK", 3)
    seen = []

    def double(chunk, generator):
        assert generator is rng
        seen.append(len(chunk))
        return chunk * 2

    def add_one(chunk, generator):
        return chunk + 1

    changed = Augmenter.of(double, add_one)(images, rng)
    np.testing.assert_array_equal(changed, as_float(images) * 2 + 1)
    assert seen == [3, 3, 1]


def test_settings_reach_the_transforms():
    augmenter = Augmenter(1, 2, (0.7, 1.3), 1.2, 5, 0.6, 0.4, pen=0.1, blur=0.2, erase=0.3)
    warp = Warp(1, 2, (0.7, 1.3), 1.2, 5, 0.6, elastic_probability=0.4)
    expected = (warp, Pen(probability=0.1), Blur(probability=0.2), Erase(probability=0.3))
    assert augmenter.transforms == expected  # and none for what is never done


def test_nothing_to_do_changes_nothing(images, rng):
    still = Augmenter(rotation=0, shift=0, scale=(1, 1), stretch=1, shear=0, elastic=0)
    np.testing.assert_array_equal(still(images, rng), as_float(images))


def test_input_is_left_alone_and_a_seed_repeats(images):
    before = images.copy()
    first, again, other = (
        Augmenter(**EVERYTHING)(images, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(images, before)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_same_picture_changes_differently_within_a_batch(images, rng):
    changed = Augmenter()(np.repeat(images[:1], 5, axis=0), rng)
    assert len({picture.tobytes() for picture in changed}) == 5


def test_an_empty_batch_stays_empty(rng):
    assert Augmenter()(np.zeros((0, 28, 28), np.uint8), rng).shape == (0, 28, 28)


@pytest.mark.parametrize("shape", [(28, 28), (2, 28, 28, 3), (1, 2, 3, 4, 5)])
def test_other_shapes_are_refused(shape, rng):
    with pytest.raises(ValueError, match=r"`images` must have shape \(N, H, W\).*got \("):
        Augmenter()(np.zeros(shape), rng)


def test_repr_tells_the_settings():
    text = repr(Augmenter.of(Noise(deviation=0.05, probability=1.0)))
    assert text == "Augmenter.of(Noise(probability=1.0, deviation=0.05))"
