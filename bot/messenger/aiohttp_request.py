"""How python-telegram-bot's calls go out: over aiohttp, which takes a tenth of httpx's CPU for it.

What a send needs above all is whether the request may have left; aiohttp's own errors say so. (Those of httpx on top
of aiohttp do not: there a connection that was closed after the request was read counts as one that never came about.)
"""

import secrets
from io import BytesIO
from typing import Any, Final

import aiohttp
import httpx
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.messenger.bounds import MAX_BODY, trusted
from bot.messenger.outcomes import NotSent

_CONNECTIONS: Final = 32
"""Thirty messages a second, a second each."""
_FIELDS_ALONE: Final = "application/x-www-form-urlencoded"
_ASKED_FOR: Final = frozenset({"message_id", "date", "chat", "photo"})
"""What is read of a message that was sent."""
_LARGE: Final = 2**20
"""Bytes; aiohttp warns of more in one piece."""
_TOO_LONG: Final = "the answer is too long"


class AiohttpRequest(BaseRequest):
    """Connections of its own, opened with the first call: no redirects, no cookies, no compression."""

    def __init__(
        self, *, connect: float = 5, read: float = 15, pool: float = 10, connections: int = _CONNECTIONS
    ) -> None:
        """Seconds for a connection to come about, between two bytes of an answer, and for the wait until
        there is a connection."""
        self._timeout = aiohttp.ClientTimeout(total=None, connect=pool, sock_connect=connect, sock_read=read)
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None
        self._with_files = f"multipart/form-data; boundary={secrets.token_hex(16)}"

    @property
    def read_timeout(self) -> float | None:
        """Seconds between two bytes of an answer."""
        return self._timeout.sock_read

    async def initialize(self) -> None:
        """Nothing: the first call opens what it needs."""

    async def shutdown(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: object, **__: object
    ) -> tuple[int, bytes]:
        """The status and the body of an answer; the timeouts are the same for all calls. Raises `NotSent` where the
        request surely did not go out, `NetworkError` where it may have."""
        try:
            return await self._exchange(method, url, request_data)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(type(error).__name__) from error
        except TimeoutError as error:
            raise TimedOut from error
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(type(error).__name__) from error

    async def _exchange(self, method: str, url: str, data: RequestData | None) -> tuple[int, bytes]:
        fields, files = (data.json_parameters, data.multipart_data) if data else ({}, None)
        kind = {"Content-Type": self._with_files if files else _FIELDS_ALONE}
        # Only httpx's way to write a form down: its requests are not sent.
        written = await httpx.Request(method, url, headers=kind, data=fields, files=files or None).aread()
        content = written if len(written) < _LARGE else BytesIO(written)
        async with self._open().request(method, url, data=content, headers=kind, allow_redirects=False) as response:
            body = b""
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > MAX_BODY:
                    raise aiohttp.ClientPayloadError(_TOO_LONG)
            return response.status, body

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """As the library's own; of a message only what is asked for, as it makes an object of each part."""
        answer = BaseRequest.parse_json_payload(payload)
        message = answer.get("result") if isinstance(answer, dict) else None
        if isinstance(message, dict) and "message_id" in message:
            asked_for = {name: part for name, part in message.items() if name in _ASKED_FOR}
            if isinstance(sizes := asked_for.get("photo"), list):
                asked_for["photo"] = sizes[-1:]  # the largest
            answer["result"] = asked_for
        return answer

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ssl=trusted()),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                headers={"User-Agent": self.USER_AGENT, "Accept-Encoding": "identity"},
                auto_decompress=False,
            )
        return self._session
