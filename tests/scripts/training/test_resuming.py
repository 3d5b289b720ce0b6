"""`scripts/train.py`: any moment is a good one to stop, and the end is the same to the byte."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import convnet
from convnet.storage.npz import ArrayFile
from scripts import train
from tests.support.tiny_digits import tiny_digits, write_idx
from tests.support.training import arguments, fails, run


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_idx(tmp_path_factory.mktemp("data"), tiny_digits())


LONG = ("--limit", "100", "--epochs", "2", "--every", "0")  # a checkpoint after each of 180 steps


@pytest.fixture(scope="module")
def uninterrupted(data: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    out = tmp_path_factory.mktemp("whole") / "n.npz"
    run(data, out, *LONG)
    return out.read_bytes()


class Command:
    """train.py in a process of its own, saving after every step."""

    def __init__(self, root: Path, data: Path, folder: Path, before: str = "") -> None:
        self.out, self.checkpoint = folder / "n.npz", folder / "run" / "checkpoint.npz"
        self._root = root
        argv = arguments(data, self.out, *LONG, "--checkpoint", str(self.checkpoint.parent))
        self._argv = argv
        self._code = f"{before}\nfrom scripts.train import main\nraise SystemExit(main())"

    def start(self, *more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", self._code, *self._argv, *more]
        return subprocess.Popen(
            command, cwd=self._root, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def start_and_wait_for_steps(self, *more: str) -> subprocess.Popen[str]:
        """Return once it has saved twice: it is in the midst of training."""
        process = self.start(*more)
        seen = set[int]()
        while process.poll() is None and len(seen) < 2:
            if self.checkpoint.exists():
                seen.add(self.checkpoint.stat().st_ino)  # each save is another file
            time.sleep(0.001)
        return process

    def finish(self) -> bytes:
        process = self.start("--resume")
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        return self.out.read_bytes()


# However busy the machine is, the run must not be over before it is stopped.
SLOWLY = """
import time
from scripts.training.run import Run

on_step = Run.on_step
Run.on_step = lambda self, *state: (on_step(self, *state), time.sleep(0.02))
"""


def steps_done(file: Path) -> int:
    return len(ArrayFile(file).read("losses"))


def test_killed_at_random_moments(
    data: Path, tmp_path: Path, root: Path, uninterrupted: bytes
) -> None:
    slow, command = Command(root, data, tmp_path, SLOWLY), Command(root, data, tmp_path)
    rng = np.random.default_rng(int(os.environ.get("KILL_SEED", "0")))
    done = [0]
    for more in ((), ("--resume",), ("--resume",)):
        process = slow.start_and_wait_for_steps(*more)
        time.sleep(rng.uniform(0, 0.1))
        process.kill()
        process.communicate()
        done.append(steps_done(command.checkpoint))
    assert done == sorted(set(done))  # each time it had got further
    assert command.finish() == uninterrupted
    assert list(command.checkpoint.parent.iterdir()) == [command.checkpoint]  # no leftovers


KILL_AT = """
import os, signal
from pathlib import Path

class Counted:
    calls = 0
    def __init__(self, function): self.function = function
    def __call__(self, *a, **k):
        Counted.calls += 1
        if Counted.calls == {call}:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.function(*a, **k)

os.fsync = Counted(os.fsync)
replace = Path.replace
counted = Counted(replace)
Path.replace = lambda self, target: counted(self, target)
"""


# Three counted calls a save: fsync of the file, rename, fsync of the folder.
@pytest.mark.parametrize("call", [91, 92, 93])
def test_killed_within_a_save(
    call: int, data: Path, tmp_path: Path, root: Path, uninterrupted: bytes
) -> None:
    killed = Command(root, data, tmp_path, before=KILL_AT.format(call=call)).start()
    killed.communicate(timeout=300)
    assert killed.returncode == -signal.SIGKILL
    command = Command(root, data, tmp_path)
    assert steps_done(command.checkpoint) == (30 if call < 93 else 31)
    assert command.finish() == uninterrupted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop(
    number: signal.Signals, data: Path, tmp_path: Path, root: Path, uninterrupted: bytes
) -> None:
    process = Command(root, data, tmp_path, SLOWLY).start_and_wait_for_steps()
    process.send_signal(number)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 130
    assert errors == "\nStopped. The same command with --resume goes on from here.\n"
    command = Command(root, data, tmp_path)
    assert 0 < steps_done(command.checkpoint) < 180
    assert command.finish() == uninterrupted


def test_a_run_with_workers_that_is_asked_to_stop_goes_on_as_if_it_had_not(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workers = ("--limit", "40", "--epochs", "2", "--batch-size", "4", "--workers", "2")
    run(data, tmp_path / "whole.npz", *workers)
    argv = arguments(data, tmp_path / "n.npz", *workers, "--checkpoint", str(tmp_path / "run"))
    with monkeypatch.context() as patch:
        patch.setattr(train, "Run", interrupt_at_step(7))
        assert train.main(argv) == 130
    assert "workers 2, now None" in fails(capsys, *argv, "--resume", "--workers", "1")
    assert train.main([*argv, "--resume"]) == 0
    assert (tmp_path / "n.npz").read_bytes() == (tmp_path / "whole.npz").read_bytes()


def interrupt_at_step(number: int) -> train.Run:
    """A `Run` during whose given step Ctrl-C is pressed."""

    class Interrupted(train.Run):
        def on_step(
            self, trainer: convnet.Trainer, progress: convnet.training.trainer.Progress
        ) -> None:
            if len(progress.losses) == number:
                os.kill(os.getpid(), signal.SIGINT)
            super().on_step(trainer, progress)

    return Interrupted


def test_ctrl_c_saves_although_no_checkpoint_was_due(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uninterrupted: bytes
) -> None:
    argv = [*arguments(data, tmp_path / "n.npz", *LONG), "--checkpoint", str(tmp_path / "r")]
    argv += ["--every", "1000"]
    handler = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        patch.setattr(train, "Run", interrupt_at_step(7))
        assert train.main(argv) == 130
    assert signal.getsignal(signal.SIGINT) == handler
    assert steps_done(tmp_path / "r" / "checkpoint.npz") == 7
    assert train.main([*argv, "--resume"]) == 0
    assert (tmp_path / "n.npz").read_bytes() == uninterrupted


def test_ctrl_c_without_a_checkpoint_says_so(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(train, "Run", interrupt_at_step(7))
    assert train.main(arguments(data, tmp_path / "n.npz")) == 130
    assert "nothing is kept. With --checkpoint DIR it would be" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_run_is_not_overwritten_unasked(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = arguments(data, tmp_path / "n.npz", "--checkpoint", str(tmp_path / "run"))
    assert train.main(argv) == 0
    before = (tmp_path / "run" / "checkpoint.npz").read_bytes()
    assert "holds a run: add --resume to go on, or delete it" in fails(capsys, *argv)
    assert (tmp_path / "run" / "checkpoint.npz").read_bytes() == before


@pytest.mark.parametrize(
    ("more", "difference"),
    [
        (["--batch-size", "2"], "batch_size 1, now 2"),
        (["--seed", "5"], "seed 0, now 5"),
        (["--limit", "100"], "data '"),
        (["--learning-rate", "0.5"], "schedule 'Constant"),
    ],
)
def test_a_run_is_resumed_with_its_own_settings_only(
    more: list[str],
    difference: str,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    argv = arguments(data, tmp_path / "n.npz", "--checkpoint", str(tmp_path / "run"))
    assert train.main(argv) == 0
    assert difference in fails(capsys, *argv, "--resume", *more)


def test_a_finished_run_goes_on_with_more_epochs(
    data: Path, tmp_path: Path, uninterrupted: bytes
) -> None:
    argv = [*arguments(data, tmp_path / "n.npz", *LONG), "--checkpoint", str(tmp_path / "run")]
    assert train.main([*argv, "--epochs", "1"]) == 0
    assert train.main([*argv, "--epochs", "2", "--resume"]) == 0
    assert (tmp_path / "n.npz").read_bytes() == uninterrupted
