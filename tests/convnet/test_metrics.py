"""Metrics of a classifier against the definitions, written out as loops over the answers."""

import math

import numpy as np
import pytest

from convnet import metrics

LABELS = np.array([0, 0, 1, 1, 1, 2, 2, 0])
ANSWERS = np.array([0, 1, 1, 1, 2, 2, 2, 0])


def test_accuracy_of_answers_and_of_scores():
    assert metrics.accuracy(ANSWERS, LABELS) == 6 / 8
    assert metrics.accuracy(np.eye(3)[ANSWERS] + 5, LABELS) == 6 / 8


def test_confusions_are_counted_label_by_row():
    expected = np.zeros((4, 4), int)
    for label, answer in zip(LABELS, ANSWERS, strict=True):
        expected[label, answer] += 1
    np.testing.assert_array_equal(metrics.confusion_matrix(ANSWERS, LABELS, 4), expected)


def test_precision_and_recall_of_a_class_that_is_never_there():
    precision, recall = metrics.precision_recall(metrics.confusion_matrix(ANSWERS, LABELS, 4))
    np.testing.assert_allclose(precision, [1, 2 / 3, 2 / 3, math.nan])
    np.testing.assert_allclose(recall, [2 / 3, 2 / 3, 1, math.nan])


def test_a_written_matrix_shows_names_counts_and_shares():
    matrix = metrics.confusion_matrix(ANSWERS, LABELS, 4)
    lines = metrics.format_confusion_matrix(matrix, "abcd").splitlines()
    assert lines[0].split() == ["label", "│", "a", "b", "c", "d", "│", "recall"]
    assert lines[2].split() == ["a", "│", "2", "1", "·", "·", "│", "66.67"]
    assert lines[5].split() == ["d", "│", "·", "·", "·", "0", "│", "–"]
    assert lines[6].split()[-4:] == ["100.00", "66.67", "66.67", "–"]


@pytest.mark.parametrize("equal_mass", [False, True])
@pytest.mark.parametrize("bins", [1, 4, 15])
def test_calibration_error_is_the_mean_gap_of_the_bins(rng, bins, equal_mass):
    probabilities = rng.dirichlet(np.ones(5), 203)
    labels = rng.integers(0, 5, 203)
    answers = sorted(
        (float(row.max()), row.argmax() == label)
        for row, label in zip(probabilities, labels, strict=True)
    )
    groups = {}
    for rank, (confidence, right) in enumerate(answers):
        place = rank * bins // 203 if equal_mass else math.ceil(confidence * bins)
        groups.setdefault(place, []).append((confidence, right))
    gaps = [
        abs(sum(confidence for confidence, _ in group) - sum(right for _, right in group))
        for group in groups.values()
    ]
    found = metrics.expected_calibration_error(probabilities, labels, bins, equal_mass=equal_mass)
    assert found == pytest.approx(sum(gaps) / 203)
    curve = metrics.reliability_curve(probabilities, labels, bins, equal_mass=equal_mass)
    assert curve.size.tolist() == [len(groups[place]) for place in sorted(groups)]


def test_rates_of_every_threshold(rng):
    accept, reject = rng.integers(2, 9, 40).astype(float), rng.integers(0, 7, 30).astype(float)
    curve = metrics.roc_curve(accept, reject)
    assert curve.threshold[0] == math.inf
    assert (np.diff(curve.threshold) < 0).all()
    for threshold, passing, wrong in zip(*curve, strict=True):
        assert passing == pytest.approx(sum(score >= threshold for score in accept) / 40)
        assert wrong == pytest.approx(sum(score >= threshold for score in reject) / 30)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: metrics.accuracy(ANSWERS, LABELS[:3]), r"`predictions` must have shape \(3,\)"),
        (lambda: metrics.accuracy(ANSWERS[:0], LABELS[:0]), "`labels` must have shape"),
        (lambda: metrics.confusion_matrix(ANSWERS, LABELS, 2), r"must be in 0\.\.1, got numbers"),
        (lambda: metrics.reliability_curve(ANSWERS, LABELS), r"shape \(N, K\)"),
        (lambda: metrics.reliability_curve(np.eye(8), LABELS, 0), "`bins`"),
        (lambda: metrics.roc_curve(np.array([math.nan]), np.ones(1)), "`accept`"),
        (lambda: metrics.roc_curve(np.ones(1), np.ones(0)), "`reject`"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()
