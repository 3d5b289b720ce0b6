"""`network.predict` is an InferenceNetwork that follows the weights, however they change."""

import copy
import pickle
import threading

import numpy as np
import pytest

import convnet
from convnet import network as network_module
from convnet.inference import watch
from convnet.layers import BatchNorm, Conv2D, Dense, Flatten, ReLU, Residual


@pytest.fixture
def network(rng):
    layers = [
        Conv2D(4, 3, use_bias=False),
        BatchNorm(),
        Residual([ReLU(), Conv2D(4, 3, padding=1), BatchNorm()]),
        Flatten(),
        Dense(3),
    ]
    return convnet.Sequential(layers, (8, 8, 1), rng=rng)


@pytest.fixture
def made(monkeypatch):
    """Every served form that is made from here on."""
    made = []

    class Counted(convnet.InferenceNetwork):
        def __init__(self, network):
            super().__init__(network)
            made.append(self)

    monkeypatch.setattr(network_module, "InferenceNetwork", Counted)
    return made


@pytest.fixture
def x(rng):
    return rng.random((3, 8, 8, 1), np.float32)


def exact(network, x):
    return network.probabilities(network.forward(x.astype(np.float64)))


@pytest.mark.parametrize("count", [0, 1, 3, 40, 300])
def test_it_is_what_an_inference_network_answers(network, rng, count):
    x = rng.random((count, 8, 8, 1), np.float32)
    np.testing.assert_array_equal(
        network.predict(x), convnet.InferenceNetwork(network).predict(x), strict=True
    )
    np.testing.assert_allclose(network.predict(x), exact(network, x), atol=1e-5)


def test_it_is_made_once_and_only_when_asked_for(network, x, made):
    assert not made
    for _ in range(3):
        network.predict(x)
    network.forward(x)
    network.summary()
    network.predict(x[:1])
    assert len(made) == 1


def test_weights_are_compared_only_if_they_may_have_changed(network, x, monkeypatch):
    network.predict(x)

    def compare(*arrays):
        raise AssertionError("is not needed")

    monkeypatch.setattr(watch.np, "array_equal", compare)
    network.predict(x)
    with pytest.raises(AssertionError):
        network.predict(np.float32(network.params["dense1.b"][0]) + x)


def train(network, rng):
    trainer = convnet.Trainer(network, optimizer=convnet.Adam(1e-2))
    trainer.step(rng.random((9, 8, 8, 1), np.float32), rng.integers(0, 3, 9))


def set_arrays(network, rng):
    network.set_arrays({name: array * 2 for name, array in network.arrays.items()})


def write_to_a_parameter(network, rng):
    network.params["residual1.conv1.w"][0, 0] += 1


def turn_the_kernels(network, rng):
    w = network.params["conv1.w"]
    w[...] = w[::-1].copy()  # the same numbers in another order


def put_another_array(network, rng):
    network.layers[0].params["w"] = network.layers[0].params["w"] * 2


def put_another_dict(network, rng):
    network.layers[4].params = {k: v * 2 for k, v in network.layers[4].params.items()}


def write_to_the_state(network, rng):
    network.layers[1].state["mean"] += 1


def run_batch_norm(network, rng):
    network.forward(5 + rng.random((9, 8, 8, 1), np.float32), training=True)


def put_another_layer(network, rng):
    layer = copy.deepcopy(network.layers[4])
    layer.params["w"] *= 2
    network.layers[4] = layer


CHANGES = [
    train,
    set_arrays,
    write_to_a_parameter,
    turn_the_kernels,
    put_another_array,
    put_another_dict,
    write_to_the_state,
    run_batch_norm,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_every_change_is_noticed(network, x, rng, made, change):
    before = network.predict(x)
    for number in range(2, 5):
        change(network, rng)
        after = network.predict(x)
        assert not np.array_equal(after, before)
        np.testing.assert_allclose(after, exact(network, x), atol=1e-5)
        network.predict(x)
        assert len(made) == number
        before = after


def test_another_layer_is_noticed(network, x, rng, made):
    network.predict(x)
    put_another_layer(network, rng)
    network.predict(x)
    assert len(made) == 2


def held_array(network):
    return network.params["conv1.w"]


def held_view(network):
    return network.layers[0].params["w"].reshape(-1)[3:]


def held_dict(network):
    return network.layers[0].params


@pytest.mark.parametrize("hold", [held_array, held_view, held_dict])
def test_what_is_held_may_be_written_to_at_any_time(network, x, made, hold):
    held = hold(network)
    network.predict(x)
    network.predict(x)
    assert len(made) == 1
    array = held["w"] if isinstance(held, dict) else held
    array += 1
    del array
    np.testing.assert_allclose(network.predict(x), exact(network, x), atol=1e-5)
    assert len(made) == 2


def test_memory_that_something_else_owns_is_compared_each_time(network, x, made):
    memory = bytearray(network.layers[4].params["b"].tobytes())
    network.layers[4].params["b"] = np.frombuffer(memory, np.float32)
    network.predict(x)
    memory[:] = np.float32([5, 0, 0]).tobytes()
    np.testing.assert_allclose(network.predict(x), exact(network, x), atol=1e-5)


def test_a_python_that_counts_no_references_compares_each_time(network, x, made, monkeypatch):
    monkeypatch.setattr(watch, "_references", None)
    held = network.params["conv1.w"]
    network.predict(x)
    held += 1
    np.testing.assert_allclose(network.predict(x), exact(network, x), atol=1e-5)
    network.predict(x)
    assert len(made) == 2


def test_it_trains_on_and_predicts_again(network, rng):
    x, labels = rng.random((30, 8, 8, 1), np.float32), np.arange(30) % 3
    x[np.arange(30), labels * 2] += 2
    trainer = convnet.Trainer(network, optimizer=convnet.Adam(1e-2))
    for _ in range(30):
        trainer.step(x, labels)
        np.testing.assert_allclose(network.predict(x), exact(network, x), atol=1e-4)
    assert (network.predict(x).argmax(axis=1) == labels).all()


def test_double_precision_stays_double(rng):
    network = convnet.Sequential([Dense(3)], (4,), rng=rng, dtype=np.float64)
    x = rng.random((2, 4))
    np.testing.assert_array_equal(network.predict(x), exact(network, x), strict=True)
    single = network.predict(x.astype(np.float32))
    np.testing.assert_allclose(single, network.predict(x), atol=1e-6)


def test_copies_have_a_served_form_of_their_own(network, x):
    expected = network.predict(x)
    for twin in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        np.testing.assert_array_equal(twin.predict(x), expected)
        twin.params["dense1.b"][...] = [9, 0, 0]
        assert (twin.predict(x).argmax(axis=1) == 0).all()
    np.testing.assert_array_equal(network.predict(x), expected)


def test_threads_share_one_network_while_it_changes(network, x):
    """Each answer is that of some weights that there were; the last one, that of the last."""
    answers, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            answers.append(network.predict(x))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(50):
        network.params["dense1.b"][...] = [number, 0, 0]
        np.testing.assert_allclose(network.predict(x), exact(network, x), atol=1e-5)
    stop.set()
    for thread in threads:
        thread.join()
    assert all(np.isfinite(answer).all() for answer in answers)
    np.testing.assert_allclose(network.predict(x), exact(network, x), atol=1e-5)
