"""One HTTP exchange with KiriminAja: bounded in time and size, and every failure a short word."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypedDict

import httpx

from bot import proxies
from bot.core.answer import Unwell
from bot.kiriminaja.answers import MAX_BODY

CONNECT_TIMEOUT: Final = 3.0
CALL_TIMEOUT: Final = 10.0
"""Seconds for connecting, and for one call from start to last byte."""
CONNECTIONS: Final = 20
KEPT_ALIVE: Final = 15.0
"""How many there are at most, and for how many seconds an idle one is kept."""

Decided = Callable[[int], bool]
"""Whether an HTTP status says all, so that the body is left unread."""

_LOOPBACK: Final = ("all://localhost", "all://127.0.0.1", "all://[::1]")


class _Terms(TypedDict):
    timeout: httpx.Timeout
    limits: httpx.Limits
    follow_redirects: bool
    mounts: dict[str, httpx.AsyncBaseTransport | None]


@dataclass(frozen=True, slots=True)
class Response:
    """What came back. Holds personal data: it goes to `answers` and nowhere else."""

    status: int
    headers: Mapping[str, str]
    """Whatever the case of a name."""
    body: bytes


class Wire(Protocol):
    """Connections to KiriminAja."""

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, decided: Decided, within: float
    ) -> Response | Unwell:
        """As `exchange` below."""

    async def aclose(self) -> None:
        """Closes them."""


class HttpxWire:
    """Through httpx's client."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, decided: Decided, within: float
    ) -> Response | Unwell:
        """As `exchange` below."""
        request = self._client.build_request(method, url, headers=headers, content=body)
        return await exchange(self._client, request, decided=decided, within=within)

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.aclose()


def http_client(*, connect: float = CONNECT_TIMEOUT, call: float = CALL_TIMEOUT) -> httpx.AsyncClient:
    """The client for KiriminAja: HTTP/1.1, no redirects (a key follows none), few connections. Seconds."""
    return httpx.AsyncClient(**_terms(connect, call))


def look_wire() -> Wire:
    """For looks, which are many: aiohttp, which takes a seventh of httpx's CPU."""
    if proxies.are_set():
        return HttpxWire(http_client())
    # Here, as no other command than `run` needs it.
    from bot.kiriminaja.aiohttp_wire import AiohttpWire

    return AiohttpWire()


def _terms(connect: float, call: float) -> _Terms:
    return {
        "timeout": httpx.Timeout(call, connect=connect),
        "limits": httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=10, keepalive_expiry=KEPT_ALIVE),
        "follow_redirects": False,
        # A proxy from the environment is used, but never towards this machine (`paybot demo`, tests).
        "mounts": dict.fromkeys(_LOOPBACK),
    }


async def exchange(
    client: httpx.AsyncClient,
    request: httpx.Request,
    *,
    decided: Decided,
    within: float = CALL_TIMEOUT,
) -> Response | Unwell:
    """Sends a request. Raises nothing but cancellation.

    Where `decided` says that the status alone decides, the body is left unread. Reasons: `timeout`, `unreachable`
    (no connection), `tls`, `broken` (reset, closed early, not HTTP), `too_large`, `encoding`, `error`.
    """
    try:
        async with asyncio.timeout(within):
            response = await client.send(request, stream=True, auth=None)
            try:
                if decided(response.status_code):
                    return Response(response.status_code, response.headers, b"")
                body = await _body(response)
            finally:
                await response.aclose()
    except Exception as error:  # httpx raises more than its own classes; a look never fails for it
        return Unwell(reason_of(error))
    return body if isinstance(body, Unwell) else Response(response.status_code, response.headers, body)


def reason_of(error: Exception) -> str:
    """A short word for why an exchange failed; never the error's text, which may hold addresses and headers."""
    match error:
        case TimeoutError() | httpx.ReadTimeout() | httpx.WriteTimeout() | httpx.PoolTimeout():
            return "timeout"
        case httpx.ConnectTimeout() | httpx.ConnectError() | httpx.ProxyError():
            return "tls" if is_tls(error) else "unreachable"
        case httpx.NetworkError() | httpx.ProtocolError():
            return "broken"
        case _:
            return "error"


async def _body(response: httpx.Response) -> bytes | Unwell:
    if (refused := refusal(response.headers)) is not None:
        return refused
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_BODY:
            return Unwell("too_large")
    return bytes(body)


def refusal(headers: Mapping[str, str]) -> Unwell | None:
    """Why a body is not read, by what stands before it; None where it is."""
    # We ask for no compression: a few kilobytes of it could unfold to more than the cap in one step.
    if headers.get("content-encoding", "identity").lower() not in {"identity", ""}:
        return Unwell("encoding")
    length = headers.get("content-length", "")
    return Unwell("too_large") if length.isdecimal() and int(length[:18]) > MAX_BODY else None


def is_tls(error: BaseException | None) -> bool:
    """Whether an error, or what it came from, is about TLS: a certificate, not a cable."""
    for _ in range(10):
        if error is None:
            return False
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
