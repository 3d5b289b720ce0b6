"""Learning rates step by step, against their formulas."""

import math

import pytest

from convnet.optimizers.schedules import Constant, Cosine, OneCycle, Step

EXAMPLES = [
    Constant(0.1),
    Step(0.1, every=3, factor=0.5),
    Cosine(0.1, total_steps=10, warmup_steps=2, final_rate=0.01),
    OneCycle(0.1, total_steps=10),
    OneCycle(0.1, total_steps=10, pct_start=0.2, div_factor=10, final_div_factor=100),
]


def test_constant():
    assert [Constant(0.3)(step) for step in (0, 1, 10**9)] == [0.3, 0.3, 0.3]


def test_step_drops_after_every_so_many_steps():
    rates = [Step(1.0, every=2, factor=0.5)(step) for step in range(6)]
    assert rates == [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]


def test_cosine_falls_along_half_a_cosine_and_stays():
    schedule = Cosine(2.0, total_steps=8, final_rate=1.0)
    for step in range(9):
        expected = 1.0 + 0.5 * (1 + math.cos(math.pi * step / 8))
        assert schedule(step) == pytest.approx(expected, rel=1e-14)
    assert schedule(8) == schedule(100) == 1.0


def test_cosine_reaches_the_peak_through_a_warmup():
    schedule = Cosine(1.0, total_steps=12, warmup_steps=4)
    assert [schedule(step) for step in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert schedule(8) == pytest.approx(0.5)  # half way down
    assert schedule(12) == 0.0


def test_one_cycle_has_pytorch_s_rates():
    # The case of PyTorch's own test of OneCycleLR: up in two steps, down in seven.
    schedule = OneCycle(25.0, total_steps=10, pct_start=0.3, div_factor=25, final_div_factor=2)
    down = [0.5 + (25 - 0.5) / 2 * (1 + math.cos(math.pi * step / 7)) for step in range(8)]
    assert [schedule(step) for step in range(10)] == pytest.approx([1.0, 13.0, *down], rel=1e-14)


def test_one_cycle_ends_at_exactly_zero_and_stays():
    schedule = OneCycle(3e-3, total_steps=1000)
    assert schedule(0) == pytest.approx(3e-3 / 25)
    assert max(schedule(step) for step in range(1000)) == pytest.approx(3e-3, rel=1e-5)
    assert schedule(998) > 0.0
    assert schedule(999) == schedule(5000) == 0.0


def test_one_cycle_of_two_steps_has_no_rise():
    assert [OneCycle(1.0, total_steps=2)(step) for step in range(2)] == [1.0, 0.0]


@pytest.mark.parametrize("schedule", EXAMPLES, ids=repr)
def test_repr_is_the_expression_that_makes_it(schedule):
    assert eval(repr(schedule)) == schedule


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constant(-0.1), r"`learning_rate` must be a number of at least 0, got -0.1"),
        (lambda: Constant(math.nan), r"`learning_rate` .* got nan"),
        (lambda: Constant(math.inf), r"`learning_rate` .* got inf"),
        (lambda: Step(0.1, every=0), r"`every` must be an int of at least 1, got 0"),
        (lambda: Step(0.1, every=1.5), r"`every` must be an int of at least 1, got 1.5"),
        (lambda: Step(0.1, every=1, factor=0.0), r"`factor` must be in \(0, 1\], got 0.0"),
        (lambda: Step(0.1, every=1, factor=1.1), r"`factor` must be in \(0, 1\], got 1.1"),
        (lambda: Cosine(0.1, total_steps=5, warmup_steps=5), r"`total_steps` .* 6, got 5"),
        (lambda: Cosine(0.1, 5, warmup_steps=-1), r"`warmup_steps` .* 0, got -1"),
        (lambda: Cosine(0.1, 5, final_rate=-1), r"`final_rate` .* got -1"),
        (lambda: OneCycle(-1.0, 5), r"`peak` .* got -1.0"),
        (lambda: OneCycle(1.0, 1), r"`total_steps` .* 2, got 1"),
        (lambda: OneCycle(1.0, 5, pct_start=0.0), r"`pct_start` must be in \(0, 1\), got 0.0"),
        (lambda: OneCycle(1.0, 5, div_factor=0.5), r"`div_factor` .* got 0.5"),
        (lambda: OneCycle(1.0, 5, final_div_factor=0), r"`final_div_factor` .* got 0"),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
