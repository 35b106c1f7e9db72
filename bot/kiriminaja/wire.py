"""One HTTP exchange with KiriminAja: bounded in time and size, and every failure a short word."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypedDict

import httpx

from bot.core.answer import Unwell
from bot.kiriminaja.answers import MAX_BODY

CONNECT_TIMEOUT: Final = 3.0
CALL_TIMEOUT: Final = 10.0
"""Seconds for connecting, and for one call from start to last byte."""

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
    headers: httpx.Headers
    body: bytes


def http_client(*, connect: float = CONNECT_TIMEOUT, call: float = CALL_TIMEOUT) -> httpx.AsyncClient:
    """The client for KiriminAja: HTTP/1.1, no redirects (a key follows none), few connections. Seconds."""
    return httpx.AsyncClient(**_terms(connect, call))


def look_client() -> httpx.AsyncClient:
    """The same over aiohttp, at a fraction of the CPU: for looks, which may be repeated. It does not tell a connection
    that was never made from one that was closed after the request was read."""
    # Here, as no other command than `run` needs it.
    from httpx_aiohttp import HttpxAiohttpClient

    return HttpxAiohttpClient(**_terms(CONNECT_TIMEOUT, CALL_TIMEOUT))


def _terms(connect: float, call: float) -> _Terms:
    return {
        "timeout": httpx.Timeout(call, connect=connect),
        "limits": httpx.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=15),
        "follow_redirects": False,
        # A proxy from the environment is used, but never towards this machine (`paybot demo`, tests).
        "mounts": dict.fromkeys(_LOOPBACK),
    }


async def exchange(
    client: httpx.AsyncClient,
    request: httpx.Request,
    *,
    decided: Callable[[int], bool],
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
            if _is_tls(error):
                return "tls"
            return "broken" if _is_cut_off(error) else "unreachable"
        case httpx.NetworkError() | httpx.ProtocolError():
            return "broken"
        case _:
            return "broken" if _is_cut_off(error) else "error"


async def _body(response: httpx.Response) -> bytes | Unwell:
    # We ask for no compression: a few kilobytes of it could unfold to more than the cap in one step.
    if response.headers.get("content-encoding", "identity").lower() not in {"identity", ""}:
        return Unwell("encoding")
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length[:18]) > MAX_BODY:
        return Unwell("too_large")
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_BODY:
            return Unwell("too_large")
    return bytes(body)


def _is_cut_off(error: BaseException) -> bool:
    """Whether there was a connection: aiohttp's transport says the same of one that was cut off and of none."""
    from aiohttp import ClientConnectorError, ClientError, ServerTimeoutError

    said = error if isinstance(error, ClientError) else error.__cause__
    return isinstance(said, ClientError) and not isinstance(said, ClientConnectorError | ServerTimeoutError)


def _is_tls(error: BaseException | None) -> bool:
    """Whether an error, or what it came from, is about TLS: a certificate, not a cable."""
    for _ in range(10):
        if error is None:
            return False
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
