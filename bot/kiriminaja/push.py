"""Pushes a callback as KiriminAja does: to whom it is passed on, and to ourselves for a test."""

import asyncio
from collections.abc import Callable
from typing import Final

import httpx

from bot.kiriminaja.wire import http_client, reason_of

WITHIN: Final = 10.0
"""Seconds for one push."""


class Push:
    """Pushes under one API key. Belongs to one event loop; close it with `aclose`."""

    def __init__(self, api_key: str, *, http: Callable[[], httpx.AsyncClient] = http_client) -> None:
        self._api_key: Final = api_key
        self._client = http()

    async def __call__(self, url: str, body: bytes, content_type: str | None) -> int | str:
        """The HTTP status of the answer, or a short word for why there was none. Never raises but for cancellation."""
        headers = {
            "User-Agent": "KiriminAja-Push-Services",
            "Authorization": f"Bearer {self._api_key}",
            "Content-Type": content_type or "application/json",
        }
        try:
            async with (
                asyncio.timeout(WITHIN),
                self._client.stream("POST", url, content=body, headers=headers) as response,
            ):
                return response.status_code
        except Exception as error:  # httpx raises more than its own classes
            return reason_of(error)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.aclose()
