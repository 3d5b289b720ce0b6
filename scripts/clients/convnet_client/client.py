"""The client: requests with patience, over kept connections."""

from __future__ import annotations

import base64
import email.utils
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Self, cast

import requests

from .answers import Explanation, Number, Prediction, Reading

ATTEMPTS = 5
TIMEOUT = (5, 60)  # seconds to connect, and to wait for the answer
LONGEST_WAIT = 30.0
TRY_AGAIN = (429, 502, 503, 504)

# What the service takes by default: 32 pictures, and 8 MiB, which base64 makes of 6.
BATCH = 32
BATCH_BYTES = 5_000_000


class ServiceError(ValueError):
    """The service refused a picture, or could not be reached.

    Attributes
    ----------
    problem : dict
        The problem document that it sent, if it sent one: ``code``, ``status``, ``detail`` …
    """

    def __init__(self, detail: str, problem: dict[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.problem = problem or {}


class Client:
    """Asks one service, over kept connections.

    It waits as long as the service asks, but at most `LONGEST_WAIT` seconds.

    Parameters
    ----------
    url : str
        Where the service is, such as ``http://127.0.0.1:8000``.
    key : str, optional
        Sent as ``Authorization: Bearer``, for services that ask for one.
    """

    def __init__(self, url: str, key: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.session = requests.Session()
        if key is not None:
            self.session.headers["Authorization"] = f"Bearer {key}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def predict(self, picture: bytes, **options: Any) -> Prediction:
        """Read a picture of one digit; options are ``top`` and ``input``."""
        return cast(Prediction, self(picture, "predict", **options))

    def predict_many(
        self, pictures: Iterable[bytes], batch: int = BATCH, **options: Any
    ) -> list[Reading]:
        """Read pictures of one digit each, at most `batch` in one request.

        A request is also sent before its pictures come to more than `BATCH_BYTES`.

        Returns
        -------
        list of Reading
            In the order of `pictures`.
        """
        readings: list[Reading] = []
        for some in batches(pictures, batch):
            images = [base64.b64encode(picture).decode() for picture in some]
            readings += self.ask("POST", "predict", json={"images": images, **options})[
                "predictions"
            ]
        return readings

    def read(self, picture: bytes, **options: Any) -> Number:
        """Read a picture of a whole number; the option is ``input``."""
        return cast(Number, self(picture, "read", **options))

    def explain(self, picture: bytes, **options: Any) -> Explanation:
        """Say what every layer saw in a picture.

        Options are ``maps`` (a truth value, or indexes of layers), ``heatmap``, ``layer``,
        ``channel``, ``row`` and ``column``.
        """
        return cast(Explanation, self(picture, "explain", **options))

    def model(self) -> dict[str, Any]:
        """Describe the network of the service, and its limits."""
        return self.ask("GET", "model")

    def __call__(self, picture: bytes, route: str, **options: Any) -> dict[str, Any]:
        """Send the bytes of a picture to ``predict``, ``read`` or ``explain``.

        Raises
        ------
        ServiceError
            If the service refuses the picture, or does not answer in several attempts.
        """
        return self.ask(
            "POST",
            route,
            data=picture,
            params={name: as_text(value) for name, value in options.items()},
            headers={"Content-Type": "application/octet-stream"},
        )

    def ask(self, method: str, route: str, **request: Any) -> dict[str, Any]:
        """Send a request; send it again while the service is busy or cannot be reached."""
        for attempt in range(ATTEMPTS):
            try:
                response = self.session.request(
                    method, f"{self.url}/{route}", timeout=TIMEOUT, **request
                )
            except requests.ConnectionError as error:
                failure = ServiceError(f"cannot reach {self.url}: {root_cause(error)}")
                wait = backoff(attempt)
            except requests.RequestException as error:
                raise ServiceError(f"cannot ask {self.url}: {root_cause(error)}") from None
            else:
                if response.status_code not in TRY_AGAIN:
                    return contents(response)
                failure, wait = refusal(response), waiting_time(response, attempt)
            if attempt == ATTEMPTS - 1 or wait > LONGEST_WAIT:
                break
            time.sleep(wait)
        raise failure


def batches(pictures: Iterable[bytes], most: int) -> Iterator[list[bytes]]:
    """Divide pictures into lists that fit into one request each."""
    if most < 1:
        raise ValueError(f"`batch` must be at least 1, got {most}")
    some: list[bytes] = []
    for picture in pictures:
        if some and (len(some) == most or sum(map(len, some)) + len(picture) > BATCH_BYTES):
            yield some
            some = []
        some.append(picture)
    if some:
        yield some


def as_text(value: object) -> str:
    """Write an option as it stands in a query string."""
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value).lower()


def contents(response: requests.Response) -> dict[str, Any]:
    """Return the answer; raise the problem if there is one instead."""
    if not response.ok:
        raise refusal(response)
    try:
        body = response.json()
    except requests.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise ServiceError(f"status {response.status_code}, and no JSON object")
    return body


def refusal(response: requests.Response) -> ServiceError:
    """Return the problem that a response describes, whether the service or a router sent it."""
    try:
        body = response.json()
    except requests.JSONDecodeError:
        body = None
    problem = body if isinstance(body, dict) else {}
    return ServiceError(str(problem.get("detail", f"status {response.status_code}")), problem)


def backoff(attempt: int) -> float:
    """Seconds to wait after a failed attempt (0, 1, …): each time twice as long."""
    return min(0.5 * 2.0**attempt, LONGEST_WAIT)


def waiting_time(response: requests.Response, attempt: int) -> float:
    """Seconds that ``Retry-After`` asks for, in either form of RFC 9110, section 10.2.3."""
    text = response.headers.get("Retry-After", "")
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return backoff(attempt)
    return max((moment.astimezone(UTC) - datetime.now(UTC)).total_seconds(), 0.0)


def root_cause(error: BaseException) -> str:
    """Return in a few words why there is no connection."""
    cause = error
    while cause.__context__ is not None:
        cause = cause.__context__
    return getattr(cause, "strerror", None) or str(cause)
