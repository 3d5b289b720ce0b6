import dataclasses
import re

import pytest

from server import config
from server.config import IMAGE_FORMATS, Config
from tests.support.pictures import FORMATS


def test_defaults_are_valid():
    config = Config.from_environment({})
    assert config == Config()
    assert config.allowed_origins == frozenset()


def test_settings_are_read_by_their_names_in_capitals():
    config = Config.from_environment({"MAX_PIXELS": "1000", "MODEL": "other.npz", "PORT": ""})
    assert (config.max_pixels, config.model, config.port) == (1000, "other.npz", 8000)


def test_overrides_win_and_are_not_looked_up():
    assert Config.from_environment({"PORT": "no number"}, port=1234).port == 1234


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("PORT", "eighty", "`PORT` must be a whole number, got 'eighty'"),
        ("PORT", "99999", "`PORT` must be at most 65535, got 99999"),
        (
            "CORS_ORIGINS",
            "https://a.example,b.example",
            "`CORS_ORIGINS` must hold origins such as https://example.org, got 'b.example'",
        ),
        ("CORS_ORIGINS", "https://a.example/page", "got 'https://a.example/page'"),
        ("WEB_CONCURRENCY", "0", "`WEB_CONCURRENCY` must be at least 1, got 0"),
        ("MAX_BODY_BYTES", "-5", "`MAX_BODY_BYTES` must be at least 1, got -5"),
        ("LOG_LEVEL", "loud", "`LOG_LEVEL` must be debug, info, warning or error, got 'loud'"),
    ],
)
def test_nonsense_is_refused_by_name(name, text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Config.from_environment({name: text})


def test_origins_are_split_at_commas():
    config = Config(cors_origins="https://a.example, https://b.example:8443,")
    assert config.allowed_origins == {"https://a.example", "https://b.example:8443"}


@pytest.mark.parametrize("setting", dataclasses.fields(Config), ids=lambda item: item.name)
def test_every_setting_is_documented_with_its_default_and_meaning(root, setting):
    rows = (root / "docs/deploy.md").read_text().splitlines()
    shown = f"`{setting.default}`" if setting.default != "" else "empty"
    row = f"| `{setting.name.upper()}` | {shown} | {setting.metadata['meaning']} |"
    assert row in rows


@pytest.mark.parametrize("name", config.LIMITS)
def test_every_limit_of_the_contract_is_documented(root, name):
    text = (root / "docs/api.md").read_text()
    assert f"`{name.upper()}`" in text
    assert str(getattr(Config(), name)) in text


@pytest.mark.parametrize(
    "limit",
    [
        "MAX_JSON_VALUES",
        "MAX_FORM_FIELDS",
        "MAX_REQUEST_LINE",
        "MAX_HEADER_FIELDS",
        "MAX_HEADER_FIELD",
    ],
)
def test_every_limit_that_is_no_setting_is_documented(root, limit):
    text = (root / "docs/api.md").read_text()
    assert re.search(rf"\b{getattr(config, limit)}\b", text)


def test_the_formats_are_those_that_are_read():
    assert FORMATS == IMAGE_FORMATS  # the tests of pictures decode each of them


def test_every_format_is_documented(root):
    text = (root / "docs/api.md").read_text().lower()
    assert all(name.lower() in text for name in IMAGE_FORMATS)
