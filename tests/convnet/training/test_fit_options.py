"""`Trainer.fit`: the bar, early stopping, class weights, clipping, stopping from a callback."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest

import convnet
from convnet import SGD, CrossEntropy, Dense, EarlyStopping, Flatten, History, Sequential, Trainer
from convnet.losses import BinaryCrossEntropy, MeanSquaredError, one_hot
from convnet.optimizers.clipping import clip_by_global_norm
from convnet.training.class_weight import class_weighted
from tests.convnet.training.test_trainer import DATA, assert_same, fit, small, weights

TEST = DATA.test.images, DATA.test.labels


# What is shown


def test_verbose_shows_a_line_for_every_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    fit(Trainer(small()), validation=TEST)
    assert capsys.readouterr() == ("", "")
    fit(Trainer(small()), validation=TEST, verbose=True)
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    assert "held-out loss" in lines[1]
    assert err == "", "no terminal, no bar"


def test_verbose_shows_a_bar_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("convnet.training.progress_bar.REFRESH", 0.0)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    fit(Trainer(small()), verbose=True)
    assert "epoch 2/2 8/8 loss" in capsys.readouterr().err


# The history


def test_the_history_has_the_names_of_the_field() -> None:
    history = fit(Trainer(small()), validation=TEST)
    assert isinstance(history, History)
    assert history.history.keys() == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert history.history["val_loss"] == [epoch.validation_loss for epoch in history.epochs]
    assert fit(Trainer(small())).history.keys() == {"loss", "accuracy"}


def test_the_history_plots_itself(tmp_path: Path) -> None:
    history = fit(Trainer(small()), validation=TEST)
    figure = history.plot()
    cost, accuracy = figure.axes
    np.testing.assert_allclose(cost.lines[0].get_ydata(), history.losses)
    np.testing.assert_allclose(accuracy.lines[1].get_ydata(), history.history["val_accuracy"])
    figure.savefig(tmp_path / "history.png")
    with pytest.raises(ValueError, match="before the first epoch"):
        History(seed=0).plot()


def test_without_matplotlib_the_plot_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    history = fit(Trainer(small()))
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"plots need matplotlib: .* `train` extra"):
        history.plot()


# Stopping from a callback


@pytest.mark.parametrize("stop_at", [3, 8, 11])
def test_a_callback_stops_the_run_and_it_can_go_on(stop_at: int) -> None:
    whole = Trainer(small())
    full = fit(whole)

    def stop(trainer: Trainer, history: History) -> None:
        trainer.should_stop = len(history.losses) == stop_at

    trainer = Trainer(small())
    history = fit(trainer, on_step=stop)
    assert len(history.losses) == stop_at
    assert (history.epoch, history.step) == divmod(stop_at, 8)
    assert fit(trainer, progress=history) is history
    assert history.losses == full.losses
    assert_same(weights(trainer.network), weights(whole.network))


def test_a_callback_stops_after_an_epoch() -> None:
    def stop(trainer: Trainer, history: History) -> None:
        trainer.should_stop = history.epochs[-1].accuracy > 0.3

    history = fit(Trainer(small(), average=0.9), epochs=50, on_epoch=stop)
    assert 0 < history.epoch < 50
    assert history.epochs[-1].accuracy > 0.3


# Early stopping


def spoiling(at: int) -> object:
    """Return a callback that makes the network useless after some epoch."""

    def spoil(trainer: Trainer, history: History) -> None:
        if history.epoch == at:
            for array in trainer.network.params.values():
                array[...] = np.random.default_rng(5).normal(size=array.shape) * 9
            trainer.optimizer = SGD(1e-9)

    return spoil


@pytest.mark.parametrize("monitor", ["validation_loss", "val_accuracy"])
def test_early_stopping_restores_the_best_weights(monitor: str) -> None:
    kept = {}

    def keep(trainer: Trainer, history: History) -> None:
        kept[history.epoch] = weights(trainer.network)
        spoiling(4)(trainer, history)

    stopping = EarlyStopping(monitor, patience=3)
    trainer = Trainer(small(), optimizer=convnet.Adam(1e-4))
    history = fit(trainer, epochs=40, validation=TEST, on_epoch=keep, early_stopping=stopping)
    assert stopping.best_epoch is not None
    assert history.epoch == stopping.best_epoch + 3
    named = {"validation_loss": "val_loss"}.get(monitor, monitor)
    values = history.history[named]
    best = min(values) if "loss" in named else max(values)
    assert stopping.best == best == values[stopping.best_epoch - 1]
    assert_same(weights(trainer.network), kept[stopping.best_epoch])
    assert trainer.evaluate(*TEST)[0] < history.history["val_loss"][-1]


def test_early_stopping_may_leave_the_last_weights() -> None:
    trainer = Trainer(small())
    stopping = EarlyStopping(patience=1, restore_best_weights=False)
    history = fit(trainer, epochs=9, validation=TEST, on_epoch=spoiling(1), early_stopping=stopping)
    assert trainer.evaluate(*TEST)[0] == pytest.approx(history.history["val_loss"][-1])


def test_a_continued_run_knows_its_best_epoch() -> None:
    trainer = Trainer(small())
    history = fit(trainer, epochs=2, validation=TEST)
    best = min(history.history["val_loss"])
    spoiling(2)(trainer, history)
    stopping = EarlyStopping(patience=2)
    fit(trainer, epochs=9, validation=TEST, progress=history, early_stopping=stopping)
    assert (stopping.best, history.epoch) == (best, (stopping.best_epoch or 0) + 2)


def test_a_number_is_the_patience() -> None:
    trainer = Trainer(small(), optimizer=SGD(1e-12))
    history = fit(trainer, epochs=9, validation=TEST, early_stopping=2)
    assert history.epoch < 9


def test_min_delta_and_nan() -> None:
    stopping = EarlyStopping("loss", patience=2, min_delta=0.5)
    history = History(0)
    over = []
    for number, loss in enumerate([math.nan, 3.0, 2.8, 2.6], 1):
        history.epochs.append(convnet.training.history.Epoch(number, loss, 0, 1, 1))
        over.append(stopping.is_over(small(), history))
    assert over == [False, False, False, True]
    assert (stopping.best_epoch, stopping.best) == (2, 3.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"monitor": "f1"}, "`monitor` must be one of .* got 'f1'"),
        ({"patience": 0}, "`patience` must be a positive int, got 0"),
        ({"min_delta": -1}, "`min_delta` must be a number of at least 0, got -1"),
    ],
)
def test_early_stopping_names_what_is_wrong(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EarlyStopping(**arguments)


def test_early_stopping_needs_what_it_watches() -> None:
    with pytest.raises(ValueError, match="early stopping by validation_loss needs `validation`"):
        fit(Trainer(small()), early_stopping=3)
    with pytest.raises(ValueError, match="`average` puts others"):
        fit(Trainer(small(), average=0.9), early_stopping=3, validation=TEST)


# Class weights


@pytest.mark.parametrize("loss", [CrossEntropy(), MeanSquaredError(), CrossEntropy(0.1)])
@pytest.mark.parametrize("as_rows", [False, True])
def test_each_example_counts_with_the_weight_of_its_class(
    loss: object, as_rows: bool, rng: np.random.Generator
) -> None:
    outputs, labels = rng.normal(size=(7, 3)), np.array([0, 1, 2, 2, 1, 0, 0])
    given = one_hot(labels, 3, np.float64) if as_rows else labels
    weighted = class_weighted(loss, {0: 2.0, 2: 0.25}, given)
    value, gradient = weighted(outputs, given)
    parts = [loss(outputs[i : i + 1], given[i : i + 1]) for i in range(7)]
    scale = [(2.0, 1.0, 0.25)[label] / 7 for label in labels]
    assert value == pytest.approx(sum(s * part[0] for s, part in zip(scale, parts, strict=True)))
    rows = [s * part[1] for s, part in zip(scale, parts, strict=True)]
    np.testing.assert_allclose(gradient, np.concatenate(rows))


def test_balanced_gives_every_class_the_same_say() -> None:
    labels = np.array([0] * 6 + [1] * 3 + [3])
    assert class_weighted(CrossEntropy(), "balanced", labels).weights == pytest.approx(
        {0: 10 / 18, 1: 10 / 9, 3: 10 / 3}
    )


def test_a_rare_class_is_learnt_by_weight() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(600) < 0.05).astype(np.uint8)
    x = (rng.normal(size=(600, 1, 1)) + labels[:, None, None]).astype(np.float32)

    def recall(**options: object) -> float:
        network = Sequential([Flatten(), Dense(2)], (1, 1, 1), rng=np.random.default_rng(1))
        trainer = Trainer(network, optimizer=SGD(0.05))
        trainer.fit(x, labels, epochs=40, batch_size=50, rng=np.random.default_rng(2), **options)
        answers = network.predict(x[..., None]).argmax(axis=1)
        return float(np.mean(answers[labels == 1]))

    assert recall() < 0.1
    assert recall(class_weight="balanced") > 0.5
    assert recall(class_weight={1: 19.0}) > 0.5


def test_weights_hold_for_one_call() -> None:
    trainer = Trainer(small())
    fit(trainer, class_weight={3: 5.0})
    plain = Trainer(small())
    fit(plain)
    x, labels = DATA.train.inputs()[:8], DATA.train.labels[:8]
    trainer.network.set_arrays(weights(plain.network))
    for layer in (trainer, plain):
        layer.optimizer = SGD(0.1)
    assert trainer.step(x, labels) == pytest.approx(plain.step(x, labels), rel=0.2)


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ("equal", "must be a dict of class to weight or 'balanced', got 'equal'"),
        ({0: -1.0}, r"`class_weight\[0\]` must be a number of at least 0, got -1.0"),
        ({12: 1.0}, "must name classes of the labels, .* got 12"),
    ],
)
def test_class_weight_names_what_is_wrong(class_weight: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(Trainer(small()), class_weight=class_weight)


# Clipping


def test_long_gradients_are_shortened_together() -> None:
    grads = {"a": np.array([3.0, 0.0]), "b": np.array([[4.0]], np.float32)}
    assert clip_by_global_norm(grads, 10) == 5
    assert grads["a"][0] == 3
    assert clip_by_global_norm(grads, 1) == 5
    np.testing.assert_allclose(grads["a"], [0.6, 0])
    np.testing.assert_allclose(grads["b"], [[0.8]])
    assert (grads["a"].dtype, grads["b"].dtype) == (np.float64, np.float32)
    odd = {"a": np.array([math.inf, 1.0])}
    assert clip_by_global_norm(odd, 1) == math.inf
    assert odd["a"][1] == 1


@pytest.mark.parametrize("place", ["trainer", "fit"])
def test_clip_norm_bounds_a_step(place: str) -> None:
    network = Sequential([Flatten(), Dense(10)], (28, 28, 1), rng=np.random.default_rng(0))
    before = weights(network)
    clipped = {"clip_norm": 0.01}
    trainer = Trainer(network, optimizer=SGD(1.0), **(clipped if place == "trainer" else {}))
    fit(trainer, epochs=1, batch_size=240, **(clipped if place == "fit" else {}))
    moved = sum(np.square(v - before[k]).sum() for k, v in weights(network).items())
    assert math.sqrt(moved) == pytest.approx(0.01, rel=1e-3)
    with pytest.raises(ValueError, match="`clip_norm` must be a positive number, got 0"):
        Trainer(network, clip_norm=0)


def test_binary_losses_can_be_weighted(rng: np.random.Generator) -> None:
    loss = BinaryCrossEntropy(from_logits=True)
    outputs, labels = rng.normal(size=(6, 1)), np.array([0, 1, 1, 0, 0, 0])
    value, _ = class_weighted(loss, {1: 3.0}, labels)(outputs, labels)
    parts = [loss(outputs[i : i + 1], labels[i : i + 1])[0] for i in range(6)]
    assert value == pytest.approx(np.dot([1, 3, 3, 1, 1, 1], parts) / 6)
