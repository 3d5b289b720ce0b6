"""docs/README.md says what to read when: it leaves no page out."""

import re
from pathlib import Path

import pytest

PAGES = re.compile(r"\]\((?!https?:)([^)#\s]+)\)")


@pytest.fixture(scope="module")
def listed(root: Path) -> set[str]:
    return set(PAGES.findall((root / "docs" / "README.md").read_text()))


def test_every_page_is_listed(root: Path, listed: set[str]) -> None:
    docs = root / "docs"
    pages = {
        path.relative_to(docs).as_posix() for path in [*docs.glob("*.md"), *docs.rglob("*.ipynb")]
    }
    assert pages - {"README.md"} <= listed


def test_the_front_page_links_to_the_list(root: Path) -> None:
    assert "docs/README.md" in PAGES.findall((root / "README.md").read_text())
