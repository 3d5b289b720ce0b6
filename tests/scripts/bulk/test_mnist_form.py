"""What is taken for MNIST's form in a stack is what `preprocess` makes of each picture."""

import numpy as np
import pytest

from scripts.bulk.mnist_form import in_form
from server.finding.prepare import preprocess


def variants(digit, rng):
    """Pictures that are in MNIST's form, nearly so, and not at all."""
    yield digit
    yield 255 - digit
    for down in range(-3, 4):
        for right in (-2, 0, 1):
            yield np.roll(digit, (down, right), (0, 1))
    yield digit // 2
    yield np.where(digit > 127, 255, 0).astype(np.uint8)
    yield np.repeat(np.repeat(digit[::4, ::4], 4, 0), 4, 1)
    yield np.kron(rng.integers(0, 2, (7, 7)) * 255, np.ones((4, 4))).astype(np.uint8)
    framed = digit.copy()
    framed[:, 0] = 255
    yield framed
    for _ in range(20):
        noisy = digit.astype(int) + rng.integers(-9, 10, digit.shape) * (rng.random() < 0.7)
        yield np.clip(noisy, 0, 255).astype(np.uint8)
        blob = np.zeros((28, 28), np.uint8)
        top, left, height, width = (*rng.integers(0, 9, 2), *rng.integers(8, 21, 2))
        blob[top : top + height, left : left + width] = rng.integers(0, 256, (height, width))[
            : 28 - top, : 28 - left
        ]
        yield blob


def compared(greys):
    inputs, good = in_form(greys)
    for grey, ink in zip(greys[good], inputs[good], strict=True):
        assert preprocess(grey).tobytes() == ink.tobytes()
    return good


def zero():
    """A round zero, as a pen would write it, in MNIST's form."""
    rows, columns = np.mgrid[:28, :28] - 13.5
    ring = np.hypot(rows, columns * 1.3) - 8
    return np.clip(np.rint((2 - np.abs(ring)) * 255), 0, 255).astype(np.uint8)


def test_what_is_in_form_is_exactly_what_preprocessing_gives(rng):
    good = compared(np.stack(list(variants(zero(), rng))))
    assert good[:2].all()
    assert 6 < good.sum() < len(good) / 2


@pytest.mark.mnist
def test_nearly_all_of_mnist_is(mnist):
    assert compared(mnist.test.images[:1000]).mean() > 0.98
