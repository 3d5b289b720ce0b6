"""Losses: values worked out by scalar loops, gradients by finite differences."""

import math

import numpy as np
import pytest

from convnet.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    MeanSquaredError,
    PixelCrossEntropy,
    one_hot,
)
from tests.support.numeric import numerical_gradient

N, K = 5, 4
LOSSES = [
    CrossEntropy(),
    CrossEntropy(label_smoothing=0.1),
    BinaryCrossEntropy(),
    BinaryCrossEntropy(from_logits=True),
    MeanSquaredError(),
]


def predictions_for(loss, rng, shape=(N, K), dtype=np.float64):
    if loss == BinaryCrossEntropy():
        return rng.uniform(0.05, 0.95, shape).astype(dtype)
    return rng.normal(0, 2, shape).astype(dtype)


def softmax(row):
    total = sum(math.exp(z) for z in row)
    return [math.exp(z) / total for z in row]


def scalar_loss(loss, predictions, targets):
    """The definition of each loss, one number at a time."""
    total = 0.0
    for row, target in zip(predictions.tolist(), targets.tolist(), strict=True):
        if isinstance(loss, CrossEntropy):
            smoothed = [t * (1 - loss.label_smoothing) + loss.label_smoothing / K for t in target]
            total -= sum(t * math.log(p) for t, p in zip(smoothed, softmax(row), strict=True))
            continue
        for z, t in zip(row, target, strict=True):
            if isinstance(loss, MeanSquaredError):
                total += (z - t) ** 2 / K
                continue
            p = 1 / (1 + math.exp(-z)) if loss.from_logits else z
            total -= (t * math.log(p) + (1 - t) * math.log(1 - p)) / K
    return total / len(predictions)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
class TestEveryLoss:
    def test_value_of_class_numbers(self, loss, rng):
        predictions = predictions_for(loss, rng)
        labels = rng.integers(0, K, N)
        expected = scalar_loss(loss, predictions, np.eye(K)[labels])
        assert loss(predictions, labels)[0] == pytest.approx(expected, rel=1e-12)

    def test_value_of_soft_targets(self, loss, rng):
        predictions = predictions_for(loss, rng)
        targets = rng.dirichlet(np.ones(K), N)
        expected = scalar_loss(loss, predictions, targets)
        assert loss(predictions, targets)[0] == pytest.approx(expected, rel=1e-12)

    def test_class_numbers_and_one_hot_rows_are_the_same(self, loss, rng):
        predictions = predictions_for(loss, rng)
        labels = rng.integers(0, K, N).astype(np.uint8)
        value, gradient = loss(predictions, labels)
        value_of_rows, gradient_of_rows = loss(predictions, np.eye(K, dtype=int)[labels])
        assert value == value_of_rows
        np.testing.assert_array_equal(gradient, gradient_of_rows)

    def test_gradient(self, loss, rng):
        predictions = predictions_for(loss, rng)
        targets = rng.dirichlet(np.ones(K), N)
        _, gradient = loss(predictions, targets)
        expected = numerical_gradient(lambda x: loss(x, targets)[0], predictions)
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_dtype_and_shape_are_kept(self, loss, rng, dtype):
        value, gradient = loss(predictions_for(loss, rng, dtype=dtype), rng.integers(0, K, N))
        assert type(value) is float
        assert gradient.dtype == dtype
        assert gradient.shape == (N, K)

    def test_inputs_are_not_changed(self, loss, rng):
        predictions, targets = predictions_for(loss, rng), rng.dirichlet(np.ones(K), N)
        before = predictions.copy(), targets.copy()
        loss(predictions, targets)
        np.testing.assert_array_equal(predictions, before[0])
        np.testing.assert_array_equal(targets, before[1])

    def test_memory_order_does_not_matter(self, loss, rng):
        predictions, labels = predictions_for(loss, rng), rng.integers(0, K, N)
        value, gradient = loss(predictions, labels)
        value_too, gradient_too = loss(np.asfortranarray(predictions), labels)
        assert value == pytest.approx(value_too, rel=1e-14)
        np.testing.assert_allclose(gradient, gradient_too, rtol=1e-14)

    def test_the_batch_size_is_divided_out(self, loss, rng):
        predictions, labels = predictions_for(loss, rng), rng.integers(0, K, N)
        value, gradient = loss(predictions, labels)
        twice, gradient_twice = loss(np.tile(predictions, (2, 1)), np.tile(labels, 2))
        assert twice == pytest.approx(value, rel=1e-12)
        np.testing.assert_allclose(gradient_twice[:N], gradient / 2, rtol=1e-12)

    @pytest.mark.parametrize(
        ("labels", "message"),
        [
            ([0, 1, 2, 3, 4], r"`labels` must be in 0\.\.3, got 4 at index 4"),
            ([0, -1, 2, 3, 0], r"`labels` must be in 0\.\.3, got -1 at index 1"),
            ([0.0, 1.0, 2.0, 3.0, 0.0], r"`labels` must be integers of shape \(N,\), got float64"),
            ([0, 1], r"`labels` must have shape \(5,\) or \(5, 4\), got \(2,\)"),
            (np.zeros((5, 3)), r"`labels` must have shape \(5,\) or \(5, 4\), got \(5, 3\)"),
        ],
    )
    def test_wrong_labels_are_refused(self, loss, rng, labels, message):
        with pytest.raises(ValueError, match=message):
            loss(predictions_for(loss, rng), np.asarray(labels))

    @pytest.mark.parametrize(
        "predictions", [np.zeros(5), np.zeros((0, 4)), np.zeros((5, 4), int), np.zeros((5, 2, 2))]
    )
    def test_wrong_predictions_are_refused(self, loss, predictions):
        with pytest.raises(ValueError, match=r"`predictions` must be floats of shape \(N, K\)"):
            loss(predictions, np.zeros(5, int))


@pytest.mark.parametrize("scale", [1e3, 1e30])
def test_cross_entropy_of_huge_logits_is_exact(scale):
    logits = np.array([[scale, 0.0, -scale]], np.float32)
    value, gradient = CrossEntropy()(logits, np.array([2]))
    assert value == pytest.approx(2 * scale, rel=1e-6)
    np.testing.assert_array_equal(gradient, [[1, 0, -1]])
    value, gradient = CrossEntropy()(logits, np.array([0]))
    assert value == 0.0
    np.testing.assert_array_equal(gradient, [[0, 0, 0]])


def test_cross_entropy_gradient_of_a_row_adds_up_to_nothing(rng):
    _, gradient = CrossEntropy(label_smoothing=0.2)(rng.normal(size=(N, K)), np.arange(N) % K)
    np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-15)


@pytest.mark.parametrize("row", [[0.5, 0.6], [-0.1, 1.1], [0.0, 0.0], [math.nan, 1.0]])
def test_cross_entropy_refuses_rows_that_are_no_distribution(row):
    with pytest.raises(ValueError, match="non-negative numbers that add up to 1"):
        CrossEntropy()(np.zeros((1, 2)), np.array([row]))


@pytest.mark.parametrize("smoothing", [-0.1, 1.0, math.nan])
def test_label_smoothing_out_of_range_is_refused(smoothing):
    with pytest.raises(ValueError, match=r"`label_smoothing` must be in \[0, 1\), got"):
        CrossEntropy(smoothing)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_binary_cross_entropy_survives_certainty(dtype):
    p = np.array([[0.0, 1.0], [0.0, 1.0]], dtype)
    value, gradient = BinaryCrossEntropy()(p, np.array([[0, 1], [1, 0]]))
    assert value == 50.0  # half of the outputs are right, half are wrong by e^-100
    np.testing.assert_array_equal(gradient[0], [0, 0])
    assert np.isfinite(gradient).all()
    assert (np.sign(gradient[1]) == [-1, 1]).all()


def test_binary_cross_entropy_of_huge_logits_is_exact():
    value, gradient = BinaryCrossEntropy(from_logits=True)(np.array([[1e4, -1e4]]), np.array([0]))
    assert value == 0.0
    value, gradient = BinaryCrossEntropy(from_logits=True)(np.array([[1e4, -1e4]]), np.array([1]))
    assert value == 1e4
    np.testing.assert_array_equal(gradient, [[0.5, -0.5]])


def test_binary_cross_entropy_with_and_without_logits_agree(rng):
    z, labels = rng.normal(size=(N, K)), rng.integers(0, K, N)
    p = 1 / (1 + np.exp(-z))
    value_z, gradient_z = BinaryCrossEntropy(from_logits=True)(z, labels)
    value_p, gradient_p = BinaryCrossEntropy()(p, labels)
    assert value_z == pytest.approx(value_p, rel=1e-12)
    np.testing.assert_allclose(gradient_z, gradient_p * p * (1 - p), rtol=1e-12)


@pytest.mark.parametrize("loss", [BinaryCrossEntropy(), MeanSquaredError()], ids=repr)
def test_one_output_takes_labels_0_and_1_as_they_are(loss):
    p, labels = np.array([[0.2], [0.7]]), np.array([0, 1])
    assert loss(p, labels)[0] == loss(p, np.array([[0.0], [1.0]]))[0]
    with pytest.raises(ValueError, match=r"`labels` must be in 0\.\.1, got 2 at index 1"):
        loss(p, np.array([0, 2]))


@pytest.mark.parametrize("bad", [-0.1, 1.1, math.nan])
def test_binary_cross_entropy_refuses_what_is_no_probability(bad):
    good, wrong = np.full((1, 2), 0.5), np.array([[0.5, bad]])
    with pytest.raises(ValueError, match=r"`predictions` must be in 0\.\.1, got"):
        BinaryCrossEntropy()(wrong, good)
    with pytest.raises(ValueError, match=r"`labels` must be in 0\.\.1, got"):
        BinaryCrossEntropy(from_logits=True)(good, wrong)


def test_one_hot():
    np.testing.assert_array_equal(
        one_hot(np.array([2, 0], np.uint8), 3), np.array([[0, 0, 1], [1, 0, 0]], np.float32)
    )
    assert one_hot(np.array([1]), 2, np.float64).dtype == np.float64


def test_settings_show_in_the_repr():
    assert repr(CrossEntropy(0.1)) == "CrossEntropy(label_smoothing=0.1)"


class TestPixelCrossEntropy:
    """A class for every place, weighted, and places that do not count."""

    WEIGHTS = (0.5, 2.0, 1.5)

    def case(self, rng):
        labels = rng.integers(-1, 3, (2, 4, 5))
        labels.flat[:4] = (-1, 0, 1, 2)
        return rng.normal(0, 2, (2, 4, 5, 3)), labels

    def test_value_is_the_weighted_mean_over_labelled_places(self, rng):
        logits, labels = self.case(rng)
        total = weight = 0.0
        for row, label in zip(logits.reshape(-1, 3).tolist(), labels.ravel().tolist(), strict=True):
            if label >= 0:
                total -= self.WEIGHTS[label] * math.log(softmax(row)[label])
                weight += self.WEIGHTS[label]
        value, _ = PixelCrossEntropy(self.WEIGHTS)(logits, labels)
        assert value == pytest.approx(total / weight, rel=1e-12)

    def test_gradient_is_that_of_finite_differences(self, rng):
        logits, labels = self.case(rng)
        loss = PixelCrossEntropy(self.WEIGHTS)
        _, gradient = loss(logits, labels)
        expected = numerical_gradient(lambda z: loss(z, labels)[0], logits)
        np.testing.assert_allclose(gradient, expected, atol=1e-8)
        assert not gradient[labels < 0].any()

    def test_one_place_without_weights_is_cross_entropy(self, rng):
        logits, labels = rng.normal(0, 2, (N, K)), rng.integers(0, K, N)
        value, gradient = PixelCrossEntropy()(logits, labels)
        expected = CrossEntropy()(logits, labels)
        assert value == pytest.approx(expected[0])
        np.testing.assert_allclose(gradient, expected[1])

    def test_no_labelled_place_has_no_loss(self, rng):
        logits, labels = self.case(rng)
        value, gradient = PixelCrossEntropy()(logits, np.full_like(labels, -1))
        assert value == 0
        assert not gradient.any()

    def test_large_logits_of_float32_stay_finite(self):
        logits = np.array([[[[1e4, -1e4, 0]]]], np.float32)
        value, gradient = PixelCrossEntropy()(logits, np.array([[[1]]]))
        assert value == pytest.approx(2e4)
        assert gradient.dtype == np.float32
        assert np.isfinite(gradient).all()

    @pytest.mark.parametrize("label", [-2, 3])
    def test_labels_outside_are_refused(self, rng, label):
        logits, labels = self.case(rng)
        labels[0, 0, 0] = label
        with pytest.raises(ValueError, match=r"-1\.\.2"):
            PixelCrossEntropy()(logits, labels)

    def test_what_does_not_fit_is_refused(self, rng):
        logits, labels = self.case(rng)
        with pytest.raises(ValueError, match="shape"):
            PixelCrossEntropy()(logits, labels[:, :2])
        with pytest.raises(ValueError, match="2 weights for 3"):
            PixelCrossEntropy((1, 1))(logits, labels)
        with pytest.raises(ValueError, match="positive"):
            PixelCrossEntropy((1, 0, 1))
