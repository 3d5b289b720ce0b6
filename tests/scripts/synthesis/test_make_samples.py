"""The sample sheets are written where they are asked for."""

import pytest
from PIL import Image

from scripts import make_samples


def test_sheets_are_written_and_the_same_every_time(tmp_path, capsys):
    sheets = ["templates", "handwriting", "writers"]
    for folder in ("a", "b"):
        assert make_samples.main(["--out", str(tmp_path / folder), *sheets]) == 0
    for name in sheets:
        first, again = (tmp_path / folder / f"{name}.png" for folder in ("a", "b"))
        assert first.read_bytes() == again.read_bytes()
        with Image.open(first) as sheet:
            assert sheet.width >= 640
    assert "handwriting.png" in capsys.readouterr().out


def test_unknown_sheets_are_named(capsys):
    with pytest.raises(SystemExit):
        make_samples.main(["tapestry"])
    assert "no such sheet: tapestry" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_named(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert make_samples.main(["templates", "--out", str(tmp_path / "file" / "below")]) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith(f"make_samples.py: the folder {tmp_path}/file/below cannot be made")
    assert shown.out == ""


def test_the_number_of_pictures_to_time_is_at_least_one(capsys):
    with pytest.raises(SystemExit):
        make_samples.main(["--speed", "0"])
    assert "expected a whole number of at least 1, got '0'" in capsys.readouterr().err
