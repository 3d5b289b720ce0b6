"""The client for asyncio: requests run in threads, so that the event loop never waits for one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Self, TypeVar

from .answers import Explanation, Number, Prediction, Reading
from .client import BATCH, Client

T = TypeVar("T")

AT_ONCE = 8


class AsyncClient:
    """Asks one service; `await` each method. See `Client`, which has the same ones.

    Parameters
    ----------
    url : str
        Where the service is, such as ``http://127.0.0.1:8000``.
    key : str, optional
        Sent as ``Authorization: Bearer``, for services that ask for one.
    at_once : int
        The most requests under way at a time; more wait for their turn.
    """

    def __init__(self, url: str, key: str | None = None, at_once: int = AT_ONCE) -> None:
        self.client = Client(url, key)
        self.turns = asyncio.Semaphore(at_once)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await asyncio.to_thread(self.client.close)

    async def predict(self, picture: bytes, **options: Any) -> Prediction:
        """Read a picture of one digit."""
        return await self.run(self.client.predict, picture, **options)

    async def predict_many(
        self, pictures: Iterable[bytes], batch: int = BATCH, **options: Any
    ) -> list[Reading]:
        """Read pictures of one digit each, `batch` at a time."""
        return await self.run(self.client.predict_many, pictures, batch, **options)

    async def read(self, picture: bytes, **options: Any) -> Number:
        """Read a picture of a whole number."""
        return await self.run(self.client.read, picture, **options)

    async def explain(self, picture: bytes, **options: Any) -> Explanation:
        """Say what every layer saw in a picture."""
        return await self.run(self.client.explain, picture, **options)

    async def model(self) -> dict[str, Any]:
        """Describe the network of the service."""
        return await self.run(self.client.model)

    async def run(self, method: Callable[..., T], *values: Any, **options: Any) -> T:
        """Call a method of the client in a thread, in turn."""
        async with self.turns:
            return await asyncio.to_thread(method, *values, **options)
