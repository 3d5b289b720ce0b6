"""Training: one step by hand, whole runs, what is recorded, and what is refused."""

import numpy as np
import pytest

import convnet
from convnet import (
    SGD,
    Adam,
    BatchNorm,
    BinaryCrossEntropy,
    CrossEntropy,
    Dense,
    Dropout,
    Flatten,
    MeanSquaredError,
    ReLU,
    Sequential,
    Softmax,
    Trainer,
)
from convnet.losses import one_hot
from convnet.training.trainer import Epoch, Progress
from tests.support.tiny_digits import tiny_digits

DATA = tiny_digits()


def small(seed: int = 0) -> Sequential:
    layers = [Flatten(), Dense(16), BatchNorm(), ReLU(), Dropout(0.1), Dense(10)]
    return Sequential(layers, (28, 28, 1), rng=np.random.default_rng(seed))


def fit(trainer: Trainer, **options: object) -> Progress:
    settings = {"epochs": 2, "batch_size": 32, "rng": np.random.default_rng(3)} | options
    return trainer.fit(DATA.train.images, DATA.train.labels, **settings)


def weights(network: Sequential) -> dict[str, np.ndarray]:
    return {name: value.copy() for name, value in network.arrays.items()}


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


# One step


def test_a_step_descends_the_gradient_of_the_mean_loss(rng: np.random.Generator) -> None:
    network = Sequential([Dense(3)], (4,), rng=rng, dtype=np.float64)
    x, labels = rng.normal(size=(5, 4)), rng.integers(0, 3, 5)
    w, b = network.params["dense1.w"].copy(), network.params["dense1.b"].copy()
    loss = Trainer(network, CrossEntropy(), SGD(0.5)).step(x, labels)
    scores = np.exp(x @ w + b)
    p = scores / scores.sum(axis=1, keepdims=True)
    assert loss == pytest.approx(-np.log(p[np.arange(5), labels]).mean())
    error = (p - np.eye(3)[labels]) / 5
    np.testing.assert_allclose(network.params["dense1.w"], w - 0.5 * x.T @ error, rtol=1e-12)
    np.testing.assert_allclose(network.params["dense1.b"], b - 0.5 * error.sum(axis=0), rtol=1e-12)


def test_defaults_train(rng: np.random.Generator) -> None:
    trainer = Trainer(small())
    x, labels = DATA.train.inputs()[:50], DATA.train.labels[:50]
    losses = [trainer.step(x, labels) for _ in range(30)]
    assert losses[-1] < losses[0] / 2


@pytest.mark.parametrize("loss", [MeanSquaredError(), BinaryCrossEntropy()])
def test_softmax_at_the_end_needs_cross_entropy(loss: object) -> None:
    network = Sequential([Dense(3), Softmax()], (4,), rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="needs CrossEntropy, got"):
        Trainer(network, loss)


# Whole runs


def test_a_run_learns_and_records_every_epoch() -> None:
    network = small()
    steps, epochs = [], []
    progress = fit(
        Trainer(network, CrossEntropy(), Adam(3e-3)),
        epochs=4,
        batch_size=50,
        validation=(DATA.test.images, DATA.test.labels),
        on_step=lambda trainer, progress: steps.append((progress.epoch, progress.step)),
        on_epoch=lambda trainer, progress: epochs.append(progress.epoch),
    )
    assert steps == [(epoch, step) for epoch in range(4) for step in range(1, 6)]
    assert epochs == [1, 2, 3, 4]
    assert len(progress.losses) == 20
    assert [record.epoch for record in progress.epochs] == [1, 2, 3, 4]
    last = progress.epochs[-1]
    assert last.loss == pytest.approx(np.mean(progress.losses[-5:]))
    assert last.validation_accuracy == np.mean(
        network.predict(DATA.test.inputs()).argmax(axis=1) == DATA.test.labels
    )
    assert last.validation_accuracy > 0.9
    assert last.images_per_second == pytest.approx(240 / last.seconds)


def test_the_seed_decides_everything() -> None:
    def run(seed: int, rng: int) -> dict[str, np.ndarray]:
        network = small(seed)
        fit(Trainer(network), rng=np.random.default_rng(rng))
        return weights(network)

    assert_same(run(0, 3), run(0, 3))
    assert not np.array_equal(run(0, 3)["dense1.w"], run(0, 4)["dense1.w"])


def test_one_hot_labels_train_the_same_network() -> None:
    by_number, by_row = small(), small()
    fit(Trainer(by_number))
    rows = one_hot(DATA.train.labels, 10)
    Trainer(by_row).fit(
        DATA.train.images, rows, epochs=2, batch_size=32, rng=np.random.default_rng(3)
    )
    assert_same(weights(by_number), weights(by_row))


def test_floats_with_a_channel_train_the_same_network() -> None:
    from_bytes, from_floats = small(), small()
    fit(Trainer(from_bytes))
    scaled = (DATA.train.images * np.float32(1 / 255))[..., None]
    Trainer(from_floats).fit(
        scaled, DATA.train.labels, epochs=2, batch_size=32, rng=np.random.default_rng(3)
    )
    assert_same(weights(from_bytes), weights(from_floats))


def test_validation_and_callbacks_do_not_change_the_run() -> None:
    watched, unwatched = small(), small()
    fit(
        Trainer(watched),
        validation=(DATA.test.images, DATA.test.labels),
        on_step=lambda trainer, progress: trainer.network.predict(DATA.test.inputs()[:3]),
    )
    fit(Trainer(unwatched))
    assert_same(weights(watched), weights(unwatched))


def shade(amount: float) -> convnet.training.trainer.Augment:
    return lambda images, rng: images * np.float32(amount) + rng.random(images.shape, np.float32)


def test_augmenting_changes_what_is_trained_on_each_time() -> None:
    plain, shaded, again = small(), small(), small()
    fit(Trainer(plain))
    fit(Trainer(shaded), augment=shade(0.5))
    fit(Trainer(again), augment=shade(0.5))
    assert_same(weights(shaded), weights(again))
    assert not np.array_equal(weights(plain)["dense1.w"], weights(shaded)["dense1.w"])


def test_the_last_epochs_may_be_augmented_otherwise() -> None:
    first, both = small(), small()
    after_two: list[dict[str, np.ndarray]] = []
    fit(Trainer(first), augment=shade(0.5))
    fit(
        Trainer(both),
        epochs=3,
        augment=shade(0.5),
        final_augment=shade(0.9),
        final_epochs=1,
        on_epoch=lambda trainer, progress: after_two.append(weights(trainer.network)),
    )
    assert_same(after_two[1], weights(first))
    usual = small()
    fit(Trainer(usual), epochs=3, augment=shade(0.5))
    assert not np.array_equal(weights(usual)["dense1.w"], weights(both)["dense1.w"])


def test_the_average_is_what_remains() -> None:
    network = small()
    trainer = Trainer(network, average=0.9)
    last: list[dict[str, np.ndarray]] = []
    fit(
        trainer,
        batch_size=40,
        on_epoch=lambda trainer, progress: last.append(weights(trainer.network)),
    )
    assert trainer.average is not None
    for name, value in network.params.items():
        np.testing.assert_array_equal(value, trainer.average.params[name])
        assert not np.array_equal(value, last[-1][name])
    # BatchNorm's statistics are those of the averaged weights.
    assert not np.array_equal(network.arrays["batch_norm1.mean"], last[-1]["batch_norm1.mean"])
    x = network.layers[1].forward(DATA.train.inputs().reshape(240, -1))
    np.testing.assert_allclose(network.arrays["batch_norm1.mean"], x.mean(axis=0), rtol=1e-4)


@pytest.mark.parametrize("average", [None, 0.9])
def test_no_more_epochs_than_are_asked_for(average: float | None) -> None:
    """A run that is resumed after its end only ends again."""
    network = small()
    trainer = Trainer(network, average=average)
    progress = fit(trainer)
    before = weights(network)
    assert fit(trainer, progress=progress) is progress
    assert len(progress.epochs) == 2
    assert_same(weights(network), before)


def test_evaluate_is_the_mean_over_all_images_whatever_the_blocks() -> None:
    network = small()
    trainer = Trainer(network)
    fit(trainer)
    loss, accuracy = trainer.evaluate(DATA.test.images, DATA.test.labels)
    probabilities = network.predict(DATA.test.inputs())
    right = probabilities[np.arange(60), DATA.test.labels]
    assert loss == pytest.approx(-np.log(right).mean(), rel=1e-4)
    assert accuracy == np.mean(probabilities.argmax(axis=1) == DATA.test.labels)
    in_blocks = trainer.evaluate(DATA.test.images, DATA.test.labels, batch_size=7)
    assert in_blocks == pytest.approx((loss, accuracy), rel=1e-5)


# What is recorded


def test_progress_survives_json() -> None:
    progress = Progress(5, epoch=1, step=2, losses=[0.1, 1 / 3], epochs=[Epoch(1, 0.5, 0.9, 2, 30)])
    assert Progress.from_json(progress.to_json()) == progress


def test_who_counts_what_is_right_may_be_given(rng: np.random.Generator) -> None:
    network = convnet.Sequential([convnet.Conv2D(2, 1)], (3, 3, 1), rng=rng)
    seen = []

    def count(outputs: np.ndarray, labels: np.ndarray) -> int:
        seen.append((outputs.shape, labels.shape))
        return len(outputs) - 1

    trainer = convnet.Trainer(network, convnet.PixelCrossEntropy(), count_correct=count)
    x, labels = rng.random((4, 3, 3), np.float32), rng.integers(0, 2, (4, 3, 3))
    progress = trainer.fit(x, labels, epochs=1, batch_size=4, rng=rng, validation=(x, labels))
    assert seen == [((4, 3, 3, 2), (4, 3, 3))] * 2
    assert progress.epochs[0].accuracy == progress.epochs[0].validation_accuracy == 0.75
