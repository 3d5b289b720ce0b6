"""The tables of docs/api.md say what the service says about itself."""

import pytest

from scripts import describe_api


def test_the_tables_are_those_of_the_service(capsys):
    status = describe_api.main(["--check"])
    assert status == 0, f"{capsys.readouterr().out}run `python scripts/describe_api.py`"


@pytest.fixture
def page(tmp_path):
    file = tmp_path / "api.md"
    file.write_text("Before\n<!-- from /openapi.json: problems -->\nstale\n<!-- end -->\nAfter\n")
    return file


def test_a_stale_table_is_noticed_and_written_anew(page, capsys):
    assert describe_api.main(["--check", str(page)]) == 1
    assert "stale tables" in capsys.readouterr().out
    assert "\nstale\n" in page.read_text()
    assert describe_api.main([str(page)]) == 0
    assert "stale" not in page.read_text()
    assert page.read_text().startswith("Before\n<!-- from")
    assert "| `blank_image` | 422 | nothing is drawn |\n" in page.read_text()
    assert page.read_text().endswith("<!-- end -->\nAfter\n")
    assert describe_api.main(["--check", str(page)]) == 0


def test_fields_are_written_with_their_type_and_default():
    schemas = {
        "A": {
            "properties": {
                "count": {"type": "integer", "minimum": 1, "maximum": 3, "description": "Many"},
                "which": {
                    "anyOf": [
                        {"type": "boolean"},
                        {"type": "array", "items": {"type": "number"}, "maxItems": 9},
                    ],
                    "x-default": True,
                    "description": "Some",
                },
            }
        },
        "Picture": {},
    }
    assert describe_api.table({"components": {"schemas": schemas}}, "A") == (
        "| field | type | default | meaning |\n"
        "| --- | --- | --- | --- |\n"
        "| `count` | integer, 1 to 3 |  | Many |\n"
        "| `which` | boolean or list of number (at most 9) | `true` | Some |\n"
    )
