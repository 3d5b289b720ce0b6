"""A client of the service, to be copied: it waits when it is asked to, and gives up in the end.

    client = Client("http://127.0.0.1:8000")
    client.predict(Path("digit.png").read_bytes())["digit"]

It needs `requests` and nothing of this project.
"""

from __future__ import annotations

import email.utils
import time
from datetime import UTC, datetime
from typing import Any

import requests

ATTEMPTS = 5
TIMEOUT = (5, 60)  # seconds to connect, and to wait for the answer
LONGEST_WAIT = 30.0
TRY_AGAIN = (429, 502, 503, 504)


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
    """Asks one service, over one kept connection.

    It waits as long as the service asks, but at most `LONGEST_WAIT` seconds.

    Parameters
    ----------
    url : str
        Where the service is, such as ``http://127.0.0.1:8000``.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.session = requests.Session()

    def close(self) -> None:
        """Close the connection."""
        self.session.close()

    def predict(self, picture: bytes, **options: Any) -> dict[str, Any]:
        """Read a picture of one digit."""
        return self(picture, "predict", **options)

    def read(self, picture: bytes, **options: Any) -> dict[str, Any]:
        """Read a picture of a whole number."""
        return self(picture, "read", **options)

    def __call__(self, picture: bytes, route: str, **options: Any) -> dict[str, Any]:
        """Send a picture; try again while the service is busy or cannot be reached.

        Raises
        ------
        ServiceError
            If the service refuses the picture, or does not answer in several attempts.
        """
        for attempt in range(ATTEMPTS):
            try:
                response = self.send(picture, route, options)
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

    def send(self, picture: bytes, route: str, options: dict[str, Any]) -> requests.Response:
        """Send a picture once."""
        return self.session.post(
            f"{self.url}/{route}",
            data=picture,
            params={name: str(value).lower() for name, value in options.items()},
            headers={"Content-Type": "application/octet-stream"},
            timeout=TIMEOUT,
        )


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
