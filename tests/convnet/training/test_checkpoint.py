"""Checkpoints: a run that goes on from one ends exactly as if it had never stopped."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convnet
from convnet import SGD, Adam, AdamW, BatchNorm, Dense, Dropout, Flatten, ReLU, RMSprop
from convnet.optimizers import Optimizer
from convnet.optimizers.schedules import Cosine, OneCycle
from convnet.storage.npz import ArrayFile, save_arrays
from convnet.training import checkpoint
from convnet.training.trainer import Progress, Trainer
from tests.support.memory import memory_limit
from tests.support.tiny_digits import tiny_digits

DATA = tiny_digits()
OPTIMIZERS: list[Callable[[], Optimizer]] = [
    lambda: SGD(0.1),
    lambda: SGD(0.1, momentum=0.9, nesterov=True),
    lambda: RMSprop(Cosine(1e-3, 24)),
    lambda: Adam(1e-3),
    lambda: AdamW(OneCycle(3e-3, 24), weight_decay=0.1),
]


def make_trainer(
    optimizer: Callable[[], Optimizer] = OPTIMIZERS[-1], average: float | None = 0.9
) -> Trainer:
    layers = [Flatten(), Dense(12), BatchNorm(), ReLU(), Dropout(0.2), Dense(10)]
    network = convnet.Sequential(layers, (28, 28, 1), rng=np.random.default_rng(0))
    return Trainer(network, optimizer=optimizer(), average=average)


def add_noise(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return images + rng.random(images.shape, np.float32)


class Killed(Exception):
    pass


def fit(trainer: Trainer, progress: Progress | None = None, **callbacks: object) -> Progress:
    return trainer.fit(
        DATA.train.images,
        DATA.train.labels,
        epochs=3,
        batch_size=32,
        rng=np.random.default_rng(1),
        augment=add_noise,
        validation=(DATA.test.images, DATA.test.labels),
        progress=progress,
        **callbacks,
    )


def fit_until(trainer: Trainer, path: Path, epoch: int, step: int) -> None:
    """Train until some step is done, save, and break off."""

    def on_step(trainer: Trainer, progress: Progress) -> None:
        if (progress.epoch, progress.step) == (epoch, step):
            checkpoint.save(path, trainer, progress)
            raise Killed

    with pytest.raises(Killed):
        fit(trainer, on_step=on_step)


def without_timing(progress: Progress) -> object:
    record = progress.to_json()
    for epoch in record["epochs"]:
        del epoch["seconds"], epoch["images_per_second"]
    return record


def assert_same_end(one: Trainer, other: Trainer) -> None:
    for name, value in one.network.arrays.items():
        np.testing.assert_array_equal(value, other.network.arrays[name], err_msg=name)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_resumed_run_ends_the_same(optimizer: Callable[[], Optimizer], tmp_path: Path) -> None:
    whole = make_trainer(optimizer)
    expected = fit(whole)
    fit_until(make_trainer(optimizer), tmp_path / "c.npz", epoch=1, step=3)
    resumed = make_trainer(optimizer)
    progress = checkpoint.load(tmp_path / "c.npz", resumed)
    assert (progress.epoch, progress.step) == (1, 3)
    ended = fit(resumed, progress)
    assert_same_end(whole, resumed)
    assert without_timing(ended) == without_timing(expected)


# An epoch has eight steps: its last one is done before the epoch is closed.
@pytest.mark.parametrize(("epoch", "step"), [(0, 1), (0, 8), (1, 1), (2, 7), (2, 8)])
def test_any_step_is_a_good_one_to_stop_at(epoch: int, step: int, tmp_path: Path) -> None:
    whole = make_trainer()
    fit(whole)
    fit_until(make_trainer(), tmp_path / "c.npz", epoch, step)
    resumed = make_trainer()
    fit(resumed, checkpoint.load(tmp_path / "c.npz", resumed))
    assert_same_end(whole, resumed)


@pytest.mark.parametrize("average", [None, 0.9])
def test_a_finished_run_may_be_resumed_and_extended(average: float | None, tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    whole = make_trainer(lambda: Adam(1e-3), average)
    fit(whole, on_epoch=lambda trainer, progress: checkpoint.save(path, trainer, progress))
    resumed = make_trainer(lambda: Adam(1e-3), average)
    progress = fit(resumed, checkpoint.load(path, resumed))
    assert progress.epoch == 3
    assert_same_end(whole, resumed)


def test_resuming_twice_is_resuming(tmp_path: Path) -> None:
    whole = make_trainer()
    fit(whole)
    path = tmp_path / "c.npz"
    fit_until(make_trainer(), path, epoch=0, step=5)
    second = make_trainer()
    progress = checkpoint.load(path, second)
    checkpoint.save(path, second, progress)  # at once, as after a second kill
    third = make_trainer()
    fit(third, checkpoint.load(path, third))
    assert_same_end(whole, third)


def test_a_checkpoint_is_the_same_bytes_for_the_same_state(tmp_path: Path) -> None:
    trainer, progress = make_trainer(), Progress(1, losses=[0.1, 0.2])
    for name in ("a.npz", "b.npz"):
        checkpoint.save(tmp_path / name, trainer, progress, {"seed": 0})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


# What is refused


def test_other_settings_are_named(tmp_path: Path) -> None:
    path, trainer = tmp_path / "c.npz", make_trainer()
    settings = {"batch_size": 32, "digits": (0, 1), "data": "abc"}
    checkpoint.save(path, trainer, Progress(0), settings)
    checkpoint.load(path, trainer, settings)
    with pytest.raises(ValueError, match=r"c\.npz: .*begun with batch_size 32, now 64$"):
        checkpoint.load(path, trainer, settings | {"batch_size": 64})
    with pytest.raises(ValueError, match=r"data 'abc', now None; rate None, now 1$"):
        checkpoint.load(path, trainer, {"batch_size": 32, "digits": (0, 1), "rate": 1})


def test_another_network_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    checkpoint.save(path, make_trainer(), Progress(0))
    layers = [Flatten(), Dense(10)]
    other = Trainer(convnet.Sequential(layers, (28, 28, 1), rng=np.random.default_rng(0)))
    before = {name: value.copy() for name, value in other.network.arrays.items()}
    with pytest.raises(ValueError, match=r"c\.npz: a checkpoint of another network"):
        checkpoint.load(path, other)
    for name, value in other.network.arrays.items():
        np.testing.assert_array_equal(value, before[name])


def test_another_optimizer_is_refused(tmp_path: Path) -> None:
    path, trainer = tmp_path / "c.npz", make_trainer(lambda: Adam(1e-3))
    fit(trainer, on_epoch=lambda trainer, progress: checkpoint.save(path, trainer, progress))
    with pytest.raises(ValueError, match=r"c\.npz: .*with RMSprop here \[\] are missing, \['opt"):
        checkpoint.load(path, make_trainer(lambda: RMSprop(1e-3)))


def test_a_run_without_average_is_refused_where_there_is_one(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    checkpoint.save(path, make_trainer(average=None), Progress(0))
    with pytest.raises(ValueError, match=r"c\.npz: .*average"):
        checkpoint.load(path, make_trainer(average=0.9))


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"
    path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"c\.npz"):
        checkpoint.load(path, make_trainer())
    make_trainer().network.save(path)
    with pytest.raises(ValueError, match=r"c\.npz: no checkpoint: .*record"):
        checkpoint.load(path, make_trainer())
    save_arrays(path, {"record": np.frombuffer(json.dumps({}).encode(), np.uint8)})
    with pytest.raises(ValueError, match=r"c\.npz: no checkpoint: it lacks \['losses'\]"):
        checkpoint.load(path, make_trainer())


def set_state(record: dict[str, Any], state: object) -> None:
    record["generators"]["dropout1"]["state"]["state"] = state


Change = Callable[[dict[str, Any], dict[str, np.ndarray]], None]

HOSTILE: dict[str, tuple[Change, str]] = {
    "settings of a number": (lambda r, a: r.update(settings=7), "int"),
    "settings of text": (lambda r, a: r.update(settings="ab"), ""),
    "no settings": (lambda r, a: r.pop("settings"), "settings"),
    "generators of text": (lambda r, a: r.update(generators="ab"), ""),
    "generator missing": (lambda r, a: r["generators"].clear(), "dropout1"),
    "generator of a list": (lambda r, a: r["generators"].update(dropout1=[1]), "dict|list"),
    "generator of text": (lambda r, a: set_state(r, "x"), ""),
    "negative generator": (lambda r, a: set_state(r, -1), ""),
    "huge generator": (lambda r, a: set_state(r, 1 << 200), ""),
    "generator of parts": (lambda r, a: set_state(r, 1.5), "no state of the generator in dropout1"),
    "other generator": (
        lambda r, a: r["generators"]["dropout1"].update(bit_generator="MT19937"),
        "PCG64|MT19937",
    ),
    "progress of a list": (lambda r, a: r.update(progress=[]), ""),
    "epoch of text": (lambda r, a: r["progress"].update(epoch="1"), "must be counts"),
    "epoch of truth": (lambda r, a: r["progress"].update(epoch=True), "must be counts"),
    "negative step": (lambda r, a: r["progress"].update(step=-1), "must be counts"),
    "steps without losses": (lambda r, a: r["progress"].update(step=3, seen=9), "of no run"),
    "more right than seen": (lambda r, a: r["progress"].update(correct=10), "of no run"),
    "seconds of text": (lambda r, a: r["progress"].update(seconds="9"), "must be numbers"),
    "epochs of numbers": (lambda r, a: r["progress"].update(epochs=[7]), ""),
    "unknown progress": (lambda r, a: r["progress"].update(mood="good"), "mood"),
    "losses of ints": (lambda r, a: a.update(losses=np.zeros(2, int)), "list of float64"),
    "losses in a table": (lambda r, a: a.update(losses=np.zeros((2, 2))), "list of float64"),
    "steps of a list": (lambda r, a: a.update({"optimizer:steps": np.zeros(3, int)}), "steps is"),
    "steps of floats": (lambda r, a: a.update({"optimizer:steps": np.array(1.5)}), "steps is"),
    "another average": (
        lambda r, a: a.update({"average:dense1.w": np.zeros((2, 2), "f4")}),
        "average:dense1.w is",
    ),
    "average of doubles": (
        lambda r, a: a.update({"average:dense1.w": a["average:dense1.w"].astype(float)}),
        "average:dense1.w is .*float64.*expected .*float32",
    ),
    "average too short": (lambda r, a: a.pop("average:dense1.w"), "average:dense1.w.* missing"),
    "average of steps": (lambda r, a: a.update({"average-steps": np.zeros(9)}), "average-steps is"),
    "slots of another shape": (
        lambda r, a: a.update({"optimizer:gradients/dense1.b": np.zeros(7, "f4")}),
        "gradients/dense1.b is",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_checkpoints_are_refused_and_nothing_is_changed(case: str, tmp_path: Path) -> None:
    change, reason = HOSTILE[case]
    path, trainer = tmp_path / "c.npz", make_trainer()
    checkpoint.save(path, trainer, Progress(0))
    arrays = ArrayFile(path).read_all()
    record = json.loads(arrays["record"].tobytes())
    change(record, arrays)
    arrays["record"] = np.frombuffer(json.dumps(record).encode(), np.uint8)
    save_arrays(path, arrays)
    other = make_trainer()
    other.network.params["dense1.w"][...] = 7
    before = {name: value.copy() for name, value in other.network.arrays.items()}
    with pytest.raises(ValueError, match=rf"c\.npz: .*{reason}"):
        checkpoint.load(path, other)
    for name, value in other.network.arrays.items():
        np.testing.assert_array_equal(value, before[name])


def test_a_checkpoint_larger_than_its_network_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.npz"
    checkpoint.save(path, make_trainer(), Progress(0))
    save_arrays(path, ArrayFile(path).read_all() | {"losses": np.zeros(1 << 18)})
    monkeypatch.setattr(checkpoint, "_RECORDS", 1 << 20)
    with memory_limit(1 << 20), pytest.raises(ValueError, match=r"c\.npz: unpacks to 2,"):
        checkpoint.load(path, make_trainer())


# Killed within a save

SAVE_AND_DIE = """
import os, signal, sys
from pathlib import Path

from tests.convnet.training.test_checkpoint import *

path, function = Path(sys.argv[1]), sys.argv[2]
trainer = make_trainer()
checkpoint.save(path, trainer, Progress(1, losses=[1.0]))

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

module, _, name = function.rpartition(".")
setattr(eval(module), name, die)
checkpoint.save(path, trainer, Progress(2, losses=[2.0]))
"""


@pytest.mark.parametrize(
    ("function", "seed"),
    [
        ("np.lib.format.write_array", 1),
        ("convnet.storage.npz.zipfile.ZipFile.writestr", 1),
        ("os.fsync", 1),
        ("Path.replace", 1),
        ("convnet.storage.atomic_write._flush_folder", 2),
    ],
)
def test_kill_within_a_save_leaves_a_whole_checkpoint(
    function: str, seed: int, tmp_path: Path, root: Path
) -> None:
    path = tmp_path / "c.npz"
    command = [sys.executable, "-c", SAVE_AND_DIE, str(path), function]
    killed = subprocess.run(command, cwd=root, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert ArrayFile(path).read_all()
    progress = checkpoint.load(path, make_trainer())
    assert (progress.seed, progress.losses) == (seed, [float(seed)])
