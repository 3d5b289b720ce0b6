"""`scripts/download_data.py` against a local server that misbehaves in all the usual ways."""

import gzip
import hashlib
import io
import re
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from convnet.datasets import idx
from convnet.datasets.mnist import SHA256
from scripts import download_data
from scripts.training.sources import MNIST, SOURCES, RemoteFile, Source

NAMES = tuple(SHA256)


@dataclass
class Mirror:
    """A web server with files, which can be told to break."""

    files: dict[str, bytes]
    break_after: dict[str, int] = field(default_factory=dict)  # once, after so many bytes
    ranges: bool = True
    requests: list[tuple[str, str]] = field(default_factory=list)  # (file name, Range)
    url: str = ""


def handler(mirror: Mirror) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/")
            mirror.requests.append((name, self.headers.get("Range", "")))
            if name not in mirror.files:
                self.send_error(404)
                return
            data = mirror.files[name]
            asked = self.headers.get("Range") if mirror.ranges else None
            start = int(re.sub(r"\D", "", asked)) if asked else 0
            if asked and start >= len(data):
                self.send_error(416)
                return
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            self.wfile.write(data[start : mirror.break_after.pop(name, None)])

        def log_message(self, *args: object) -> None:
            pass

    return Handler


def serve(mirror: Mirror) -> Iterator[Mirror]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(mirror)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        mirror.url = f"http://127.0.0.1:{server.server_port}"
        yield mirror
        server.shutdown()
        thread.join()


@pytest.fixture
def contents(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Four small files that are taken for MNIST's while the test runs."""
    unpacked = {}
    for name in NAMES:
        shape = (300, 28, 28) if "images" in name else (300,)
        unpacked[name] = idx.encode(rng.integers(0, 10, shape, dtype=np.uint8))
    files = tuple(
        RemoteFile(f"{name}.gz", f"sha256:{hashlib.sha256(data).hexdigest()}", gunzipped=True)
        for name, data in unpacked.items()
    )
    for name, data in unpacked.items():  # for what finds them unpacked, or in a sub-folder
        monkeypatch.setitem(SHA256, name, hashlib.sha256(data).hexdigest())
    monkeypatch.setitem(SOURCES, "mnist", replace(MNIST, files=files))
    return {f"{name}.gz": gzip.compress(data) for name, data in unpacked.items()}


@pytest.fixture
def mirror(contents: dict[str, bytes]) -> Iterator[Mirror]:
    yield from serve(Mirror(dict(contents)))


@pytest.fixture
def second(contents: dict[str, bytes]) -> Iterator[Mirror]:
    yield from serve(Mirror(dict(contents)))


def assert_complete(folder: Path, contents: dict[str, bytes]) -> None:
    assert {path.name: gzip.decompress(path.read_bytes()) for path in folder.iterdir()} == {
        name: gzip.decompress(data) for name, data in contents.items()
    }


def run(folder: Path, *mirrors: Mirror, name: str = "mnist") -> int:
    options = [option for mirror in mirrors for option in ("--mirror", mirror.url)]
    return download_data.main(["--set", name, "--out", str(folder), *options])


def test_fetches_all_four_files_into_a_new_folder(
    tmp_path: Path, mirror: Mirror, contents: dict[str, bytes]
) -> None:
    assert run(tmp_path / "new" / "folder", mirror) == 0
    assert_complete(tmp_path / "new" / "folder", contents)


def test_asks_for_nothing_when_all_is_there(tmp_path: Path, mirror: Mirror) -> None:
    run(tmp_path, mirror)
    mirror.requests.clear()
    assert run(tmp_path, mirror) == 0
    assert mirror.requests == []


def test_takes_files_in_a_subfolder_for_granted(tmp_path: Path, mirror: Mirror) -> None:
    run(tmp_path / "mnist", mirror)
    mirror.requests.clear()
    assert run(tmp_path, mirror) == 0
    assert mirror.requests == []


def test_replaces_a_file_that_is_wrong(
    tmp_path: Path, mirror: Mirror, contents: dict[str, bytes]
) -> None:
    run(tmp_path, mirror)
    (tmp_path / f"{NAMES[1]}.gz").write_bytes(b"not gzip")
    mirror.requests.clear()
    assert run(tmp_path, mirror) == 0
    assert [name for name, _ in mirror.requests] == [f"{NAMES[1]}.gz"]
    assert_complete(tmp_path, contents)


def test_goes_on_where_a_broken_connection_stopped(
    tmp_path: Path, mirror: Mirror, contents: dict[str, bytes]
) -> None:
    name = f"{NAMES[0]}.gz"
    mirror.break_after[name] = 50_000
    assert run(tmp_path, mirror) == 0
    ranges = [asked for file, asked in mirror.requests if file == name]
    assert ranges == ["", "bytes=50000-"]
    assert_complete(tmp_path, contents)


def test_resumes_what_an_earlier_run_left(
    tmp_path: Path, mirror: Mirror, contents: dict[str, bytes]
) -> None:
    name = f"{NAMES[0]}.gz"
    (tmp_path / f"{name}.partial").write_bytes(contents[name][:1234])
    assert run(tmp_path, mirror) == 0
    assert (name, "bytes=1234-") in mirror.requests
    assert_complete(tmp_path, contents)


def test_finishes_a_partial_file_that_was_complete(
    tmp_path: Path, mirror: Mirror, contents: dict[str, bytes]
) -> None:
    name = f"{NAMES[0]}.gz"
    (tmp_path / f"{name}.partial").write_bytes(contents[name])
    assert run(tmp_path, mirror) == 0
    assert_complete(tmp_path, contents)


def test_starts_again_when_the_partial_file_is_of_another_mirror(
    tmp_path: Path, mirror: Mirror, contents: dict[str, bytes]
) -> None:
    (tmp_path / f"{NAMES[0]}.gz.partial").write_bytes(b"packed differently")
    assert run(tmp_path, mirror) == 0
    assert_complete(tmp_path, contents)


def test_starts_again_with_a_server_that_knows_no_ranges(
    tmp_path: Path, mirror: Mirror, contents: dict[str, bytes]
) -> None:
    mirror.ranges = False
    (tmp_path / f"{NAMES[0]}.gz.partial").write_bytes(contents[f"{NAMES[0]}.gz"][:1234])
    assert run(tmp_path, mirror) == 0
    assert_complete(tmp_path, contents)


def test_turns_to_the_second_mirror(
    tmp_path: Path, mirror: Mirror, second: Mirror, contents: dict[str, bytes]
) -> None:
    mirror.files.clear()
    assert run(tmp_path, mirror, second) == 0
    assert_complete(tmp_path, contents)


@pytest.mark.parametrize("wrong", [b"<html>Sign in</html>", gzip.compress(b"other", mtime=0), b""])
def test_refuses_wrong_bytes(
    tmp_path: Path, mirror: Mirror, wrong: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror.files[f"{NAMES[0]}.gz"] = wrong
    assert run(tmp_path, mirror) == 1
    assert not list(tmp_path.glob(f"{NAMES[0]}*"))
    assert f"Could not download {NAMES[0]}.gz" in capsys.readouterr().err


def test_says_what_each_mirror_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert download_data.main(["--out", str(tmp_path), "--mirror", "http://127.0.0.1:9"]) == 1
    assert "http://127.0.0.1:9/train-images-idx3-ubyte.gz: " in capsys.readouterr().err


def test_shows_progress_without_tqdm(
    tmp_path: Path,
    mirror: Mirror,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tqdm", None)
    assert run(tmp_path, mirror) == 0
    assert "(100%)" in capsys.readouterr().err


# The table


def test_every_row_of_the_table_is_whole() -> None:
    for source in SOURCES.values():
        assert source.mirrors
        for file in source.files:
            if not file.digest:
                assert source.record
                assert file.prepare
                continue
            algorithm, _, digest = file.digest.partition(":")
            assert len(digest) == {"sha256": 64, "md5": 32}[algorithm]
    assert len(set(MNIST.mirrors)) == 2
    assert {
        "mnist",
        "fashion-mnist",
        "emnist",
        "cifar10",
        "unipen",
        "semeion",
        "optdigits",
    } <= SOURCES.keys()


def test_help_lists_the_sets(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        download_data.main(["--help"])
    shown = capsys.readouterr().out
    assert all(f"{name} " in shown and source.title in shown for name, source in SOURCES.items())


def test_names_of_classes_are_written_beside_the_files(
    tmp_path: Path, mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = RemoteFile("a.bin", f"md5:{hashlib.md5(b'pixels', usedforsecurity=False).hexdigest()}")
    names = ("T-shirt/top", "Ankle boot")
    monkeypatch.setitem(SOURCES, "cifar10", Source("Test", "sub", (), (file,), names))
    mirror.files["a.bin"] = b"pixels"
    assert run(tmp_path, mirror, name="cifar10") == 0
    assert (tmp_path / "sub" / "a.bin").read_bytes() == b"pixels"
    assert (tmp_path / "sub" / "classes.txt").read_text() == "T-shirt/top\nAnkle boot\n"


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


MEMBERS = {"pack/one.bin": b"1" * 100_000, "pack/two.bin": b"2", "pack/readme.html": b"no"}


@pytest.mark.parametrize(("name", "pack"), [("a.zip", zipped), ("a.tar.gz", tarred)])
def test_archives_are_resumed_and_unpacked(
    tmp_path: Path,
    mirror: Mirror,
    name: str,
    pack: Callable[[dict[str, bytes]], bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = pack(MEMBERS)
    digest = f"md5:{hashlib.md5(data, usedforsecurity=False).hexdigest()}"
    file = RemoteFile(name, digest, members={"pack/one.bin": "x/one", "pack/two.bin": "two"})
    monkeypatch.setitem(SOURCES, "emnist", Source("Test", "sub", (), (file,)))
    mirror.files[name], mirror.break_after[name] = data, 40
    assert run(tmp_path, mirror, name="emnist") == 0
    assert mirror.requests == [(name, ""), (name, "bytes=40-")]
    there = {path: path.read_bytes() for path in (tmp_path / "sub").rglob("*") if path.is_file()}
    assert there == {
        tmp_path / "sub" / "x" / "one": MEMBERS["pack/one.bin"],
        tmp_path / "sub" / "two": b"2",
    }
    mirror.requests.clear()
    assert run(tmp_path, mirror, name="emnist") == 0
    assert not mirror.requests


@pytest.mark.parametrize(("name", "pack"), [("a.zip", zipped), ("a.tar.gz", tarred)])
def test_an_archive_without_a_member_is_named(
    tmp_path: Path,
    mirror: Mirror,
    name: str,
    pack: Callable[[dict[str, bytes]], bytes],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = pack(MEMBERS)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    file = RemoteFile(name, digest, members={"pack/three.bin": "three"})
    monkeypatch.setitem(SOURCES, "emnist", Source("Test", "sub", (), (file,)))
    mirror.files[name] = data
    assert run(tmp_path, mirror, name="emnist") == 1
    assert "the archive has no file pack/three.bin" in capsys.readouterr().err
