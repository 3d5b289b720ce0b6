"""The pages of /learn are what the documents say."""

import pytest

from scripts.learning import pages, render


def test_the_pages_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    status = render.main(["--check"])
    assert status == 0, f"{capsys.readouterr().out}run `python scripts/learning/render.py`"


def test_there_is_no_page_without_its_document() -> None:
    written = set(pages.written()) - {pages.CHAPTERS}
    assert written == set(pages.TEMPLATES.rglob("*.html"))


def test_stale_pages_are_told_and_mended(tmp_path, monkeypatch, capsys) -> None:
    page = tmp_path / "page.html"
    page.write_text("old")
    monkeypatch.setattr(render, "ROOT", tmp_path)
    monkeypatch.setattr(pages, "written", lambda: {page: "new", tmp_path / "a" / "b.html": "x"})
    assert render.main(["--check"]) == 1
    assert page.read_text() == "old"
    assert capsys.readouterr().out == "page.html: stale\na/b.html: stale\n"
    assert render.main([]) == 0
    assert page.read_text() == "new"
    assert render.main(["--check"]) == 0
