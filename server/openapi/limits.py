"""What the service takes, as a list for people; docs/api.md has the same table."""

from typing import Any

from server.config import (
    LIMITS,
    MAX_FORM_FIELDS,
    MAX_HEADER_FIELD,
    MAX_HEADER_FIELDS,
    MAX_JSON_VALUES,
    MAX_REQUEST_LINE,
    Config,
)
from server.parsing.tensors import max_json_values
from server.recognizer import Recognizer


def limits(config: Config, recognizer: Recognizer) -> list[dict[str, Any]]:
    """Return every limit: its meaning, its value and, where it comes from one, its setting."""
    of_settings = [
        {"meaning": Config.meaning(name), "value": getattr(config, name), "setting": name.upper()}
        for name in LIMITS
    ]
    fixed = {
        "most values in the JSON of a request, counted by its commas and opening brackets": (
            MAX_JSON_VALUES
        ),
        "the same for the Open Inference Protocol": max_json_values(
            config.max_inputs, recognizer.form.shape
        ),
        "most fields in a form": MAX_FORM_FIELDS,
        "longest first line of a request, in bytes": MAX_REQUEST_LINE,
        "most fields in the header of a request": MAX_HEADER_FIELDS,
        "largest field of a header, in bytes": MAX_HEADER_FIELD,
    }
    return of_settings + [
        {"meaning": meaning, "value": value, "setting": None} for meaning, value in fixed.items()
    ]
