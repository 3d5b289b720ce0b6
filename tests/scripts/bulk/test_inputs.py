"""Every kind of input gives the same pictures; what is broken is a row with its reason."""

import csv
import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from PIL import Image
from pyarrow import parquet

from convnet.datasets import idx
from scripts.bulk.chunks import plan
from scripts.bulk.containers import Options, Unreadable

COUNT = 11


@pytest.fixture
def pixels(rng):
    return rng.integers(0, 256, (COUNT, 28, 28), dtype=np.uint8)


@pytest.fixture
def options(tmp_path):
    return Options(str(tmp_path), max_bytes=100_000)


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def names(inputs, options):
    return [name for chunk in plan(inputs, options, 4, 3) for name, _ in chunk.items(options)]


def contents(inputs, options):
    items = [item for chunk in plan(inputs, options, 4, 3) for item in chunk.items(options)]
    return [source for _, source in items]


def as_pixels(source):
    return source if isinstance(source, np.ndarray) else np.asarray(Image.open(io.BytesIO(source)))


def write_table(path, pixels):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["label", *(f"pixel{i}" for i in range(784))])
        writer.writerows([[3, *row] for row in pixels.reshape(len(pixels), -1).tolist()])


def write(kind, folder, pixels):
    """Write pictures in a way of holding them; return what to give the command."""
    files = [(f"{number:02}.png", png(picture)) for number, picture in enumerate(pixels)]
    if kind in ("folder", "pattern", "list"):
        for name, data in files:
            (folder / name).write_bytes(data)
        (folder / "notes.md").write_text("no picture, and not meant")
        paths = [str(folder / name) for name, _ in files]
        (folder / "list.txt").write_text("\n".join(paths) + "\n")
        return {"folder": str(folder), "pattern": "in/*.png", "list": "in/list.txt"}[kind]
    if kind == "zip":
        with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README.txt", "not meant")
            for name, data in files:
                archive.writestr(f"below/{name}", data)
        return "in/a.zip"
    if kind in ("tar", "tar.gz", "tar.xz"):
        with tarfile.open(folder / f"a.{kind}", f"w:{kind[4:]}") as archive:
            for name, data in files:
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        return f"in/a.{kind}"
    if kind == "idx":
        (folder / "a-images-idx3-ubyte").write_bytes(idx.encode(pixels))
        return "in/a-images-idx3-ubyte"
    if kind == "idx.gz":
        (folder / "a.idx.gz").write_bytes(gzip.compress(idx.encode(pixels)))
        return "in/a.idx.gz"
    write_table(folder / "a.csv", pixels)
    return "in/a.csv"


KINDS = ("folder", "pattern", "list", "zip", "tar", "tar.gz", "tar.xz", "idx", "idx.gz", "csv")


@pytest.mark.parametrize("kind", KINDS)
def test_any_input_gives_every_picture_once_and_in_order(tmp_path, pixels, options, kind):
    folder = tmp_path / "in"
    folder.mkdir()
    given = write(kind, folder, pixels)
    found = contents([given], options)
    assert [as_pixels(source).tolist() for source in found] == pixels.tolist()
    assert len(set(names([given], options))) == COUNT
    chunks = list(plan([given], options, 4, 3))
    assert [chunk.digest for chunk in plan([given], options, 4, 3)] == [c.digest for c in chunks]
    # Whoever gets only some of the chunks, in any order, reads the same.
    backwards = [list(chunk.items(options)) for chunk in reversed(chunks)]
    again = [source for part in reversed(backwards) for _, source in part]
    assert [as_pixels(source).tolist() for source in again] == pixels.tolist()


def test_inputs_may_be_mixed(tmp_path, pixels, options):
    folder = tmp_path / "in"
    folder.mkdir()
    given = [write(kind, folder, pixels) for kind in ("idx", "zip", "csv")]
    (tmp_path / "one.png").write_bytes(png(pixels[0]))
    found = contents(["one.png", *given, "one.png"], options)
    assert len(found) == 3 * COUNT + 2


def test_a_name_that_means_nothing_is_an_error(options):
    with pytest.raises(FileNotFoundError, match="no such file"):
        list(plan(["none/*.png"], options, 4, 3))


def test_a_changed_file_has_other_chunks(tmp_path, pixels, options):
    path = tmp_path / "a.idx"
    path.write_bytes(idx.encode(pixels))
    before = [chunk.digest for chunk in plan(["a.idx"], options, 4, 3)]
    path.write_bytes(idx.encode(pixels[::-1].copy()) + b"")
    os.utime(path, ns=(1, 1))
    assert not set(before) & {chunk.digest for chunk in plan(["a.idx"], options, 4, 3)}


def reasons(inputs, options):
    return [str(s) if isinstance(s, Unreadable) else "" for s in contents(inputs, options)]


def test_damage_in_an_archive_is_the_reason_of_its_rows(tmp_path, pixels, options):
    folder = tmp_path / "in"
    folder.mkdir()
    path = tmp_path / write("zip", folder, pixels)
    data = bytearray(path.read_bytes())
    data[data.index(b"below/03.png") + 60] ^= 0xFF
    path.write_bytes(data)
    found = reasons([str(path)], options)
    assert "damaged" in found[3]
    assert found[:3] + found[4:] == [""] * (COUNT - 1)
    path.write_bytes(data[: len(data) // 2])  # without its table of contents
    assert ["damaged" in reason for reason in reasons([str(path)], options)] == [True]


@pytest.mark.parametrize("kind", ["tar", "tar.gz"])
def test_of_a_tar_file_without_its_end_the_beginning_is_read(tmp_path, pixels, options, kind):
    folder = tmp_path / "in"
    folder.mkdir()
    path = tmp_path / write(kind, folder, pixels)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10] if kind == "tar.gz" else data[: 512 * 14 + 5])
    found = reasons([str(path)], options)
    assert 2 < len(found) <= COUNT + 1
    assert found[:2] == ["", ""]
    assert "damaged" in found[-1]


def test_an_idx_file_that_claims_more_than_it_has_is_one_row(tmp_path, pixels, options):
    data = bytearray(idx.encode(pixels))
    data[4] = 0x7F  # two thousand million pictures
    (tmp_path / "a.idx").write_bytes(data)
    assert ["claims more" in reason for reason in reasons(["a.idx"], options)] == [True]
    (tmp_path / "b.idx").write_bytes(b"PK not idx at all")
    assert ["no IDX file" in reason for reason in reasons(["b.idx"], options)] == [True]


def test_of_a_gzipped_idx_file_without_its_end_the_beginning_is_read(tmp_path, pixels, options):
    data = gzip.compress(idx.encode(pixels))
    (tmp_path / "a.idx.gz").write_bytes(data[: len(data) * 8 // 10])
    found = reasons(["a.idx.gz"], options)
    assert len(found) == COUNT
    assert found[0] == ""
    assert "gzip" in found[-1]


def test_a_bad_row_of_a_table_is_named_by_its_column(tmp_path, pixels, options):
    path = tmp_path / "a.csv"
    write_table(path, pixels)
    lines = path.read_text().splitlines()
    lines[3] = lines[3].replace(",", ",300,", 1)
    lines[5] = "7,x" + ",0" * 783
    path.write_text("\n".join(lines))
    found = reasons(["a.csv"], options)
    assert len(found) == COUNT
    assert found[2].startswith("expected 785 cells")
    assert found[4] == "column 2: expected a pixel in 0..255, got 'x'"
    assert [*found[:2], found[3], *found[5:]] == [""] * (COUNT - 2)


def test_what_is_not_there_or_too_large_is_not_read(tmp_path, options):
    (tmp_path / "large.png").write_bytes(b"x" * 200_000)
    (tmp_path / "list.txt").write_text("none.png\nlarge.png\n")
    missing, large = contents(["list.txt"], options)
    assert str(missing) == "No such file or directory"
    assert len(large) == 100_001  # one more than may be, so that it is refused
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.png", bytes(10_000_000))
    (reason,) = reasons(["bomb.zip"], options)
    assert reason == "the picture has 10000000 bytes, more than the limit of 100000"


def test_pictures_of_a_parquet_file(tmp_path, pixels, options):
    encoded = [png(picture) for picture in pixels]
    flat = pixels.reshape(COUNT, -1).tolist()
    columns = {
        "bytes": encoded,
        "image": [{"bytes": data, "path": None} for data in encoded],
        "pixels": pyarrow.array(flat, pyarrow.list_(pyarrow.uint8())),
        "rows": pixels.tolist(),
    }
    for name, column in columns.items():
        table = pyarrow.table({"id": list(range(COUNT)), name: column})
        parquet.write_table(table, tmp_path / "a.parquet", row_group_size=4)
        found = contents(["a.parquet"], options)
        assert [as_pixels(source).tolist() for source in found] == pixels.tolist(), name
        chunks = list(plan(["a.parquet"], options, 4, 3))
        (last,) = {name for name, _ in chunks[-1].items(options)} - {"a.parquet#9"}
        assert last == "a.parquet#10"
    table = pyarrow.table({"a": [encoded[0], None], "b": [[1, 2, 3], [300] * 4]})
    parquet.write_table(table, tmp_path / "a.parquet")
    (reason,) = reasons(["a.parquet"], options)
    assert "several columns" in reason
    by_column = [
        reasons(["a.parquet"], Options(options.base, column, options.max_bytes))
        for column in ("a", "b", "c")
    ]
    assert by_column[0] == ["", "the row has no picture"]
    assert by_column[1] == ["no picture has the shape (3,)", "expected pixels in 0..255"]
    assert by_column[2] == ["no column 'c'; there are a, b"]
    Path(tmp_path / "a.parquet").write_bytes(b"PAR1 and nothing more")
    assert ["damaged" in reason for reason in reasons(["a.parquet"], options)] == [True]
