"""Sequential: shapes checked when it is built, gradients through all layers, predict, summary."""

import threading

import numpy as np
import pytest

import convnet
from convnet import (
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Sequential,
    Sigmoid,
    Softmax,
)
from convnet.layers.activations import softmax
from convnet.network import PREDICT_BLOCK
from tests.support.numeric import check_gradient


def small_layers() -> list[Layer]:
    return [
        Conv2D(3, 3, padding=1),
        BatchNorm(),
        ReLU(),
        MaxPool2D(2),
        Conv2D(4, 2),
        LeakyReLU(),
        Flatten(),
        Dense(5),
    ]


def small(rng: np.random.Generator, **options: object) -> Sequential:
    return Sequential(small_layers(), (8, 8, 2), rng=rng, **options)


# Building


def test_every_layer_knows_its_shapes(rng: np.random.Generator) -> None:
    network = small(rng)
    shapes = [layer.output_shape for layer in network.layers]
    assert shapes == [(8, 8, 3)] * 3 + [(4, 4, 3), (3, 3, 4), (3, 3, 4), (36,), (5,)]
    assert (network.input_shape, network.output_shape) == ((8, 8, 2), (5,))


def test_layers_are_named_by_kind_and_number(rng: np.random.Generator) -> None:
    names = [layer.name for layer in small(rng).layers]
    assert names == [
        *("conv1", "batch_norm1", "relu1", "max_pool1"),
        *("conv2", "leaky_relu1", "flatten1", "dense1"),
    ]


def test_a_misfit_is_named_with_the_reason(rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match=r"layer 1 \(dense1, Dense\(5\)\): expects vectors .*Flat"):
        Sequential([Conv2D(3, 3), Dense(5)], (8, 8, 2), rng=rng)
    with pytest.raises(ValueError, match=r"layer 0 \(conv1, .*kernel \(9, 9\) is larger"):
        Sequential([Conv2D(3, 9)], (8, 8, 2), rng=rng)


def test_a_network_needs_layers_each_used_once(rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match="at least one layer"):
        Sequential([], (8,), rng=rng)
    twice = Dense(8)
    with pytest.raises(ValueError, match="the same layer twice"):
        Sequential([twice, twice], (8,), rng=rng)


def test_the_seed_decides_the_weights() -> None:
    one, same, other = (small(np.random.default_rng(seed)) for seed in (0, 0, 1))
    for name, value in one.params.items():
        np.testing.assert_array_equal(value, same.params[name])
    assert not np.array_equal(one.params["conv1.w"], other.params["conv1.w"])


def test_layers_with_equal_settings_differ(rng: np.random.Generator) -> None:
    network = Sequential([Dense(4), Dense(4)], (4,), rng=rng)
    assert not np.array_equal(network.params["dense1.w"], network.params["dense2.w"])


# Forward and backward


def random_input(rng: np.random.Generator, count: int = 6) -> np.ndarray:
    return rng.normal(size=(count, 8, 8, 2))


def test_forward_is_the_layers_one_after_the_other(rng: np.random.Generator) -> None:
    network = small(rng, dtype=np.float64)
    x = random_input(rng)
    expected = x
    for layer in network.layers:
        expected = layer.forward(expected)
    np.testing.assert_allclose(network.forward(x), expected, rtol=1e-12)


@pytest.mark.parametrize("activation", [ReLU, LeakyReLU])
def test_pooling_before_activating_changes_nothing(
    activation: type[Layer], rng: np.random.Generator
) -> None:
    """The network swaps the two for speed; outputs and gradients must be those in written order."""
    layers = [Conv2D(3, 3), activation(), MaxPool2D(2, 1), Flatten(), Dense(2)]
    network = Sequential(layers, (8, 8, 2), rng=rng, dtype=np.float64)
    x, dout = random_input(rng), rng.normal(size=(6, 2))
    out = network.forward(x, training=True)
    dx = network.backward(dout)
    grads = {name: value.copy() for name, value in network.grads.items()}
    expected = x
    for layer in network.layers:
        expected = layer.forward(expected, training=True)
    np.testing.assert_allclose(out, expected, rtol=1e-12)
    for layer in reversed(network.layers):
        dout = layer.backward(dout)
    np.testing.assert_allclose(dx, dout, rtol=1e-10, atol=1e-14)
    for name, value in network.grads.items():
        np.testing.assert_allclose(grads[name], value, rtol=1e-10, atol=1e-12)


def test_gradients_through_all_layers(rng: np.random.Generator) -> None:
    network = small(rng, dtype=np.float64)
    x, labels = random_input(rng), rng.integers(0, 5, 6)
    loss = convnet.CrossEntropy()

    def cost(x: np.ndarray) -> float:
        return loss(network.forward(x, training=True), labels)[0]

    dlogits = loss(network.forward(x, training=True), labels)[1]
    dx = network.backward(dlogits)
    grads = {name: value.copy() for name, value in network.grads.items()}
    check_gradient(cost, x, dx, rng, rtol=1e-5)
    for name, param in network.params.items():

        def cost_of(value: np.ndarray, param: np.ndarray = param) -> float:
            before = param.copy()
            param[...] = value
            result = cost(x)
            param[...] = before
            return result

        check_gradient(cost_of, param.copy(), grads[name], rng, rtol=1e-5, name=name)


def test_parameter_gradients_alone_are_the_same(rng: np.random.Generator) -> None:
    network = small(rng)
    x, dout = random_input(rng).astype(np.float32), rng.normal(size=(6, 5)).astype(np.float32)
    network.forward(x, training=True)
    network.backward(dout)
    expected = {name: value.copy() for name, value in network.grads.items()}
    network.forward(x, training=True)
    network.backward(dout, need_dx=False)
    for name, value in network.grads.items():
        np.testing.assert_array_equal(value, expected[name])


@pytest.mark.parametrize(
    ("layers", "shape"), [([Conv2D(3, 3), Flatten(), Dense(5)], (8, 8, 2)), ([Dense(5)], (9,))]
)
def test_the_first_layer_is_spared_its_dx(
    layers: list[Layer], shape: tuple[int, ...], rng: np.random.Generator
) -> None:
    network = Sequential(layers, shape, rng=rng)
    x, dout = rng.random((6, *shape), np.float32), rng.random((6, 5), np.float32)
    network.forward(x, training=True)
    assert network.backward(dout, need_dx=False).size == 0
    network.forward(x, training=True)
    assert network.backward(dout).shape == x.shape


def test_a_layer_gives_its_dx_after_a_training_step_that_failed(rng: np.random.Generator) -> None:
    network = small(rng)
    x = random_input(rng).astype(np.float32)
    with pytest.raises(RuntimeError):
        network.backward(np.zeros((6, 5), np.float32), need_dx=False)
    first = network.layers[0]
    out = first.forward(x, training=True)
    assert first.backward(out).shape == x.shape


def test_backward_needs_a_training_pass(rng: np.random.Generator) -> None:
    network = small(rng)
    network.forward(random_input(rng).astype(np.float32))
    with pytest.raises(RuntimeError, match="dense1: backward needs forward"):
        network.backward(np.zeros((6, 5), np.float32))


def test_a_softmax_at_the_end_is_left_to_the_loss(rng: np.random.Generator) -> None:
    network = Sequential([Dense(3), Softmax()], (4,), rng=rng)
    x = rng.normal(size=(2, 4)).astype(np.float32)
    logits = network.layers[0].forward(x)
    np.testing.assert_array_equal(network.forward(x), logits)
    np.testing.assert_allclose(network.predict(x), softmax(logits), rtol=1e-6)


# Predicting


def test_probabilities_add_up(rng: np.random.Generator) -> None:
    network = small(rng)
    x = random_input(rng).astype(np.float32)
    probabilities = network.predict(x)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(probabilities, softmax(network.forward(x)), rtol=1e-5)


def test_sigmoid_outputs_are_probabilities_already(rng: np.random.Generator) -> None:
    network = Sequential([Dense(3), Sigmoid()], (4,), rng=rng)
    x = rng.normal(size=(2, 4)).astype(np.float32)
    np.testing.assert_allclose(network.predict(x), network.forward(x), rtol=1e-6)


@pytest.mark.parametrize("count", [0, 1, PREDICT_BLOCK, PREDICT_BLOCK + 1, 3 * PREDICT_BLOCK - 1])
def test_blocks_do_not_show(count: int, rng: np.random.Generator) -> None:
    network = small(rng)
    x = random_input(rng, count).astype(np.float32)
    probabilities = network.predict(x)
    assert probabilities.shape == (count, 5)
    for i in (0, count // 2, count - 1) if count else ():
        alone = network.predict(x[i : i + 1])
        np.testing.assert_allclose(probabilities[i : i + 1], alone, rtol=1e-4, atol=1e-6)


def test_predicting_remembers_nothing_and_changes_nothing(rng: np.random.Generator) -> None:
    network = small(rng)
    before = {name: value.copy() for name, value in network.arrays.items()}
    network.predict(random_input(rng).astype(np.float32))
    assert all(layer._cache is None for layer in network.layers)
    for name, value in network.arrays.items():
        np.testing.assert_array_equal(value, before[name])


def test_training_state_survives_a_prediction(rng: np.random.Generator) -> None:
    network = small(rng)
    x, dout = random_input(rng).astype(np.float32), np.ones((6, 5), np.float32)
    network.forward(x, training=True)
    expected = network.backward(dout)
    network.forward(x, training=True)
    network.predict(random_input(rng, 3).astype(np.float32))
    np.testing.assert_array_equal(network.backward(dout), expected)


def test_threads_may_share_a_network(rng: np.random.Generator) -> None:
    network = small(rng)
    inputs = [random_input(rng, 40).astype(np.float32) for _ in range(4)]
    expected = [network.predict(x) for x in inputs]
    answers: dict[int, list[np.ndarray]] = {i: [] for i in range(4)}

    def ask(i: int) -> None:
        for _ in range(10):
            answers[i].append(network.predict(inputs[i]))

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, given in answers.items():
        assert len(given) == 10
        for answer in given:
            np.testing.assert_array_equal(answer, expected[i])


def test_activations_are_what_each_layer_makes(rng: np.random.Generator) -> None:
    network = small(rng)
    x = random_input(rng).astype(np.float32)
    seen = list(network.activations(x))
    assert [layer for layer, _ in seen] == network.layers
    for layer, out in seen:
        assert out.shape == (6, *layer.output_shape)
    np.testing.assert_allclose(seen[-1][1], network.forward(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((2, 8, 8), np.float32), r"shape \(N, 8, 8, 2\), got \(2, 8, 8\)"),
        (np.zeros((8, 8, 2), np.float32), r"got \(8, 8, 2\)"),
        (np.zeros((2, 9, 8, 2), np.float32), r"got \(2, 9, 8, 2\)"),
        (np.zeros((2, 8, 8, 2), np.uint8), "floating point with values 0..1, got uint8"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(
    x: np.ndarray, message: str, rng: np.random.Generator
) -> None:
    network = small(rng)
    for use in (network.predict, network.forward, lambda x: list(network.activations(x))):
        with pytest.raises(ValueError, match=message):
            use(x)


# Parameters


def test_counts(rng: np.random.Generator) -> None:
    network = small(rng)
    conv1, conv2, dense = 3 * 3 * 2 * 3, 2 * 2 * 3 * 4, 36 * 5
    assert network.parameter_count == conv1 + 3 + 3 + 3 + conv2 + 4 + dense + 5
    assert network.multiply_adds == 64 * conv1 + 9 * conv2 + dense


def test_summary_has_a_line_for_each_layer_and_the_totals(rng: np.random.Generator) -> None:
    lines = small(rng, name="small").summary().splitlines()
    assert lines[0] == "small"
    assert "8 × 8 × 2" in lines[4]
    assert lines[5].split() == ["conv1:", "Conv2D(3,", "(3,", "3),", "padding=1)",
                                *["8", "×", "8", "×", "3"], "57", "3,456"]  # fmt: skip
    assert lines[-1].split() == ["total", "300", "4,068"]
    assert not any(line != line.rstrip() for line in lines)


def test_assigning_is_all_or_nothing(rng: np.random.Generator) -> None:
    network = small(rng)
    before = {name: value.copy() for name, value in network.arrays.items()}
    changed = {name: value + 1 for name, value in before.items()}
    for wrong, message in (
        (changed | {"dense1.b": np.zeros(6)}, r"dense1.b has shape \(6,\), expected \(5,\)"),
        (changed | {"dense9.b": np.zeros(5)}, r"unknown \['dense9.b'\]"),
        ({"dense1.b": np.zeros(5)}, r"missing \['batch_norm1.beta'"),
    ):
        with pytest.raises(ValueError, match=message):
            network.set_arrays(wrong)
        for name, value in network.arrays.items():
            np.testing.assert_array_equal(value, before[name])
    network.set_arrays(changed)
    for name, value in network.arrays.items():
        np.testing.assert_array_equal(value, changed[name])
        assert value is not changed[name]


def test_state_is_saved_but_not_trained(rng: np.random.Generator) -> None:
    network = small(rng)
    assert network.arrays.keys() - network.params.keys() == {"batch_norm1.mean", "batch_norm1.var"}
    assert network.grads.keys() == network.params.keys()


@pytest.mark.parametrize("layer", [Dropout(0.5), AveragePool2D(2), Conv2D(2, 3, stride=2)])
def test_repr_is_the_expression_that_makes_it(layer: Layer) -> None:
    again = eval(repr(layer), vars(convnet))
    assert (type(again), again.config()) == (type(layer), layer.config())
