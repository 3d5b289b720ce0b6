"""Real writers: small collections of the tests' own making, whole and broken."""

import gzip
import tarfile

import numpy as np
import pytest

from scripts.synthesis.material import Material
from scripts.synthesis.others.empty import edges
from scripts.synthesis.recorded import collection, unipen
from scripts.synthesis.recorded.collection import NoCollection
from scripts.synthesis.recorded.rewriting import ink_anew, rewrite
from scripts.synthesis.recorded.scans import ScanError, read_optdigits, read_semeion
from scripts.synthesis.recorded.unipen import Archive, Character, UnipenError
from scripts.synthesis.sources import SOURCES
from server.finding.prepare import preprocess
from server.images.errors import BlankImage

INK = """.WRITER_ID {writer}
.STYLE PRINTED
.PEN_DOWN
10 50
\t10\t30
10 10 99
.PEN_UP
.PEN_DOWN
20 50
30 40
.PEN_UP
.START_BOX
.PEN_DOWN
.PEN_UP
"""
LABELS = """.VERSION 1.0
.INCLUDE {who}/about.doc
.INCLUDE {who}/data/{name}.dat
.SEGMENT CHARACTER 0 ? "1"
.SEGMENT CHARACTER 0-1 OK "\\"" some more
.SEGMENT CHARACTER 0,1:3 ? "4"
.SEGMENT CHARACTER 2 ? "9"
"""


def write_unipen(root, writers=("Ann", "Bob"), who="apa", kind="1a", labels=LABELS, ink=INK):
    for writer in writers:
        name = writer.lower()
        for path, text in (
            (f"data/{kind}/{who}/{name}.dat", labels.format(who=who, name=name)),
            (f"include/{who}/data/{name}.dat", ink.format(writer=writer)),
        ):
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    return root


class TestUnipen:
    def test_strokes_labels_and_writers(self, tmp_path):
        found = list(unipen.read(Archive(write_unipen(tmp_path)), "1a"))
        assert [c.label for c in found] == ["1", '"', "4"] * 2, "an empty stroke is no character"
        assert [c.writer for c in found] == ["apa/Ann"] * 3 + ["apa/Bob"] * 3
        np.testing.assert_array_equal(found[0].strokes[0], [[10, -50], [10, -30], [10, -10]])
        assert [len(c.strokes) for c in found[:3]] == [1, 2, 2]

    def test_other_contributors_are_left_out(self, tmp_path):
        write_unipen(tmp_path)
        write_unipen(tmp_path, ("Cid",), who="apd")
        assert {c.writer for c in unipen.read(Archive(tmp_path), "1a")} == {"apa/Ann", "apa/Bob"}

    @pytest.mark.parametrize("packing", ["gz", "xz"])
    def test_a_tar_file_reads_as_its_folder(self, tmp_path, packing):
        folder = write_unipen(tmp_path / "tree")
        packed = tmp_path / f"unipen.tar.{packing}"
        with tarfile.open(packed, f"w:{packing}") as archive:
            archive.add(folder, ".")
        for a, b in zip(
            unipen.read(Archive(packed), "1a"), unipen.read(Archive(folder), "1a"), strict=True
        ):
            assert (a.label, a.writer) == (b.label, b.writer)
            np.testing.assert_array_equal(a.strokes[0], b.strokes[0])

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"labels": LABELS.replace("0-1", "0-7")}, "ann.dat, line 5: strokes 0-7, but the ink"),
            ({"labels": LABELS.replace("0-1", "1-0")}, "line 5: strokes 1-0"),
            ({"labels": LABELS.replace("0-1", "a-b")}, "line 5: not the numbers of strokes"),
            ({"labels": LABELS.replace("0-1", "9" * 5000)}, "line 5: "),
            ({"labels": LABELS.replace(' ? "1"', "")}, "line 4: no segment of a character"),
            ({"labels": LABELS.replace("data/{name}", "data/none")}, "there is no such file"),
            (
                {"ink": INK.replace("20 50", "20 x")},
                "include/apa/data/ann.dat, line 9: not a point",
            ),
            ({"ink": INK.replace("20 50", "20")}, "line 9: not a point"),
            ({"ink": INK.replace("20 50", "nan 3")}, "line 9: a point off any tablet"),
            ({"ink": INK.replace("20 50", "20 1e99")}, "line 9: a point off any tablet"),
        ],
    )
    def test_broken_files_are_refused_by_name_and_place(self, tmp_path, change, message):
        write_unipen(tmp_path, ("Ann",), **change)
        with pytest.raises(UnipenError, match=message):
            list(unipen.read(Archive(tmp_path), "1a"))

    def test_what_is_no_collection_is_refused(self, tmp_path):
        with pytest.raises(UnipenError, match="no UNIPEN collection"):
            list(unipen.read(Archive(tmp_path), "1a"))
        (tmp_path / "a.tar.xz").write_bytes(b"\xfd7zXZ\x00 and no more")
        with pytest.raises(UnipenError, match="not a whole tar file"):
            list(unipen.read(Archive(tmp_path / "a.tar.xz"), "1a"))


def semeion_line(digit):
    pixels = np.zeros(256, int)
    pixels[40:200:16] = 1
    return (
        " ".join(f"{value:.4f}" for value in pixels)
        + " "
        + " ".join(str(int(digit == k)) for k in range(10))
    )


def optdigits_text(digit):
    return "\n".join(["0" * 12 + "1" * 4 + "0" * 16] * 32 + [f" {digit}"])


class TestScans:
    def test_semeion(self, tmp_path):
        file = tmp_path / "semeion.data.gz"
        file.write_bytes(gzip.compress(f"{semeion_line(3)}\n{semeion_line(8)}\n".encode()))
        scans = read_semeion(file)
        assert scans.labels.tolist() == [3, 8]
        assert scans.images.shape == (2, 16, 16)
        assert scans.images[0].ravel()[40:200:16].tolist() == [255] * 10
        assert scans.images[0].sum() == 2550

    def test_optdigits(self, tmp_path):
        file = tmp_path / "digits.tra"
        file.write_text(f"about these\nentwidth = 32\n{optdigits_text(4)}\n{optdigits_text(0)}\n")
        scans = read_optdigits(file)
        assert scans.labels.tolist() == [4, 0]
        assert scans.images.shape == (2, 32, 32)
        assert (scans.images[:, :, 12:16] == 255).all()

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "line 0: there are no digits"),
            (semeion_line(3)[:-2], "line 1: expected 256 pixels and ten marks"),
            (semeion_line(12), "line 1: expected 256 pixels and ten marks"),
            (semeion_line(3).replace("0.0000", "0.5", 1), "each 0 or 1"),
            ("x " + semeion_line(3), "line 1: there is something that is no number"),
        ],
    )
    def test_broken_semeion(self, tmp_path, text, message):
        file = tmp_path / "semeion.data"
        file.write_text(text)
        with pytest.raises(ScanError, match=message):
            read_semeion(file)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("nothing", "line 0: there are no digits"),
            (optdigits_text(4)[:-3], "line 32: the file ends in row 32"),
            (optdigits_text(4).replace("\n", "\n12\n", 1), "line 2: expected row 2 of a digit"),
            (optdigits_text(4) + "\n12", "line 34: expected row 1 of a digit"),
        ],
    )
    def test_broken_optdigits(self, tmp_path, text, message):
        file = tmp_path / "digits.tra"
        file.write_text(text)
        with pytest.raises(ScanError, match=message):
            read_optdigits(file)

    def test_a_gzip_file_without_its_end_is_refused(self, tmp_path):
        file = tmp_path / "semeion.data.gz"
        file.write_bytes(gzip.compress(semeion_line(3).encode() * 50)[:-20])
        with pytest.raises(ScanError, match="cannot be read"):
            read_semeion(file)


@pytest.fixture
def data(tmp_path):
    """A folder with all three collections, small."""
    write_unipen(tmp_path / "unipen", [f"Writer{i}" for i in range(40)])
    labels = '.INCLUDE apa/data/{name}.dat\n.SEGMENT CHARACTER 0 ? "{{}}"\n'
    for kind, label in (("1b", "K"), ("1c", "o"), ("1d", "=")):
        some = labels.replace("{{}}", label)
        write_unipen(tmp_path / "unipen", [f"Writer{i}" for i in range(40)], kind=kind, labels=some)
    for name, text in (
        ("semeion/semeion.data", "\n".join(semeion_line(i % 10) for i in range(200))),
        ("optdigits/optdigits.tra", "\n".join(optdigits_text(i % 10) for i in range(300))),
    ):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    return tmp_path


class TestCollection:
    def test_people_are_divided(self, data):
        training, choosing = collection.load(data)
        writers = [
            {c.writer for group in part.digits for c in group} | {c.writer for c in part.others}
            for part in (training, choosing)
        ]
        assert writers[0].isdisjoint(writers[1])
        assert len(writers[0] | writers[1]) == 40
        assert len(writers[1]) in range(2, 12)
        assert {c.label for c in training.others} == {"K", "="}, "an o could be a zero"
        assert [len(scans.labels) for scans in training.scans] == [50, 100]
        assert [len(scans.labels) for scans in choosing.scans] == [150, 200]

    def test_sessions_of_one_person_stay_together(self):
        for person in range(50):
            names = {f"ibm/r{person:02}-{session:02}" for session in range(8)}
            assert len({collection.is_for_choosing(name) for name in names}) == 1

    def test_other_material_has_another_fingerprint(self, data):
        training, choosing = collection.load(data)
        assert training.fingerprint != choosing.fingerprint
        own, other = Material(recorded=training), Material(recorded=choosing)
        assert own.fingerprint("recorded") != other.fingerprint("recorded")
        assert own.fingerprint("handwriting") == other.fingerprint("handwriting")

    def test_what_is_missing_is_named_with_the_way_to_get_it(self, tmp_path):
        with pytest.raises(NoCollection, match=r"no unipen in .*10.5281/zenodo.1195803"):
            collection.load(tmp_path)


SEVEN = Character(
    "7",
    "apa/Ann",
    (np.array([[0, 0], [60, 0], [60, 0], [20, 100]]), np.array([[20, 50], [50, 50]])),
)


class TestRewriting:
    def test_the_shape_stays_that_of_the_writer(self, rng):
        upright = collection.to_template_units(SEVEN)
        assert np.concatenate(upright).min(axis=0).tolist() == [0, 0]
        assert np.concatenate(upright).max(axis=0).tolist() == [0.6, 1]
        for _ in range(20):
            lines = rewrite(SEVEN, rng)
            assert len(lines) == 2
            extent = np.ptp(np.concatenate(lines), axis=0)
            assert 0.8 < extent[1] < 1.25
            assert 0.3 < extent[0] < 1.1

    def test_a_dot_has_a_place(self):
        (line,) = collection.to_template_units(Character("-", "a/b", (np.array([[3, 4]] * 5),)))
        assert len(line) == 2
        assert np.isfinite(line).all()

    def test_a_scan_becomes_a_larger_smooth_shape(self, rng):
        mask = np.zeros((16, 16), np.uint8)
        mask[:, 6:9] = 255
        for _ in range(10):
            ink = ink_anew(mask, rng)
            assert 100 < ink.shape[0] < 170
            assert (ink > 128).mean() > 0.5


def can_be_read(picture):
    try:
        return preprocess(picture.grey).shape == (28, 28)
    except BlankImage:
        return False


@pytest.mark.parametrize("kind", ["recorded", "letters", "scans", "empties"])
def test_each_source_draws_pictures_that_can_be_read(kind, data, rng):
    training, _ = collection.load(data)
    everyone = tuple((SEVEN,) for _ in range(10))
    material = Material(recorded=collection.Recorded(everyone, training.others, training.scans))
    stream = SOURCES[kind](rng, material)
    pictures = [next(stream) for _ in range(40)]
    least = 1 if kind == "empties" else 30  # nothing is found in most of what is empty
    assert sum(map(can_be_read, pictures)) >= least
    digits = {p.label for p in pictures}
    assert digits == {-1} if kind in ("letters", "empties") else digits <= set(range(10))
    assert Material().allows(kind) == (kind == "empties")


def test_a_cell_without_a_digit_has_a_level_wall(rng):
    """An upright wall alone would be read as a one, and rightly so."""
    for _ in range(50):
        wall = edges((60, 60), rng)
        rows = np.sort((wall > 0.2 * wall.max()).sum(axis=0))
        assert rows[5] > 0, "nearly every column meets a wall"
