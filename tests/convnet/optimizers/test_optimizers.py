"""Optimizers against their papers' formulas, one number at a time in Python's own floats."""

import math

import numpy as np
import pytest

from convnet.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop
from convnet.optimizers import base as optimizers_base
from convnet.optimizers.schedules import OneCycle, Step

STEPS = 7
SHAPES = {"0.conv.w": (3, 2, 1, 2), "0.conv.b": (2,), "1.norm.gamma": (2,), "2.dense.w": (4, 3)}


# Each reference takes p, the gradients of all steps and the rate of a step, and returns p after
# them. Means are kept as in the papers, not as sums.
def sgd(p, gradients, rate, momentum=0.0, nesterov=False, decay=0.0):
    v = 0.0
    for t, g in enumerate(gradients):
        g = g + decay * p
        v = momentum * v + g
        p -= rate(t) * (g + momentum * v if nesterov else v)
    return p


def rmsprop(p, gradients, rate, alpha=0.99, epsilon=1e-8):
    s = 0.0
    for t, g in enumerate(gradients):
        s = alpha * s + (1 - alpha) * g * g
        p -= rate(t) * g / (math.sqrt(s) + epsilon)
    return p


def adam(p, gradients, rate, beta1=0.9, beta2=0.999, epsilon=1e-8, decay=0.0):
    m = v = 0.0
    for t, g in enumerate(gradients):
        p -= rate(t) * decay * p
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat, v_hat = m / (1 - beta1 ** (t + 1)), v / (1 - beta2 ** (t + 1))
        p -= rate(t) * m_hat / (math.sqrt(v_hat) + epsilon)
    return p


# name: (optimizer of a rate, reference, settings of the reference, its decay for ndim >= 2)
CASES = {
    "sgd": (lambda r: SGD(r), sgd, {}, 0.0),
    "momentum": (lambda r: SGD(r, momentum=0.9), sgd, {"momentum": 0.9}, 0.0),
    "nesterov": (
        lambda r: SGD(r, momentum=0.8, nesterov=True),
        sgd,
        {"momentum": 0.8, "nesterov": True},
        0.0,
    ),
    "sgd, decay": (lambda r: SGD(r, weight_decay=0.2), sgd, {}, 0.2),
    "nesterov, decay": (
        lambda r: SGD(r, momentum=0.8, nesterov=True, weight_decay=0.2),
        sgd,
        {"momentum": 0.8, "nesterov": True},
        0.2,
    ),
    "rmsprop": (lambda r: RMSprop(r), rmsprop, {}, 0.0),
    "rmsprop, settings": (
        lambda r: RMSprop(r, alpha=0.5, epsilon=0.1),
        rmsprop,
        {"alpha": 0.5, "epsilon": 0.1},
        0.0,
    ),
    "adam": (lambda r: Adam(r), adam, {}, 0.0),
    "adam, settings": (
        lambda r: Adam(r, beta1=0.0, beta2=0.5, epsilon=0.1),
        adam,
        {"beta1": 0.0, "beta2": 0.5, "epsilon": 0.1},
        0.0,
    ),
    "adamw": (lambda r: AdamW(r), adam, {}, 0.01),
    "adamw, decay": (lambda r: AdamW(r, weight_decay=0.3), adam, {}, 0.3),
}
MAKERS = {name: case[0] for name, case in CASES.items()}


def problem(rng, dtype=np.float64):
    """Parameters, and the gradients of `STEPS` steps."""
    params = {key: rng.normal(size=shape).astype(dtype) for key, shape in SHAPES.items()}
    grads = [
        {key: rng.normal(size=shape).astype(dtype) for key, shape in SHAPES.items()}
        for _ in range(STEPS)
    ]
    return params, grads


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("block", [optimizers_base.BLOCK, 5])
def test_every_number_moves_as_the_paper_says(case, block, rng, monkeypatch):
    monkeypatch.setattr(optimizers_base, "BLOCK", block)  # 5: several blocks and a shorter last
    make, reference, settings, decay = case
    schedule = Step(0.1, every=3, factor=0.5)
    params, grads = problem(rng)
    expected = {}
    for key, param in params.items():
        if decay and param.ndim >= 2:
            settings = {**settings, "decay": decay}
        elif decay:
            settings = {**settings, "decay": 0.0}
        expected[key] = np.empty(param.shape)
        for index in np.ndindex(param.shape):
            history = [float(step[key][index]) for step in grads]
            expected[key][index] = reference(float(param[index]), history, schedule, **settings)
    optimizer = make(schedule)
    for step in grads:
        optimizer.step(params, step)
    for key, param in params.items():
        np.testing.assert_allclose(param, expected[key], rtol=1e-12, atol=1e-14, err_msg=key)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_works_in_place_keeps_the_dtype_and_only_reads_gradients(make, dtype, rng):
    params, grads = problem(rng, dtype)
    arrays = dict(params)
    before = {key: param.copy() for key, param in params.items()}
    gradient_before = {key: grad.copy() for key, grad in grads[0].items()}
    make(0.1).step(params, grads[0])
    for key, array in arrays.items():
        assert params[key] is array
        assert array.dtype == dtype
        assert (array != before[key]).all()
        np.testing.assert_array_equal(grads[0][key], gradient_before[key])


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_float32_follows_float64(make, rng):
    params, grads = problem(rng)
    single = {key: param.astype(np.float32) for key, param in params.items()}
    one, other = make(0.01), make(0.01)
    for step in grads:
        one.step(params, step)
        other.step(single, {key: grad.astype(np.float32) for key, grad in step.items()})
    for key, param in params.items():
        np.testing.assert_allclose(single[key], param, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_resumed_run_is_the_same_bit_for_bit(make, rng):
    schedule = OneCycle(0.1, total_steps=STEPS)
    params, grads = problem(rng, np.float32)
    optimizer = make(schedule)
    for step in grads[:3]:
        optimizer.step(params, step)
    saved = {key: param.copy() for key, param in params.items()}
    state = optimizer.state_dict()
    for step in grads[3:]:
        optimizer.step(params, step)  # must not reach into the saved state
    resumed = make(schedule)
    resumed.load_state_dict(state)
    assert resumed.steps == 3
    for step in grads[3:]:
        resumed.step(saved, step)
    for key, param in params.items():
        np.testing.assert_array_equal(saved[key], param)


def test_a_state_is_flat_arrays_that_npz_takes(rng, tmp_path):
    params, grads = problem(rng, np.float32)
    optimizer = Adam()
    optimizer.step(params, grads[0])
    np.savez(tmp_path / "state.npz", **optimizer.state_dict())
    with np.load(tmp_path / "state.npz", allow_pickle=False) as file:
        state = dict(file)
    expected = {f"{slot}/{key}" for slot in ("gradients", "squares") for key in SHAPES}
    assert state.keys() == {"steps"} | expected
    assert state["steps"] == 1
    resumed = Adam()
    resumed.load_state_dict(state)
    again = {key: param.copy() for key, param in params.items()}
    optimizer.step(params, grads[1])
    resumed.step(again, grads[1])
    for key, param in params.items():
        np.testing.assert_array_equal(again[key], param)


def test_loading_a_state_copies_it(rng):
    params, grads = problem(rng)
    optimizer = SGD(0.1, momentum=0.9)
    optimizer.step(params, grads[0])
    state = optimizer.state_dict()
    before = {key: array.copy() for key, array in state.items()}
    optimizer.load_state_dict(state)
    optimizer.step(params, grads[1])
    for key, array in state.items():
        np.testing.assert_array_equal(array, before[key])


def test_the_state_of_another_optimizer_is_refused(rng):
    params, grads = problem(rng)
    adam = Adam()
    adam.step(params, grads[0])
    sgd = SGD(0.1, momentum=0.9)
    with pytest.raises(ValueError, match=r"slots of SGD \(velocity\), got '(gradients|squares)/"):
        sgd.load_state_dict(adam.state_dict())
    with pytest.raises(ValueError, match="must hold 'steps'"):
        sgd.load_state_dict({})
    assert sgd.steps == 0


def test_a_parameter_that_changes_its_shape_is_refused(rng):
    params, grads = problem(rng)
    optimizer = Adam()
    optimizer.step(params, grads[0])
    params["2.dense.w"] = grads[0]["2.dense.w"] = np.zeros((4, 4))
    with pytest.raises(ValueError, match=r"`params\['2.dense.w'\]` .* \(4, 3\).*got .*\(4, 4\)"):
        optimizer.step(params, grads[0])


@pytest.mark.parametrize("make", [lambda **k: SGD(0.1, **k), AdamW], ids=["SGD", "AdamW"])
def test_decay_spares_biases_and_batch_norm_unless_told_otherwise(make):
    def shrunk(optimizer):
        params = {key: np.ones(shape) for key, shape in SHAPES.items()}
        optimizer.step(params, {key: np.zeros(shape) for key, shape in SHAPES.items()})
        return {key for key, param in params.items() if (param < 1).all()}

    assert shrunk(make(weight_decay=0.1)) == {"0.conv.w", "2.dense.w"}
    assert shrunk(make(weight_decay=0.1, decay=lambda key, param: True)) == SHAPES.keys()
    assert shrunk(make(weight_decay=0.1, decay=lambda key, _: "dense" in key)) == {"2.dense.w"}
    assert shrunk(make(weight_decay=0.0)) == set()


def test_adam_s_first_step_is_the_rate_whatever_the_gradient():
    params = {"w": np.zeros(4)}
    Adam(0.5).step(params, {"w": np.array([1e-3, 1.0, -1e3, 0.0])})
    np.testing.assert_allclose(params["w"], [-0.5, -0.5, 0.5, 0.0], rtol=1e-4)


def test_learning_rate_follows_the_schedule(rng):
    params, grads = problem(rng)
    optimizer = SGD(Step(1.0, every=2, factor=0.1))
    rates = []
    for step in grads[:4]:
        rates.append(optimizer.learning_rate)
        optimizer.step(params, step)
    assert rates == pytest.approx([1.0, 1.0, 0.1, 0.1])


def test_gradients_may_have_any_memory_order(rng):
    w, g = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    first, second = {"w": w.copy()}, {"w": w.copy()}
    Adam(0.1).step(first, {"w": g})
    Adam(0.1).step(second, {"w": np.asfortranarray(g)})
    np.testing.assert_array_equal(first["w"], second["w"])


@pytest.mark.parametrize(
    ("params", "grads", "message"),
    [
        ({"w": np.zeros(2)}, {"b": np.zeros(2)}, r"keys of `params`.*\['b', 'w'\]"),
        ({"w": np.zeros(2)}, {"w": np.zeros(3)}, r"`grads\['w'\]` must have shape \(2,\), got"),
        ({"w": np.zeros((2, 3)).T}, {"w": np.zeros((3, 2))}, r"`params\['w'\]` .*C-contiguous"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_moves(params, grads, message):
    optimizer = SGD(0.1)
    with pytest.raises(ValueError, match=message):
        optimizer.step(params, grads)
    assert optimizer.steps == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(-0.1), r"`learning_rate` .* got -0.1"),
        (lambda: SGD(0.1, momentum=1.0), r"`momentum` must be in \[0, 1\), got 1.0"),
        (lambda: SGD(0.1, nesterov=True), r"`momentum` must be positive with nesterov=True"),
        (lambda: SGD(0.1, weight_decay=-1.0), r"`weight_decay` .* at least 0, got -1.0"),
        (lambda: RMSprop(alpha=1.5), r"`alpha` must be in \[0, 1\), got 1.5"),
        (lambda: RMSprop(epsilon=0.0), r"`epsilon` must be a positive number, got 0.0"),
        (lambda: Adam(beta1=-0.1), r"`beta1` .* got -0.1"),
        (lambda: Adam(beta2=1.0), r"`beta2` .* got 1.0"),
        (lambda: Adam(epsilon=math.nan), r"`epsilon` .* got nan"),
        (lambda: AdamW(weight_decay=math.inf), r"`weight_decay` .* got inf"),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_optimizer_itself_cannot_be_made():
    with pytest.raises(TypeError, match="abstract"):
        Optimizer(0.1)
