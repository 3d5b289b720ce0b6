"""Kernel gradients from whole rows are those of the plain sum, and taken where they pay."""

import numpy as np
import pytest

from convnet import correlation
from convnet.correlation import Geometry, overlapping_windows, whole_rows

NO_PADDING = (0, 0, 0, 0)


def example(size, padding=NO_PADDING, *, channels=(8, 7), batch=20, kernel=(5, 5), stride=(1, 1)):
    rng = np.random.default_rng(0)
    geometry = Geometry(kernel, stride, *padding)
    x = rng.normal(size=(*size, channels[0], batch))
    dout = rng.normal(size=(*geometry.output_size(*size), channels[1], batch))
    return x, dout, geometry


def plain_sum(x, dout, geometry):
    """Σ x[i + kh, j + kw, c, n] · dout[i, j, o, n], for each place in the kernel by itself."""
    sides = ((geometry.top, geometry.bottom), (geometry.left, geometry.right), (0, 0), (0, 0))
    padded = np.pad(x, sides)
    height, width = dout.shape[:2]
    return np.array(
        [
            [
                np.einsum("ijcn,ijon->co", padded[kh : kh + height, kw : kw + width], dout)
                for kw in range(geometry.kernel[1])
            ]
            for kh in range(geometry.kernel[0])
        ]
    )


@pytest.mark.parametrize("kernel", [(5, 5), (3, 4), (4, 1), (1, 3)])
@pytest.mark.parametrize("padding", [NO_PADDING, (2, 2, 2, 2), (0, 1, 2, 0), (3, 0, 0, 1)])
def test_they_equal_the_plain_sum(kernel, padding):
    arrays = example((9, 8), padding, kernel=kernel)
    np.testing.assert_allclose(whole_rows.kernel_gradient(*arrays), plain_sum(*arrays), atol=1e-10)


def test_more_images_than_are_handled_at_once(monkeypatch):
    x, dout, geometry = example((9, 8), batch=33)
    expected = plain_sum(x, dout, geometry)
    monkeypatch.setattr(whole_rows, "LARGEST_PRODUCT", 10 * 5 * 8 * 7 * dout.shape[1])  # ten images
    np.testing.assert_allclose(whole_rows.kernel_gradient(x, dout, geometry), expected, atol=1e-10)


@pytest.mark.parametrize(
    ("change", "suits"),
    [
        ({}, True),
        ({"stride": (2, 1)}, False),
        ({"kernel": (1, 5)}, False),  # a column of 8 numbers
        ({"channels": (8, 32)}, False),  # products too large for 64 images
    ],
)
def test_they_are_taken_only_where_they_are_possible_and_pay(change, suits, monkeypatch):
    x, dout, geometry = example((24, 24), **change)
    other = overlapping_windows if suits else whole_rows
    monkeypatch.setattr(other, "kernel_gradient", None)
    correlation.kernel_gradient(x, dout, geometry)
