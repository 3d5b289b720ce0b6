"""Releases in the changelog have a date, and are those that pyproject.toml and the service name."""

import re
import tomllib
from datetime import date

from convnet.weights import find, load
from server import create_app

RELEASE = re.compile(r"## (\d+\.\d+\.\d+) - (\d{4}-\d{2}-\d{2})")


def test_releases_are_dated_and_the_newest_is_this_one(root):
    text = (root / "CHANGELOG.md").read_text()
    headings = re.findall(r"^## .*$", text, re.MULTILINE)
    assert headings[0] == "## Unreleased"
    found = [RELEASE.fullmatch(heading).groups() for heading in headings[1:]]
    versions = [tuple(map(int, number.split("."))) for number, _ in found]
    days = [date.fromisoformat(day) for _, day in found]
    assert versions == sorted(versions, reverse=True)
    assert days == sorted(days, reverse=True)
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert found[0][0] == project["version"]


def test_a_release_names_its_api_and_its_network(root):
    text = (root / "CHANGELOG.md").read_text()
    api, network = re.search(r"The API is (\S+), the served network version (\S+)\.", text).groups()
    document = create_app().test_client().get("/openapi.json").get_json()
    assert document["info"]["version"] == api
    assert load(find("digits")).metadata["version"] == network
