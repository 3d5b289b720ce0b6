"""`download_data.py --set unipen, semeion, optdigits`: of each the part for training alone."""

import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scripts import download_data
from scripts.datasets import writers
from scripts.synthesis.recorded import collection, unipen
from scripts.synthesis.recorded.scans import read_optdigits, read_semeion
from scripts.training.sources import SOURCES
from tests.scripts.datasets.test_lzw import Packer
from tests.scripts.synthesis.test_recorded import LABELS, write_unipen
from tests.scripts.test_download_data import Mirror, serve


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    yield from serve(Mirror({}))


def zipped(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def offer(mirror: Mirror, monkeypatch: pytest.MonkeyPatch, name: str, data: bytes) -> str:
    """Let the mirror have the archive of a set; return the archive's name."""
    source = SOURCES[name]
    digest = "" if name == "unipen" else f"sha256:{hashlib.sha256(data).hexdigest()}"
    file = replace(source.files[0], digest=digest)
    record = f"{mirror.url}/record" if name == "unipen" else ""
    changed = replace(source, files=(file,), mirrors=(mirror.url,), record=record)
    monkeypatch.setitem(SOURCES, name, changed)
    mirror.files[file.name] = data
    return file.name


def run(name: str, folder: Path) -> int:
    return download_data.main(["--set", name, "--out", str(folder)])


# Semeion


def semeion_lines(blocks: int) -> tuple[list[str], list[int]]:
    """Return lines as UCI has them, and the digit of each."""
    rng = np.random.default_rng(0)
    digits = [digit for _ in range(blocks) for digit in np.repeat(np.arange(10), 3).tolist()]
    lines = []
    for digit in digits:
        pixels = " ".join(f"{bit:.4f}" for bit in rng.integers(0, 2, 256))
        marks = " ".join(str(int(digit == mark)) for mark in range(10))
        lines.append(f"{pixels} {marks} \r\n")
    return lines, digits


def test_semeion_keeps_four_blocks(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, digits = semeion_lines(8)
    archive = zipped("semeion.data", "".join(lines).encode())
    name = offer(mirror, monkeypatch, "semeion", archive)
    mirror.break_after[name] = 500
    assert run("semeion", tmp_path) == 0
    assert [asked for _, asked in mirror.requests] == ["", "bytes=500-"]
    names = {path.name for path in (tmp_path / "semeion").iterdir()}
    assert names == {"semeion-blocks-1-4.data", "SOURCE.txt"}
    found = read_semeion(tmp_path / "semeion" / "semeion-blocks-1-4.data")
    assert found.labels.tolist() == digits[: len(digits) // 2]
    assert "10.24432/C5SC8V. CC BY 4.0" in (tmp_path / "semeion" / "SOURCE.txt").read_text()
    mirror.requests.clear()
    assert run("semeion", tmp_path) == 0
    assert not mirror.requests


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (zipped("semeion.names", b""), "has no file semeion.data"),
        (zipped("semeion.data", "".join(semeion_lines(3)[0]).encode()), "only 3 blocks"),
        (zipped("semeion.data", b"0 1 2\n"), "a line without a digit"),
        (b"<html>", "not a whole zip file"),
    ],
)
def test_another_archive_is_refused(
    mirror: Mirror,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    archive: bytes,
    message: str,
) -> None:
    offer(mirror, monkeypatch, "semeion", archive)
    assert run("semeion", tmp_path) == 1
    assert message in capsys.readouterr().err
    assert list((tmp_path / "semeion").iterdir()) == []


# optdigits


def optdigits(count: int) -> bytes:
    rng = np.random.default_rng(0)
    lines = ["entries 1934", "", *["about"] * 19]
    for number in range(count):
        lines += ["".join(map(str, row)) for row in rng.integers(0, 2, (32, 32))]
        lines.append(f" {number % 10}")
    return "\n".join(lines).encode()


@pytest.mark.parametrize("packed", [True, False])
def test_optdigits_is_unpacked(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    data = optdigits(60)
    monkeypatch.setattr(writers, "OPTDIGITS", 60)
    archive = (
        zipped("optdigits-orig.tra.Z", Packer(16).pack(data))
        if packed
        else zipped("optdigits-orig.tra", data)
    )
    offer(mirror, monkeypatch, "optdigits", archive)
    assert run("optdigits", tmp_path) == 0
    assert (tmp_path / "optdigits" / "optdigits-orig.tra").read_bytes() == data
    found = read_optdigits(tmp_path / "optdigits" / "optdigits-orig.tra")
    assert found.labels.tolist() == [number % 10 for number in range(60)]


def test_optdigits_with_too_few_digits_is_refused(
    mirror: Mirror,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    offer(mirror, monkeypatch, "optdigits", zipped("optdigits-orig.tra", optdigits(5)))
    assert run("optdigits", tmp_path) == 1
    assert "expected 1934 digits, got 5" in capsys.readouterr().err
    assert list((tmp_path / "optdigits").iterdir()) == []


# UNIPEN


def cdrom(folder: Path, contributors: tuple[str, ...] = unipen.CONTRIBUTORS) -> bytes:
    """Pack a collection as Zenodo has it: deep in folders, with other contributors' files."""
    root = folder / "unipen" / "CDROM" / "train_r01_v07"
    for who in (*contributors, "apd"):
        for kind in unipen.KINDS:
            write_unipen(root, ("Ann", "Bob"), who=who, kind=kind)
    (root / "data" / "2" / "apa").mkdir(parents=True)
    (root / "data" / "2" / "apa" / "words.dat").write_text("other kinds")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(folder / "unipen", "unipen")
    return buffer.getvalue()


def test_unipen_keeps_six_contributors(
    mirror: Mirror,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = cdrom(tmp_path / "made")
    name = offer(mirror, monkeypatch, "unipen", data)
    digest = f"md5:{hashlib.md5(data, usedforsecurity=False).hexdigest()}"
    mirror.files["record"] = json.dumps({"files": [{"key": name, "checksum": digest}]}).encode()
    mirror.break_after[name] = 700
    assert run("unipen", tmp_path) == 0
    assert (name, "bytes=700-") in mirror.requests
    shown = capsys.readouterr().out
    assert "36 digits of 12 writers and 108 letters and signs" in shown
    assert "10.5281/zenodo.1195803. CC BY 4.0" in shown
    names = {path.name for path in (tmp_path / "unipen").iterdir()}
    assert names == {"unipen-train-writers.tar.gz", "SOURCE.txt"}
    with tarfile.open(tmp_path / "unipen" / "unipen-train-writers.tar.gz") as kept:
        kept_names = kept.getnames()
    assert all(name.startswith(("data/1", "include/")) for name in kept_names)
    assert {name.split("/")[1] for name in kept_names if name.startswith("include")} == set(
        unipen.CONTRIBUTORS
    )


def test_what_is_not_as_published_is_refused(
    mirror: Mirror,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    name = offer(mirror, monkeypatch, "unipen", cdrom(tmp_path / "made"))
    mirror.files["record"] = json.dumps(
        {"files": [{"key": name, "checksum": f"md5:{'0' * 32}"}]}
    ).encode()
    assert run("unipen", tmp_path) == 1
    assert f"this is another file (it should have md5:{'0' * 32})" in capsys.readouterr().err


def test_without_a_digest_everything_is_read(
    mirror: Mirror,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = cdrom(tmp_path / "made")
    offer(mirror, monkeypatch, "unipen", gzip.compress(gzip.decompress(data)[:-20_000]))
    assert run("unipen", tmp_path) == 1
    out, err = capsys.readouterr()
    assert "gives no digest" in out
    assert "checked by reading all of it" in out
    assert "not a whole tar file" in err
    offer(mirror, monkeypatch, "unipen", b"<html>Sign in</html>")
    assert run("unipen", tmp_path) == 1
    assert "it should have packed contents" in capsys.readouterr().err
    offer(mirror, monkeypatch, "unipen", data)
    assert run("unipen", tmp_path) == 0


def test_a_contributor_may_not_be_missing(
    mirror: Mirror,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    offer(mirror, monkeypatch, "unipen", cdrom(tmp_path / "made", unipen.CONTRIBUTORS[:-1]))
    assert run("unipen", tmp_path) == 1
    assert "no digits of the contributors syn" in capsys.readouterr().err
    assert list((tmp_path / "unipen").iterdir()) == []


def test_labels_that_cannot_be_read_are_named_and_left_out(
    mirror: Mirror,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = tmp_path / "made" / "unipen" / "CDROM" / "train_r01_v07"
    write_unipen(broken, ("Cid",), who="apa", labels=LABELS.replace("0-1", "0-7"))
    offer(mirror, monkeypatch, "unipen", cdrom(tmp_path / "made"))
    assert run("unipen", tmp_path) == 0
    shown = capsys.readouterr().out
    assert "left out: data/1a/apa/cid.dat, line 5: strokes 0-7, but the ink has 3" in shown
    assert "36 digits of 12 writers" in shown


def test_all_three_are_what_the_recipe_reads(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writers, "OPTDIGITS", 300)
    offer(mirror, monkeypatch, "unipen", cdrom(tmp_path / "made"))
    lines = "".join(semeion_lines(60)[0])
    monkeypatch.setattr(writers, "SEMEION_BLOCKS", 20)
    offer(mirror, monkeypatch, "semeion", zipped("semeion.data", lines.encode()))
    offer(mirror, monkeypatch, "optdigits", zipped("optdigits-orig.tra", optdigits(300)))
    with pytest.raises(collection.NoCollection, match=r"download_data\.py --set unipen"):
        collection.load(tmp_path)
    for name in ("unipen", "semeion", "optdigits"):
        assert run(name, tmp_path) == 0
    training, choosing = collection.load(tmp_path)
    assert [len(scans.labels) for scans in training.scans] == [450, 100]
    assert [len(scans.labels) for scans in choosing.scans] == [150, 200]
