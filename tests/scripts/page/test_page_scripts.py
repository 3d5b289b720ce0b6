"""The scripts that look at the page: what they say where there is nothing to look at."""

import os
import subprocess
import sys

import pytest

from scripts.page import measure_page, screenshots


@pytest.mark.parametrize("script", [measure_page, screenshots])
def test_a_service_that_does_not_answer_is_named(script, free_port, tmp_path, capsys):
    url = f"http://127.0.0.1:{free_port}"
    more = ["--out", str(tmp_path)] if script is screenshots else []
    assert script.main(["--url", url, *more]) == 1
    name = script.__name__.rpartition(".")[2]
    assert capsys.readouterr().err == f"{name}.py: no service answers at {url}\n"


def test_what_is_no_address_is_named(capsys):
    assert measure_page.main(["--url", "localhost"]) == 1
    assert capsys.readouterr().err == "measure_page.py: no service answers at localhost\n"


@pytest.mark.parametrize("script", ["measure_page.py", "screenshots.py"])
def test_a_missing_browser_is_named(script, root, tmp_path):
    pytest.importorskip("playwright")
    command = [sys.executable, str(root / "scripts/page" / script)]
    if script == "screenshots.py":
        command += ["--out", str(tmp_path)]
    nowhere = {"PATH": str(tmp_path), "CHROMIUM": ""}
    done = subprocess.run(
        command, env=os.environ | nowhere, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.endswith(f"{script}: no Chromium: apt install chromium, or set CHROMIUM\n")
