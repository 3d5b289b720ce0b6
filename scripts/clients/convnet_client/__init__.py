"""A client of the service that reads digits: it waits when it is asked to, and gives up in the end.

    from convnet_client import Client

    with Client("http://127.0.0.1:8000") as client:
        print(client.predict(Path("digit.png").read_bytes())["digit"])

It needs `requests` and nothing of the service or its engine. `AsyncClient` has the same methods for
asyncio.
"""

from .answers import Digit, Explanation, Number, Prediction, Ranked, Reading
from .asynchronous import AsyncClient
from .client import Client, ServiceError

__all__ = [
    "AsyncClient",
    "Client",
    "Digit",
    "Explanation",
    "Number",
    "Prediction",
    "Ranked",
    "Reading",
    "ServiceError",
]
