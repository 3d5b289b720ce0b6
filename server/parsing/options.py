"""The options of a request: typed out of JSON, text out of a query string or form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.problems import invalid

WORDS = {"true": True, "1": True, "false": False, "0": False}


@dataclass
class Options:
    """What a client wants done with its pictures.

    Every value is checked wherever it comes from; a value in the body wins over one in the query
    string.

    Attributes
    ----------
    texts : mapping of str to str
    typed : mapping
        From JSON, where ``"3"`` is not a number.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, Any] = field(default_factory=dict)

    def integer(self, name: str, low: int, high: int) -> int | None:
        """Return a whole number from `low` to `high`, or None if it was not sent."""

        def fits(value: Any) -> bool:
            return is_whole(value) and low <= value <= high

        value = self.find(name, f"a whole number from {low} to {high}", whole_number, fits)
        return None if value is None else int(value)

    def boolean(self, name: str) -> bool:
        """Return a truth value; False if it was not sent."""
        return bool(self.find(name, "true or false", truth, is_truth))

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        """Return one of some words, or None if none was sent."""

        def fits(value: Any) -> bool:
            return value in choices

        found = self.find(name, f"one of {', '.join(choices)}", str, fits)
        return None if found is None else str(found)

    def indexes(self, name: str, count: int) -> frozenset[int]:
        """Return the indexes below `count` that are asked for: those of a list, none or all.

        All is the default.
        """

        def fits(value: Any) -> bool:
            if not isinstance(value, list):
                return is_truth(value)
            return all(is_whole(item) and 0 <= item < count for item in value)

        expected = f"true, false, or whole numbers from 0 to {count - 1}"
        value = self.find(name, expected, truth_or_list, fits)
        if isinstance(value, list):
            return frozenset(map(int, value))
        return frozenset() if value is False else frozenset(range(count))

    def find(
        self,
        name: str,
        expected: str,
        read: Callable[[str], Any],
        fits: Callable[[Any], bool],
    ) -> Any:
        """Return an option's value, or None if it was not sent; check it wherever it stands."""
        found = None
        if name in self.texts:
            found = read(self.texts[name])
            if not fits(found):
                raise invalid(name, expected, self.texts[name])
        if name in self.typed:
            found = self.typed[name]
            if not fits(found):
                raise invalid(name, expected, found)
        return found


def is_whole(value: object) -> bool:
    """Whether a JSON value is a whole number; 3.0 is one, as JSON knows no other kind."""
    return type(value) is int or (type(value) is float and value.is_integer())


def is_truth(value: object) -> bool:
    """Whether a JSON value is true or false."""
    return isinstance(value, bool)


def whole_number(text: str) -> int | None:
    """Read digits; None if the text is anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def truth(text: str) -> bool | None:
    """Read a truth value; None if the text is anything else."""
    return WORDS.get(text.lower())


def truth_or_list(text: str) -> bool | list[int | None] | None:
    """Read a truth value, or whole numbers with commas between them."""
    if text.lower() in ("true", "false"):
        return truth(text)
    return [whole_number(part) for part in text.split(",")]
