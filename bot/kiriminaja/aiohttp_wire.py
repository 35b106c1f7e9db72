"""The exchanges of looks over aiohttp, bounded as those over httpx are.

Apart, as it is imported with the first look only. httpx on top of it, as a transport, would cost as much again.
"""

import asyncio
from collections.abc import Mapping

import aiohttp
import httpx

from bot.core.answer import Unwell
from bot.kiriminaja.answers import MAX_BODY
from bot.kiriminaja.wire import CONNECT_TIMEOUT, CONNECTIONS, KEPT_ALIVE, Decided, Response, is_tls, refusal


class AiohttpWire:
    """Connections of aiohttp: HTTP/1.1, no redirects (a key follows none), no cookies. Belongs to one event loop."""

    def __init__(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=CONNECTIONS, keepalive_timeout=KEPT_ALIVE, ssl=httpx.create_ssl_context()
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            # The time for a whole call is ours to measure.
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT),
            auto_decompress=False,
        )

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, decided: Decided, within: float
    ) -> Response | Unwell:
        """As `wire.exchange`: raises nothing but cancellation, and has the same reasons."""
        try:
            async with (
                asyncio.timeout(within),
                self._session.request(method, url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                if decided(response.status):
                    return Response(response.status, response.headers, b"")
                read = refusal(response.headers) or await _body(response)
        except Exception as error:  # a look never fails for it
            return Unwell(reason_of(error))
        return read if isinstance(read, Unwell) else Response(response.status, response.headers, read)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._session.close()


def reason_of(error: Exception) -> str:
    """A short word for why an exchange failed; never the error's text, which may hold addresses and headers."""
    match error:
        case aiohttp.ClientConnectionError() if is_tls(error):
            return "tls"
        case aiohttp.ClientConnectorError() | aiohttp.ServerTimeoutError():
            return "unreachable"
        case TimeoutError():
            return "timeout"
        case aiohttp.ClientError():
            return "broken"
        case _:
            return "error"


async def _body(response: aiohttp.ClientResponse) -> bytes | Unwell:
    body = await response.content.readany()
    while not response.content.at_eof():
        if len(body) > MAX_BODY:
            return Unwell("too_large")
        body += await response.content.readany()
    return body
