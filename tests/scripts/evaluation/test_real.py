"""Real pictures: each set is read by its route, and counted as its name says."""

from pathlib import Path
from typing import Any

import pytest

from scripts.evaluation.real import distance, measure_real, table


class Scripted:
    """A reader that answers what the file says; an empty one is no picture of anything."""

    def __call__(self, picture: bytes, route: str) -> dict[str, Any]:
        text = picture.decode()
        if not text:
            raise ValueError("nothing is drawn")
        if route == "read":
            return {"digits": [{"digit": int(character)} for character in text]}
        return {"digit": int(text) if text.isdigit() else None}


def write(folder: Path, **files: str) -> None:
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.png").write_text(text)


def test_sets_are_counted_by_what_they_show(tmp_path: Path) -> None:
    write(tmp_path / "photos", a_7="7", b_3="8", c_2="", d_1="1")
    write(tmp_path / "empty", a_none="", b_none="5", c_none="?")
    write(tmp_path / "numbers", a_120="120", b_34="35")
    write(tmp_path / "sudoku", **{"a_10-02": "12", "b_30-40": "34567"})
    write(tmp_path / "other", readme="1")
    sets = {one.name: one for one in measure_real(tmp_path, Scripted())}  # type: ignore[arg-type]
    assert {name: (one.pictures, one.what) for name, one in sets.items()} == {
        "photos": (4, "digits"),
        "empty": (3, "refused"),
        "numbers": (2, "whole numbers"),
        "sudoku": (2, "digits in order"),
    }
    shares = {name: round(one.right, 3) for name, one in sets.items()}
    assert shares == {"photos": 0.5, "empty": 0.667, "numbers": 0.5, "sudoku": 0.5}
    assert "| photos | 4 | 50.00% | digits |" in table(list(sets.values()))


def test_a_folder_without_sets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no folders with pictures"):
        measure_real(tmp_path, Scripted())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other", "steps"), [("", "", 0), ("12", "", 2), ("1234", "124", 1), ("21", "12", 2)]
)
def test_distance(one: str, other: str, steps: int) -> None:
    assert distance(one, other) == distance(other, one) == steps
