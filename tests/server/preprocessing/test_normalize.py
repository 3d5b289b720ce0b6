"""From ink to the form that MNIST's digits have."""

import numpy as np

from server.preprocessing.mnist_form import normalize


def test_a_long_line_of_faint_ink_is_not_lost_by_shrinking():
    ink = np.zeros((3, 400), np.float32)
    ink[1] = 0.3
    seen = normalize(ink)
    assert seen.shape == (28, 28)
    assert seen.max() == 1
