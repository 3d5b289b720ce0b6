"""The service: reads digits in pictures over HTTP, and serves the page to draw them on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask

    from server.config import Config
    from server.recognizer import Recognizer


def create_app(
    config: Config | Mapping[str, Any] | None = None, recognizer: Recognizer | None = None
) -> Flask:
    """Make the application.

    Parameters
    ----------
    config : Config or mapping, optional
        The settings; a mapping holds some of them by their name in the environment
        (``{"MAX_PIXELS": 1000}``) and may set Flask's own (``TESTING``). What it leaves out, and
        everything without it, is read from the environment.
    recognizer : Recognizer, optional
        What reads the digits; the network that the settings name otherwise.

    Raises
    ------
    ValueError
        If a setting does not hold what it should.
    """
    # Imported here, so that scripts which only prepare pictures do not load a web framework.
    from server.application import build

    return build(config, recognizer)
