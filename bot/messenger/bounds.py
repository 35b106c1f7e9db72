"""How much of an answer of Telegram's is read."""

from collections.abc import AsyncIterator
from typing import Final

import httpx

MAX_BODY: Final = 4 * 1024 * 1024
"""Bytes; a hundred updates stay far below. Reading and parsing what is longer would hold everything else up."""


async def bound(response: httpx.Response) -> None:
    """A hook of httpx: reading more than `MAX_BODY` of this answer fails as an answer that is broken off does."""
    if isinstance(response.stream, httpx.AsyncByteStream):
        response.stream = _Bounded(response.stream)


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for chunk in self._stream:
            read += len(chunk)
            if read > MAX_BODY:
                raise httpx.RemoteProtocolError("the answer is too long")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
