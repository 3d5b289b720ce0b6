import math

import numpy as np
import pytest

import convnet
from server import create_app
from server.recognizer import Calibration, Recognizer


@pytest.fixture(scope="module")
def network():
    network = convnet.build("cnn-from-scratch", rng=np.random.default_rng(0))
    network.metadata = {"name": "tiny", "version": "0.1"}
    return network


@pytest.fixture
def inputs(rng):
    return rng.random((5, 28, 28), dtype=np.float32)


def test_readings_are_the_networks_own_probabilities(network, inputs):
    readings = Recognizer(network).recognize(inputs)
    expected = network.predict(inputs[..., np.newaxis])
    np.testing.assert_allclose([r.probabilities for r in readings], expected, atol=2e-6)
    assert [r.digit for r in readings] == expected.argmax(axis=1).tolist()
    assert all(r.is_digit and r.confidence == max(r.probabilities) for r in readings)


@pytest.mark.parametrize("classes", [[0, 1], [3, 8]])
def test_a_network_may_know_some_digits_only(inputs, classes):
    network = convnet.build("zero-vs-one", rng=np.random.default_rng(0))
    network.metadata = {"classes": classes}
    for reading in Recognizer(network).recognize(inputs):
        known = [reading.probabilities[digit] for digit in classes]
        assert sum(known) == pytest.approx(1)
        assert sum(reading.probabilities) == pytest.approx(1)
        assert reading.digit in classes


def test_a_list_of_inputs_is_one_batch(network, inputs):
    recognizer = Recognizer(network)
    assert recognizer.recognize(list(inputs)) == recognizer.recognize(inputs)


def test_top_is_ranked():
    (reading,) = Calibration().readings(np.log([[0.1, 0.5, 0.3, 0.1]]))
    assert reading.top(2) == [(1, 0.5), (2, 0.3)]
    assert reading.likeliest == 1


def test_temperature_softens_and_keeps_the_order():
    logits = np.array([[2.0, 0.0, -1.0]])
    (sharp,), (soft,) = Calibration().readings(logits), Calibration(2.0).readings(logits)
    expected = np.exp(logits[0] / 2) / np.exp(logits[0] / 2).sum()
    np.testing.assert_allclose(soft.probabilities, expected, atol=1e-6)
    assert soft.confidence < sharp.confidence
    assert soft.digit == sharp.digit == 0


def test_low_energy_is_no_digit():
    calibration = Calibration(threshold=5.0)
    accepted, rejected = calibration.readings(np.array([[6.0, 0.0], [1.0, 0.0]]))
    assert (accepted.digit, accepted.is_digit) == (0, True)
    assert (rejected.digit, rejected.is_digit, rejected.likeliest) == (None, False, 0)


def test_huge_logits_do_not_overflow():
    (reading,) = Calibration().readings(np.array([[1e4, -1e4, 0.0]]))
    assert reading.probabilities == [1.0, 0.0, 0.0]


def test_calibration_comes_with_the_weights(network, tmp_path):
    network.metadata["calibration"] = {
        "temperature": 1.5,
        "rejection": {"score": "energy", "threshold": 3.25},
    }
    network.save(tmp_path / "tiny.npz")
    recognizer = Recognizer.load(str(tmp_path / "tiny.npz"))
    assert recognizer.calibration == Calibration(1.5, 3.25)
    assert (recognizer.name, recognizer.version) == ("tiny", "0.1")
    assert recognizer.file_bytes == (tmp_path / "tiny.npz").stat().st_size
    assert len(recognizer.sha256) == 64


def test_without_calibration_nothing_is_rejected():
    assert Calibration.from_metadata({}) == Calibration(1.0, -math.inf)


def test_an_unknown_score_is_refused():
    with pytest.raises(ValueError, match=r"`rejection.score` must be 'energy', got 'distance'"):
        Calibration.from_metadata({"rejection": {"score": "distance", "threshold": 1}})


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("nonsense", "`calibration` must be a record with names, got 'nonsense'"),
        ({"rejection": [1]}, "`rejection` must be a record with names"),
        ({"temperature": "warm"}, "`temperature` must be a number, got 'warm'"),
        ({"temperature": 0}, "`temperature` must be more than 0, got 0"),
        ({"rejection": {"score": "energy", "threshold": math.nan}}, "`threshold` must be a number"),
    ],
)
def test_a_calibration_that_is_none_is_refused(record, message):
    with pytest.raises(ValueError, match=message):
        Calibration.from_metadata(record)


@pytest.mark.parametrize("name", ["none-such", "none-such.npz"])
def test_a_network_that_is_not_there_is_refused_by_name(name):
    with pytest.raises(ValueError, match=rf"'{name}' \(shipped: digits; else the path of"):
        Recognizer.load(name)
    with pytest.raises(ValueError, match=rf"`MODEL`: .*{name}"):
        create_app({"MODEL": name})


def test_a_network_of_ones_own_goes_by_its_name_wherever_it_lies(network, tmp_path):
    network.metadata.clear()
    network.name = "mine"
    network.save(tmp_path / "mine")
    assert Recognizer.load(str(tmp_path / "mine")).name == "mine"
