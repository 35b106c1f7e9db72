"""Calls to Telegram: whose answer counts, how much of it is read, and how a request goes out."""

import ssl
from collections.abc import AsyncIterator
from functools import cache
from typing import Final

import httpx

MAX_BODY: Final = 4 * 1024 * 1024
"""Bytes; a hundred updates stay far below. Reading and parsing what is longer would hold everything else up."""


@cache
def trusted() -> ssl.SSLContext:
    """httpx's own list of authorities, read once for all connections to Telegram: it takes 15 ms each time."""
    return httpx.create_ssl_context()


async def gather(request: httpx.Request) -> None:
    """A hook of httpx: a form with a picture goes out as a whole, not as the thirty pieces it is made of, each of
    which is a write to the socket."""
    await request.aread()


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
