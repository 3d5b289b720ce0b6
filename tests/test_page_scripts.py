"""The scripts that look at the page: what they say where there is nothing to look at."""

import pytest

from scripts import measure_page, screenshots
from scripts.browsing import window


@pytest.mark.parametrize("script", [measure_page, screenshots])
def test_a_service_that_does_not_answer_is_named(script, free_port, tmp_path, capsys):
    url = f"http://127.0.0.1:{free_port}"
    more = ["--out", str(tmp_path)] if script is screenshots else []
    assert script.main(["--url", url, *more]) == 1
    name = script.__name__.removeprefix("scripts.")
    assert capsys.readouterr().err == f"{name}.py: no service answers at {url}\n"


def test_what_is_no_address_is_named(capsys):
    assert measure_page.main(["--url", "localhost"]) == 1
    assert capsys.readouterr().err == "measure_page.py: no service answers at localhost\n"


@pytest.mark.parametrize("script", [measure_page, screenshots])
def test_a_missing_browser_is_named(script, tmp_path, monkeypatch, capsys):
    def missing():
        raise FileNotFoundError("no Chromium")

    pytest.importorskip("playwright")
    monkeypatch.setattr(window, "find_chromium", missing)
    more = ["--out", str(tmp_path)] if script is screenshots else []
    assert script.main(more) == 1
    assert capsys.readouterr().err.endswith(".py: no Chromium\n")
