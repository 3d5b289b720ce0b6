"""Stand-in sets: files of the right kind, independent of the code that makes training data."""

import ast
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from scripts.synthesis import standins
from scripts.synthesis.standins import refused, snapshots, writers


def rng(seed=0):
    return np.random.default_rng(seed)


def opened(file):
    return Image.open(io.BytesIO(file))


def test_every_writer_wrote_every_digit():
    recordings = writers.recordings()
    names = {writer for writer, _ in recordings}
    assert len(names) >= 10
    assert set(recordings) == {(name, digit) for name in names for digit in range(10)}


def test_standins_share_no_drawing_code_with_training():
    """A set drawn by the training generators would measure how well they were learnt."""
    allowed = {"scripts.synthesis.print.fonts", "scripts.synthesis.mnist.corruptions"}
    for file in Path(standins.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("scripts"):
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                ours = {n for n in names if not n.startswith("scripts.synthesis.standins")}
                assert ours <= allowed, f"{file.name} imports {ours - allowed}"


@pytest.mark.fonts
@pytest.mark.parametrize("name", standins.KINDS)
def test_sets_hold_labelled_files(name):
    made, again = (standins.make_set(name, 20, rng(1)) for _ in range(2))
    assert made.files == again.files
    assert made.labels.dtype == np.int8
    expected = [-1] * 20 if name == "non-digits" else list(range(10)) * 2
    assert made.labels.tolist() == expected
    formats = {opened(file).format for file in made.files}
    assert formats == ({"JPEG"} if name in ("photos", "printed-small") else {"PNG"})


def test_corrupted_sets_need_mnist_and_keep_its_labels():
    images, labels = np.full((3, 28, 28), 200, np.uint8), np.array([4, 5, 6], np.uint8)
    sets = standins.corrupted_sets(images, labels, rng())
    assert len(sets) == 16
    assert np.array_equal(np.asarray(opened(sets["mnist"].files[0])), images[0])
    assert all(one.labels.tolist() == [4, 5, 6] for one in sets.values())


def test_drawings_have_the_asked_stroke_and_size():
    bar = [np.array([[0.0, -0.5], [0.0, 0.5]])]
    look = writers.Look(400, 0.6, 0.25)
    alpha = np.asarray(writers.show(bar, look, rng()).convert("L")) < 128
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    assert np.ptp(rows) + 1 == pytest.approx(240, abs=4)
    assert np.ptp(columns) + 1 == pytest.approx(60, abs=4)


def test_canvases_come_in_all_looks():
    looks = [writers.draw_look(rng(seed), (0.04, 0.25)) for seed in range(60)]
    assert any(look.paper[3] == 0 for look in looks)
    assert any(sum(look.paper[:3]) < 150 and look.paper[3] for look in looks)
    assert all(0.04 <= look.width <= 0.25 and 0.15 <= look.share <= 0.95 for look in looks)
    assert all(280 <= look.side <= 800 for look in looks)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_photos_stand_upright_once_their_flag_is_obeyed(orientation):
    photo = Image.new("RGB", (64, 48), "white")
    photo.paste((0, 0, 0), (0, 0, 16, 16))
    read = opened(snapshots.store(photo, orientation, 95))
    assert read.getexif().get(snapshots.ORIENTATION) == orientation
    upright = ImageOps.exif_transpose(read)
    assert upright.size == photo.size
    assert upright.convert("L").getpixel((4, 4)) < 60
    assert upright.convert("L").getpixel((60, 44)) > 200


def test_snapshots_show_dark_ink_on_lighter_paper():
    for seed in range(4):
        grey = np.asarray(opened(snapshots.snapshot(writers.write(4, rng(seed)), rng(seed))))
        grey = grey.mean(axis=2)
        assert grey.shape in {(480, 640), (640, 480)}
        assert grey.min() < 0.6 * np.median(grey)


def test_corners_are_cut_and_ends_are_kept():
    square = np.array([[0, 0], [1, 0], [1, 1.0]])
    smooth = writers.cut_corners(square)
    np.testing.assert_array_equal(smooth[[0, -1]], square[[0, -1]])
    assert np.abs(smooth - square[1]).sum(axis=1).min() > 0.05


def test_look_alikes_are_not_asked_to_be_refused():
    assert not set("OoIl|SsZzBqg0123456789") & set(refused.LETTERS + refused.SIGNS)


@pytest.mark.parametrize("make", sorted(set(refused.DRAWN), key=lambda f: f.__name__))
def test_refused_drawings_are_lines(make):
    for seed in range(6):
        lines = make(rng(seed))
        assert all(line.ndim == 2 and line.shape[1] == 2 for line in lines)
        assert np.ptp(np.concatenate(lines), axis=0).max() > 0.3
