"""One battery that every layer passes: values, gradients, dtypes, memory, threads, caches."""

import copy
import math

import numpy as np
import pytest

from convnet import set_threads
from convnet.layers import LAYERS, BatchNorm
from convnet.runtime.threads import get_threads
from tests.support.layer_cases import CASES, RANDOM
from tests.support.numeric import check_layer_gradients, numerical_gradient

every_layer = pytest.mark.parametrize("case", CASES + RANDOM, ids=lambda case: case.name)
both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
every_known_output = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture
def threads():
    """Let a test change the number of threads."""
    before = get_threads()
    yield set_threads
    set_threads(before)


def read_only(array):
    array.flags.writeable = False
    return array


def assert_same(actual, expected, dtype, message=""):
    """Compare output, dx and grads as far as rounding goes; large sums lose more of it."""
    share = 1e-10 if dtype == np.float64 else 1e-4
    (*arrays, grads), (*expected_arrays, expected_grads) = actual, expected
    pairs = [*zip(arrays, expected_arrays, strict=True)]
    pairs += [(grads[key], expected_grads[key]) for key in expected_grads]
    for one, other in pairs:
        np.testing.assert_allclose(
            one, other, rtol=share, atol=share * np.abs(other).max(initial=1), err_msg=message
        )


def step(layer, x, dout):
    """One forward and one backward pass of a copy: output, dx and grads."""
    layer = copy.deepcopy(layer)
    out = layer.forward(x, training=True)
    dx = layer.backward(dout)
    return out, dx, layer.grads


def test_no_layer_is_left_out():
    assert {type(case.make()) for case in CASES + RANDOM} == set(LAYERS.values())


@every_known_output
def test_output_is_the_reference_s(case):
    layer, x = case.build(), case.x()
    out = layer.forward(x, training=True)
    assert out.shape == (case.batch, *layer.output_shape)
    np.testing.assert_allclose(out, case.expected(x, layer.params), rtol=1e-10, atol=1e-12)


@every_known_output
def test_output_without_training_is_the_same(case):
    layer, x = case.build(), case.x()
    if isinstance(layer, BatchNorm):  # until its running statistics are those of the batch
        layer.momentum = 0.0
        layer.forward(x, training=True)
        layer.state["var"] *= 1 - 1 / (x.size / x.shape[-1])  # the batch's own is not unbiased
    expected = copy.deepcopy(layer).forward(x, training=True)
    np.testing.assert_allclose(layer.forward(x), expected, rtol=1e-12, atol=1e-12)


@every_layer
def test_gradients_by_finite_differences(case, rng):
    layer, x = case.build(), case.x()
    dout = case.dout(layer)
    _, dx, grads = step(layer, x, dout)
    assert grads.keys() == layer.params.keys()

    def forward(x):  # a copy each time, so that dropout drops the same
        return copy.deepcopy(layer).forward(x, training=True)

    check_layer_gradients(forward, x, dx, layer.params, grads, dout, rng)


SMALL = [case for case in CASES + RANDOM if case.batch * math.prod(case.shape) <= 150]


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_input_gradient_number_by_number(case):
    layer, x = case.build(), case.x()
    dout = case.dout(layer)

    def loss(x):
        return float(np.vdot(copy.deepcopy(layer).forward(x, training=True), dout))

    _, dx, _ = step(layer, x, dout)
    np.testing.assert_allclose(dx, numerical_gradient(loss, x), rtol=1e-6, atol=1e-8)


@both_dtypes
@every_layer
def test_dtype_is_kept(case, dtype):
    layer = case.build(dtype)
    out, dx, grads = step(layer, case.x(dtype), case.dout(layer, dtype))
    assert out.dtype == dx.dtype == dtype
    assert {grad.dtype for grad in grads.values()} <= {np.dtype(dtype)}
    assert layer.forward(case.x(dtype)).dtype == dtype


@every_layer
def test_a_float32_layer_keeps_the_dtype_of_a_float64_input(case):
    layer = case.build(np.float32)
    out, dx, _ = step(layer, case.x(np.float64), case.dout(layer, np.float64))
    assert out.dtype == dx.dtype == np.float64


@every_layer
def test_float32_agrees_with_float64(case):
    double, single = case.build(np.float64), case.build(np.float32)
    expected = step(double, case.x(), case.dout(double))
    actual = step(single, case.x(np.float32), case.dout(single, np.float32))
    assert_same(actual, expected, np.float32)


@every_layer
def test_nothing_that_is_passed_in_is_changed(case):
    layer = case.build()
    x, dout = read_only(case.x()), read_only(case.dout(layer))
    params = {key: param.copy() for key, param in layer.params.items()}
    for param in layer.params.values():
        read_only(param)
    step(layer, x, dout)
    layer.forward(x)
    for key, param in layer.params.items():
        np.testing.assert_array_equal(param, params[key])


def memory_orders(array):
    """The same numbers lying in memory in other ways."""
    spaced = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    spaced[..., ::2] = array
    yield "batch innermost", np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 0, -1)), -1, 0)
    yield "with gaps", spaced[..., ::2]
    yield "reversed", np.ascontiguousarray(array[:, ::-1])[:, ::-1]
    yield "batch reversed", np.ascontiguousarray(array[::-1])[::-1]
    yield "Fortran", np.asfortranarray(array)


@both_dtypes
@every_known_output
def test_memory_order_does_not_matter(case, dtype):
    layer, x = case.build(dtype), case.x(dtype)
    dout = case.dout(layer, dtype)
    expected = step(layer, x, dout)
    for (order, x_again), (_, dout_again) in zip(
        memory_orders(x), memory_orders(dout), strict=True
    ):
        assert_same(step(layer, x_again, dout_again), expected, dtype, order)


@both_dtypes
@every_layer
@pytest.mark.parametrize("count", [2, 3])
def test_number_of_threads_does_not_matter(case, dtype, count, threads, monkeypatch):
    monkeypatch.setattr("convnet.runtime.threads.SMALL", 1)  # even the least work is shared
    layer, x = case.build(dtype), case.x(dtype)
    dout = case.dout(layer, dtype)
    threads(1)
    expected = step(layer, x, dout)
    threads(count)
    assert_same(step(layer, x, dout), expected, dtype)


@every_layer
def test_same_work_twice_gives_the_same_bits(case):
    layer, x = case.build(np.float32), case.x(np.float32)
    dout = case.dout(layer, np.float32)
    (out, dx, grads), (out_again, dx_again, grads_again) = (step(layer, x, dout) for _ in range(2))
    np.testing.assert_array_equal(out, out_again)
    np.testing.assert_array_equal(dx, dx_again)
    for key, grad in grads.items():
        np.testing.assert_array_equal(grad, grads_again[key])


@every_layer
def test_inference_leaves_nothing_behind(case):
    layer = case.build()
    before = {key: value.copy() for key, value in layer.state.items()}
    layer.forward(case.x())
    for key, value in layer.state.items():
        np.testing.assert_array_equal(value, before[key])
    with pytest.raises(RuntimeError, match=r"backward needs forward\(x, training=True\)"):
        layer.backward(case.dout(layer))


@every_layer
def test_inference_between_the_two_passes_does_no_harm(case):
    layer, x = case.build(), case.x()
    dout = case.dout(layer)
    _, expected, grads = step(layer, x, dout)
    layer.forward(x, training=True)
    layer.forward(-x[:1])
    np.testing.assert_array_equal(layer.backward(dout), expected)
    for key, grad in layer.grads.items():
        np.testing.assert_array_equal(grad, grads[key])


@every_layer
def test_released_memory_is_not_used(case):
    layer = case.build()
    layer.forward(case.x(), training=True)
    layer.cache = None
    with pytest.raises(RuntimeError, match="backward needs"):
        layer.backward(case.dout(layer))


@every_known_output
def test_gradients_belong_to_the_last_pass_alone(case):
    layer, x = case.build(), case.x()
    dout = case.dout(layer)
    _, expected, grads = step(layer, x, dout)
    layer.forward(2 * x, training=True)
    layer.backward(3 * dout)
    layer.forward(x, training=True)
    np.testing.assert_array_equal(layer.backward(dout), expected)
    for key, grad in layer.grads.items():
        np.testing.assert_array_equal(grad, grads[key])


@every_layer
@pytest.mark.parametrize("training", [False, True])
def test_inputs_of_another_shape_are_refused(case, training):
    layer = case.build()
    wrong = np.zeros((case.batch, *case.shape[:-1], case.shape[-1] + 1))
    with pytest.raises(ValueError, match=rf"{layer.name} expects \(N, .*got \("):
        layer.forward(wrong, training=training)


@every_layer
def test_no_images_give_no_outputs(case):
    layer = case.build()
    assert layer.forward(np.zeros((0, *case.shape))).shape == (0, *layer.output_shape)


@every_layer
def test_config_makes_the_same_layer_again(case):
    layer = case.build()
    again = type(layer)(**layer.config())
    assert repr(again) == repr(layer)
    assert again.build(case.shape, np.random.default_rng(1), np.float64) == layer.output_shape
    assert {k: v.shape for k, v in again.params.items()} == {
        k: v.shape for k, v in layer.params.items()
    }


@every_layer
def test_array_shapes_are_known_before_the_arrays(case):
    layer = case.build()
    shapes = case.make().array_shapes(case.shape)
    assert shapes == {k: v.shape for k, v in (layer.params | layer.state).items()}


@every_layer
def test_the_seed_makes_the_parameters(case):
    first, again, other = (case.make() for _ in range(3))
    for layer, seed in ((first, 1), (again, 1), (other, 2)):
        layer.build(case.shape, np.random.default_rng(seed))
    for key, param in first.params.items():
        np.testing.assert_array_equal(param, again.params[key])
        assert param.dtype == np.float32
    if "w" in first.params:
        assert not np.array_equal(first.params["w"], other.params["w"])
