"""Workers: the same training as one process does, and nothing is left of them however it ends."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convnet
from convnet import BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU, Residual
from convnet.layers import Layer
from convnet.training import checkpoint
from convnet.training.batches import Stored, to_float, with_channel
from convnet.training.parallel.shared_arrays import SharedArrays
from convnet.training.parallel.team import Team, WorkerError
from convnet.training.trainer import History, Trainer
from tests.support.tiny_digits import tiny_digits

DATA = tiny_digits()


def plain_network() -> convnet.Sequential:
    """Return one in double precision whose layers look at each image by itself."""
    layers: list[Layer] = [Conv2D(4, 3, padding=1), ReLU(), MaxPool2D(2)]
    layers += [Residual([Conv2D(4, 3, padding=1), ReLU()]), Flatten(), Dense(10)]
    return convnet.Sequential(layers, (28, 28, 1), rng=np.random.default_rng(0), dtype=np.float64)


def random_trainer() -> Trainer:
    """Return what trains a network with all that is random or depends on the whole batch."""
    layers = [Flatten(), Dense(12), BatchNorm(), ReLU(), Dropout(0.2), Dense(10)]
    network = convnet.Sequential(layers, (28, 28, 1), rng=np.random.default_rng(0))
    return Trainer(network, average=0.9)


def add_noise(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return images + rng.random(images.shape, np.float32)


def fail(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    raise ValueError(f"no {len(images)} images")


def fit(trainer: Trainer, progress: History | None = None, **options: object) -> History:
    settings: dict = {"epochs": 2, "batch_size": 32, "augment": add_noise, "workers": 2}
    return trainer.fit(
        DATA.train.images,
        DATA.train.labels,
        rng=np.random.default_rng(1),
        progress=progress,
        **settings | options,
    )


def assert_equal_arrays(one: convnet.Sequential, other: convnet.Sequential) -> None:
    for name, value in one.arrays.items():
        np.testing.assert_array_equal(value, other.arrays[name], err_msg=name)


def shared_blocks() -> set[str]:
    folder = Path("/dev/shm")
    return {path.name for path in folder.glob("psm_*")} if folder.is_dir() else set()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def test_a_step_has_the_gradient_of_one_process() -> None:
    images, labels = DATA.train.images[:30].astype(np.float64) / 255, DATA.train.labels[:30]
    network = plain_network()
    trainer = Trainer(network)
    with Team(network, 2, images, 30) as team:
        # 30, then a smaller batch, of which the second worker alone has any
        for count in (30, 7, 1):
            outputs = team.forward(Stored(images[:count], None, (0, 0, 0)))
            loss, dout = trainer.loss(outputs, labels[:count])
            team.backward(dout)
            shared = {name: value.copy() for name, value in network.grads.items()}
            alone = network.forward(images[:count, ..., None], training=True)
            expected_loss, expected_dout = trainer.loss(alone, labels[:count])
            network.backward(expected_dout, need_dx=False)
            assert loss == pytest.approx(expected_loss, rel=1e-12)
            np.testing.assert_allclose(outputs, alone, rtol=1e-10, atol=1e-12)
            assert len(shared) == 6
            for name, value in network.grads.items():
                np.testing.assert_allclose(
                    shared[name], value, rtol=1e-9, atol=1e-12 * np.abs(value).max(), err_msg=name
                )


def test_batch_norm_normalises_each_part_and_its_statistics_are_their_mean() -> None:
    images = np.random.default_rng(0).random((5, 3))
    layers: list[Layer] = [BatchNorm(momentum=0.5)]
    network = convnet.Sequential(layers, (3,), rng=np.random.default_rng(0), dtype=np.float64)
    parts = [images[:2], images[2:]]
    with Team(network, 2, images, 5) as team:
        outputs = team.forward(Stored(images, None, (0, 0, 0)))
        team.backward(np.ones_like(outputs))
    expected = [(part - part.mean(0)) / np.sqrt(part.var(0) + 1e-5) for part in parts]
    np.testing.assert_allclose(outputs, np.concatenate(expected), rtol=1e-9)
    mean = 0.5 * (2 * parts[0].mean(0) + 3 * parts[1].mean(0)) / 5
    var = 0.5 + 0.5 * (2 * parts[0].var(0, ddof=1) + 3 * parts[1].var(0, ddof=1)) / 5
    np.testing.assert_allclose(network.layers[0].state["mean"], mean, rtol=1e-9)
    np.testing.assert_allclose(network.layers[0].state["var"], var, rtol=1e-9)


def test_a_resumed_run_ends_the_same_and_so_does_the_same_run_again(tmp_path: Path) -> None:
    path = tmp_path / "c.npz"

    def on_step(trainer: Trainer, history: History) -> None:
        if (history.epoch, history.step) == (1, 3):
            checkpoint.save(path, trainer, history)

    whole, resumed = random_trainer(), random_trainer()
    losses = fit(whole, on_step=on_step).losses
    ended = fit(resumed, checkpoint.load(path, resumed))
    assert_equal_arrays(whole.network, resumed.network)
    assert ended.losses == losses
    assert np.mean(losses[-4:]) < np.mean(losses[:4])
    assert not shared_blocks()


class Counting(Trainer):
    """Counts its steps."""

    steps = 0

    def step(self, x: Any, labels: Any) -> float:
        self.steps += 1
        return super().step(x, labels)


@pytest.mark.parametrize("workers", [1, 2])
def test_fit_calls_the_step_of_a_trainer_of_ones_own(workers: int) -> None:
    trainer = Counting(random_trainer().network)
    losses = fit(trainer, workers=workers).losses
    assert trainer.steps == len(losses) > 0
    images, labels = DATA.train.images[:8], DATA.train.labels[:8]
    assert trainer.step(with_channel(to_float(images)), labels) > 0  # in this process again


def test_each_worker_has_random_numbers_of_its_own() -> None:
    images = np.ones((64, 40), np.float32)
    layers: list[Layer] = [Dropout(0.5)]
    network = convnet.Sequential(layers, (40,), rng=np.random.default_rng(0))
    with Team(network, 2, images, 64) as team:
        first = team.forward(Stored(images, None, (0, 0, 1)))
        second = team.forward(Stored(images, None, (0, 0, 2)))
        again = team.forward(Stored(images, None, (0, 0, 1)))
    np.testing.assert_array_equal(first, again)
    halves = [first[:32], first[32:], second[:32], second[32:]]
    assert len({half.tobytes() for half in halves}) == 4
    assert 0.4 < np.mean(first == 0) < 0.6


def test_layers_may_be_frozen_and_thawed_on_the_way() -> None:
    trainer = Trainer(plain_network())
    first = trainer.network.layers[0]
    first.trainable = False
    before, frozen = first.params["w"].copy(), []

    def on_epoch(trainer: Trainer, history: History) -> None:
        frozen.append(first.params["w"].copy())
        first.trainable = True

    fit(trainer, augment=None, on_epoch=on_epoch)
    np.testing.assert_array_equal(frozen[0], before)
    assert (frozen[1] != before).any()


def test_an_error_of_a_worker_is_raised_as_it_is_with_its_place() -> None:
    with pytest.raises(ValueError, match="no 16 images") as raised:
        fit(random_trainer(), augment=fail)
    assert "in worker 0" in "".join(raised.value.__notes__)
    assert ", in fail" in "".join(raised.value.__notes__)
    assert not shared_blocks()


@pytest.mark.parametrize("workers", [0, -1, 1.5])
def test_there_is_a_whole_number_of_workers(workers: float) -> None:
    with pytest.raises(ValueError, match="`workers` must be"):
        fit(random_trainer(), workers=workers)


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="the system does not say what is free")
def test_too_little_shared_memory_is_said_before_it_is_used() -> None:
    with pytest.raises(OSError, match=r"MiB of shared memory, and /dev/shm has .*--shm-size"):
        SharedArrays({"large": ((1 << 44,), np.dtype(np.uint8))})


def children() -> list[int]:
    """Return the worker processes of this process."""
    return [process.pid or 0 for process in multiprocessing.active_children()]


def test_a_killed_worker_is_an_error_that_says_so() -> None:
    seen: list[int] = []

    def on_step(trainer: Trainer, history: History) -> None:
        if not seen:
            seen.extend(sorted(children()))
            os.kill(seen[1], signal.SIGKILL)

    with pytest.raises(WorkerError, match=r"worker 1 of 2 ended \(SIGKILL\)"):
        fit(random_trainer(), on_step=on_step)
    assert len(seen) == 2
    assert not children()
    assert not shared_blocks()


def interrupt(trainer: Trainer, history: History) -> None:
    for pid in children():  # as from a terminal, which tells all of them
        os.kill(pid, signal.SIGINT)
        os.kill(pid, signal.SIGTERM)
    if history.step == 3:
        os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Heed SIGINT, which whoever runs the tests in the background ignores."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_it_where_the_parent_says() -> None:
    with pytest.raises(KeyboardInterrupt):
        fit(random_trainer(), on_step=interrupt)
    assert not children()
    assert not shared_blocks()


PARENT = """
import multiprocessing, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {root!r})
from tests.convnet.training.parallel.test_team import fit, random_trainer

def on_step(trainer, history):
    print(*[process.pid for process in multiprocessing.active_children()], flush=True)
    time.sleep(0.01)

fit(random_trainer(), epochs=10_000, on_step=on_step)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_the_parent(number: signal.Signals, root: Path) -> None:
    before = shared_blocks()
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(root=str(root))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    workers = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(workers) == 2
    assert all(map(is_running, workers))
    assert shared_blocks() == before  # it has no name by now, and so cannot stay
    parent.send_signal(number)
    _, errors = parent.communicate(timeout=60)
    assert parent.returncode == -number or "KeyboardInterrupt" in errors
    assert "leaked" not in errors
    wait_until(lambda: not any(map(is_running, workers)))
    assert shared_blocks() == before


def wait_until(is_true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_script_without_a_guard_is_told(root: Path, tmp_path: Path) -> None:
    script = tmp_path / "unguarded.py"
    script.write_text(PARENT.format(root=str(root)))
    ended = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert "within `if __name__ == '__main__':`, because each worker imports it" in ended.stderr
