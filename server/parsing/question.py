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
    gradient: int | None = None
    target: int | None = None

    @classmethod
    def of(cls, options: Options, layers: int, classes: int) -> "Question":
        """Read the options of a request about a network of so many layers and classes."""
        names = ("channel", "row", "column", "gradient")
        channel, row, column, gradient = (options.integer(name, 0, 10**6) for name in names)
        question = cls(
            options.indexes("maps", layers),
            options.boolean("heatmap"),
            options.integer("layer", 0, layers - 1),
            channel,
            row,
            column,
            gradient,
            options.integer("target", 0, classes - 1),
        )
        if (question.row is None) != (question.column is None):
            raise Problem("invalid_field", "`row` and `column` come together", field="row")
        if question.layer is None and (question.channel, question.row) != (None, None):
            raise Problem("invalid_field", "`layer` says what `channel` is of", field="layer")
        if question.layer is None and question.gradient is not None:
            raise Problem("invalid_field", "`layer` says what `gradient` is of", field="layer")
        return question
