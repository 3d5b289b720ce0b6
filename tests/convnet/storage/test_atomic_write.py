"""Files are whole or not there, whatever happens while they are written."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from convnet.storage.atomic_write import atomic_write, remove_unfinished


def test_folders_are_made(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a" / "b" / "file") as stream:
        stream.write(b"new")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"new"


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail() -> None:
        with atomic_write(path) as stream:
            stream.write(b"half of the n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_contents_reach_the_disk_before_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noting_fsync(handle: int) -> None:
        done.append("fsync folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "fsync file")
        fsync(handle)

    def noting_replace(self: Path, target: Path) -> Path:
        done.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(Path, "replace", noting_replace)
    with atomic_write(tmp_path / "file") as stream:
        stream.write(b"new")
    assert done == ["fsync file", "rename", "fsync folder"]


KILLED = """
import os, signal
from pathlib import Path
from convnet.storage.atomic_write import atomic_write

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

with atomic_write({path!r}) as stream:
    stream.write(b"n" * 100_000)
    stream.flush()
    {where} = die
"""


@pytest.mark.parametrize(
    ("where", "expected"), [("os.fsync", b"old"), ("Path.replace", b"old"), ("Path.unlink", None)]
)
def test_kill_within_a_write(tmp_path: Path, root: Path, where: str, expected: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    code = KILLED.format(path=str(path), where=where)
    killed = subprocess.run([sys.executable, "-c", code], cwd=root, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_bytes() == (expected or b"n" * 100_000)
    remove_unfinished(path)
    assert list(tmp_path.iterdir()) == [path]


def test_only_its_own_leftovers_are_removed(tmp_path: Path) -> None:
    kept = [tmp_path / name for name in (".b[1].npz.12.part", "b[1].npz", ".b[1].npz.12", "b.part")]
    for path in (*kept, tmp_path / ".b[1].npz.3.part"):
        path.touch()
    remove_unfinished(tmp_path / "b[1].npz.3.part")  # another file's name
    remove_unfinished(tmp_path / "b1.npz")
    assert (tmp_path / ".b[1].npz.3.part").exists()
    remove_unfinished(tmp_path / "b[1].npz")
    assert sorted(tmp_path.iterdir()) == sorted(kept[1:])
