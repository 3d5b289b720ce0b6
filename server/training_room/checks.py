"""What pages may tell a run: its commands, checked."""

from typing import Any

from server.training_room.settings import SettingError, check_rate

COMMANDS = ("pause", "step", "go", "rate", "look", "stop")
MOST_LAYERS, MOST_CLASSES = 1000, 100


def command(body: object) -> dict[str, Any]:
    """Return a command as the run takes it.

    Raises
    ------
    SettingError
        If it is none.
    """
    if not isinstance(body, dict) or body.get("command") not in COMMANDS:
        raise SettingError("command", f"must be one of {', '.join(COMMANDS)}")
    name = body["command"]
    if name == "rate":
        return {"command": name, "value": check_rate(body.get("value"))}
    if name == "look":
        layer = whole(body, "layer", MOST_LAYERS)
        return {"command": name, "layer": layer, "digit": whole(body, "digit", MOST_CLASSES - 1)}
    return {"command": name}


def whole(body: dict[str, Any], name: str, high: int) -> int:
    """Return a whole number from 0 to `high`, by default 0."""
    value = body.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= high:
        raise SettingError(name, f"must be a whole number from 0 to {high}")
    return value
