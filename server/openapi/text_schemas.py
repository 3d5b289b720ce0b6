"""The answer of ``POST /read``, and its options."""

from server.openapi.json_schema import (
    COUNT,
    DEFAULT,
    NUMBER,
    PROBABILITY,
    TEXT,
    Schema,
    about,
    array,
    nullable,
    record,
)
from server.segmentation.line_reader import ALPHABETS
from server.segmentation.text import LAYOUTS

BOX = about(array(COUNT, 4), "x, y, width, height in pixels of `size`")
ALPHABET = {
    "type": "string",
    "enum": list(ALPHABETS),
    DEFAULT: "all",
    "description": "`digits`: whatever is written is read as digits; `all`: as digits and signs",
}
LAYOUT = {
    "type": "string",
    "enum": list(LAYOUTS),
    DEFAULT: LAYOUTS[0],
    "description": (
        "`auto`: cell by cell where a grid of rows and columns is found, else in lines; "
        "`grid`: cell by cell even in a single row of boxes; `lines`: in lines, whatever there is"
    ),
}
OF_NUMBERS = {"alphabet": ALPHABET, "layout": LAYOUT}
"""The options that `POST /read` has beside those of `POST /predict`."""

POINT = about(array({"type": "integer"}, 2), "x and y in pixels of `size`")
GRID = record(
    rows=about(COUNT, "How many"),
    columns=about(COUNT, "How many"),
    cells=about(array(array(TEXT)), "What each cell says, row by row; empty ones say nothing"),
    corners=about(array(POINT, 4), "Top left, top right, bottom right, bottom left"),
)


def number(of_one: dict[str, Schema], signature: dict[str, Schema]) -> Schema:
    """Describe what a picture of numbers says; `of_one` is what each digit has."""
    return record(
        ("warnings",),
        text=about(
            {"type": "string", "pattern": r"^[0-9.,\-+/:()%? \n]*$"},
            "As written: digits and signs, a space where a gap parts numbers, a line feed "
            "between lines, `?` for anything else",
        ),
        digits=about(
            array(record(("input",), **of_one, box=BOX)),
            "The digits alone, in reading order",
        ),
        symbols=about(
            array(
                record(
                    text=about(TEXT, "The sign, or `?`"),
                    confidence=about(PROBABILITY, "Probability of this sign"),
                    box=BOX,
                )
            ),
            "What is no digit, in reading order",
        ),
        numbers=about(
            array(
                record(
                    text=about(TEXT, "As written"),
                    value=about(
                        nullable(NUMBER), "null if it is a date, a time, a fraction or the like"
                    ),
                    box=BOX,
                )
            ),
            "The words of the text that have a digit, in reading order",
        ),
        grid=about(nullable(GRID), "The grid that the characters stand in, if there is one"),
        size=about(array(COUNT, 2), "Width and height of the picture"),
        **signature,
    )
