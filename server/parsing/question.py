"""What a client wants explained."""

from dataclasses import dataclass

from server.parsing.options import Options
from server.problems import Problem


@dataclass(frozen=True)
class Question:
    """What a client wants explained; see docs/api.md."""

    maps: frozenset[int]
    heatmap: bool
    layer: int | None
    channel: int | None
    row: int | None
    column: int | None

    @classmethod
    def of(cls, options: Options, layers: int) -> "Question":
        """Read the options of a request about a network of so many layers."""
        question = cls(
            options.indexes("maps", layers),
            options.boolean("heatmap"),
            options.integer("layer", 0, layers - 1),
            *(options.integer(name, 0, 10**6) for name in ("channel", "row", "column")),
        )
        if (question.row is None) != (question.column is None):
            raise Problem("invalid_field", "`row` and `column` come together", field="row")
        if question.layer is None and (question.channel, question.row) != (None, None):
            raise Problem("invalid_field", "`layer` says what `channel` is of", field="layer")
        return question
