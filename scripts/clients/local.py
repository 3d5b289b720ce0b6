"""Read pictures with the network on this machine."""

from __future__ import annotations

from typing import Any

from server.config import Config
from server.pipeline import Pipeline
from server.problems import Problem
from server.recognizer import Recognizer
from server.serializers import predictions


class LocalReader:
    """Gives the answers of `POST /predict` and `POST /read` without a service.

    Parameters
    ----------
    model : str
        Path of an ``.npz`` file, or the name of a shipped network.

    Raises
    ------
    ValueError
        If there is no such network, or its file is damaged.
    """

    def __init__(self, model: str) -> None:
        self.pipeline = Pipeline(Recognizer.load(model), Config()).without_client_limits()

    def close(self) -> None:
        """Do nothing; `Client`, which has a connection, closes it here."""

    def __call__(self, picture: bytes, route: str) -> dict[str, Any]:
        """Read one picture; `route` is ``predict`` or ``read``.

        Raises
        ------
        ValueError
            If it cannot be read.
        """
        try:
            if route == "read":
                result = self.pipeline.read(picture)
                body = predictions.text(result)
            else:
                result = self.pipeline.predict([picture])
                (body,) = predictions.digits(result)
        except Problem as problem:
            raise ValueError(problem.detail) from None
        return body | predictions.signature(self.pipeline.identity, result)
