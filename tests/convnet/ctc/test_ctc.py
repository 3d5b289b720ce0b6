"""CTC: values and decoders by listing every path, gradients by finite differences."""

import itertools
import math

import numpy as np
import pytest

from convnet.ctc.decoding import align, beam_search, best_path
from convnet.ctc.loss import CTC
from tests.support.numeric import numerical_gradient


def softmax(logits):
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def merged(path):
    """What a path reads: the definition."""
    return tuple(k for k, _ in itertools.groupby(path) if k != 0)


def probability_of_all(probabilities):
    """The probability of everything that a line (T, K) may read, by listing every path."""
    found = {}
    for path in itertools.product(range(probabilities.shape[1]), repeat=len(probabilities)):
        product = math.prod(row[k] for row, k in zip(probabilities, path, strict=True))
        found[merged(path)] = found.get(merged(path), 0.0) + product
    return found


def padded(lines):
    longest = max(map(len, lines))
    return np.array([[*line, *[-1] * (longest - len(line))] for line in lines], dtype=int)


LINES = [(1, 2), (2, 2), (1,), (), (1, 1, 2), (2, 1, 2)]


class TestLoss:
    @pytest.mark.parametrize("labels", LINES, ids=str)
    def test_value_is_the_sum_over_all_paths(self, labels, rng):
        logits = rng.normal(0, 2, (1, 5, 3))
        expected = -math.log(probability_of_all(softmax(logits[0]))[labels])
        assert CTC()(logits, padded([labels]))[0] == pytest.approx(expected, rel=1e-12)

    @pytest.mark.parametrize("labels", LINES, ids=str)
    def test_gradient(self, labels, rng):
        logits = rng.normal(0, 2, (1, 5, 3))
        lines = padded([labels])
        _, gradient = CTC()(logits, lines)
        expected = numerical_gradient(lambda z: CTC()(z, lines)[0], logits)
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)

    def test_a_batch_is_the_mean_of_its_lines(self, rng):
        logits, lines = rng.normal(0, 2, (len(LINES), 6, 3)), padded(LINES)
        value, gradient = CTC()(logits, lines)
        alone = [CTC()(logits[i : i + 1], padded([line])) for i, line in enumerate(LINES)]
        assert value == pytest.approx(np.mean([loss for loss, _ in alone]), rel=1e-12)
        np.testing.assert_allclose(gradient, np.concatenate([g for _, g in alone]) / len(LINES))

    def test_a_line_that_just_fits_has_one_path(self, rng):
        logits = rng.normal(0, 2, (1, 4, 3))
        log_y = np.log(softmax(logits[0]))
        path = (2, 0, 2, 1)
        expected = -sum(log_y[t, k] for t, k in enumerate(path))
        assert CTC()(logits, np.array([[2, 2, 1]]))[0] == pytest.approx(expected, rel=1e-12)

    def test_long_lines_of_large_logits_stay_finite(self, rng):
        logits = rng.normal(0, 300, (2, 400, 12)).astype(np.float32)
        value, gradient = CTC()(logits, rng.integers(1, 12, (2, 90)))
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()
        np.testing.assert_allclose(gradient.sum(axis=2), 0, atol=1e-5)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_dtype_and_input_are_kept(self, rng, dtype):
        logits = rng.normal(0, 2, (2, 5, 3)).astype(dtype)
        before = logits.copy()
        _, gradient = CTC()(logits, np.array([[1, 2], [2, -1]]))
        assert (gradient.dtype, gradient.shape) == (dtype, logits.shape)
        np.testing.assert_array_equal(logits, before)

    @pytest.mark.parametrize(
        ("shape", "labels", "message"),
        [
            ((1, 2, 3), [[1, 1]], "need 3 frames in row 0"),
            ((2, 4, 3), [[1, -1], [1, 2]], None),
            ((1, 4, 3), [[3]], "must be in 1..2, got 3"),
            ((1, 4, 3), [[0]], "must be in 1..2, got 0"),
            ((1, 4, 3), [[-2]], "must be in 1..2, got -2"),
            ((1, 4, 3), [[-1, 1]], "-1 only after the last label"),
            ((1, 4, 3), [[1.0]], "must be integers of shape"),
            ((1, 4, 3), [1], "must be integers of shape"),
            ((2, 4, 3), [[1]], r"must have shape \(2, L\)"),
            ((4, 3), [[1]], r"`logits` must be floats of shape \(N, T, K\)"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, rng, shape, labels, message):
        logits = rng.normal(size=shape)
        if message is None:
            CTC()(logits, np.array(labels))
            return
        with pytest.raises(ValueError, match=message):
            CTC()(logits, np.array(labels))


class TestDecoding:
    def test_best_path_merges_repetitions_then_drops_blanks(self):
        path = [2, 2, 0, 1, 0, 0, 1, 1, 2]
        assert best_path(np.eye(3)[path]) == merged(path) == (2, 1, 1, 2)
        assert best_path(np.eye(3)[[0, 0]]) == ()

    def test_a_wide_beam_finds_what_listing_all_paths_finds(self, rng):
        for _ in range(20):
            probabilities = softmax(rng.normal(0, 1.5, (5, 3)))
            expected = probability_of_all(probabilities)
            found = beam_search(probabilities, width=1000, least=0)
            assert {one.labels for one in found} == expected.keys()
            for one in found:
                assert one.probability == pytest.approx(expected[one.labels], rel=1e-12)
            assert found[0].labels == max(expected, key=expected.get)

    def test_the_beam_adds_up_what_the_best_path_does_not(self):
        # Blank is likelier than the label in both frames, and yet the label is likelier than none.
        probabilities = np.array([[0.6, 0.4], [0.6, 0.4]])
        assert best_path(probabilities) == ()
        assert beam_search(probabilities)[0].labels == (1,)

    def test_a_narrow_beam_keeps_so_many(self, rng):
        assert len(beam_search(softmax(rng.normal(size=(30, 12))), width=4)) == 4

    @pytest.mark.parametrize("labels", [line for line in LINES if line], ids=str)
    def test_alignment_is_that_of_the_likeliest_path(self, labels, rng):
        logits = rng.normal(0, 2, (5, 3))
        log_y = np.log(softmax(logits))
        paths = [p for p in itertools.product(range(3), repeat=5) if merged(p) == labels]
        best = max(paths, key=lambda path: sum(log_y[t, k] for t, k in enumerate(path)))
        runs = [list(run) for k, run in itertools.groupby(enumerate(best), lambda x: x[1]) if k]
        assert align(logits, labels) == [range(run[0][0], run[-1][0] + 1) for run in runs]

    def test_no_labels_take_no_frames(self, rng):
        assert align(rng.normal(size=(4, 3)), ()) == []
