"""What the doors for pushes share: who may knock, how much is read, what is answered while the database is away."""

import asyncio
import hmac
from collections.abc import Awaitable
from typing import Final

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from bot.storage.engine import DatabaseError, is_out_of_reach

PATIENCE: Final = 5.0
"""Seconds that storing may take; whoever pushes would not wait much longer."""
_READ_WITHIN: Final = 10.0
_RETRY_AFTER: Final = 2


def is_same(given: str, expected: str) -> bool:
    """Whether a header holds a secret; takes the same time whatever it holds."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


async def body_of(request: Request, limit: int) -> bytes | Response:
    """The body, or the refusal of one above `limit` bytes (413), with or without a length told, or of half a one."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:18]) > limit:
        return too_large()
    body = bytearray()
    try:
        async with asyncio.timeout(_READ_WITHIN):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    return too_large()
    except (ClientDisconnect, TimeoutError):
        return malformed()
    return bytes(body)


async def stored(storing: Awaitable[object]) -> Response:
    """200 once it is stored, 503 with `Retry-After` where it cannot be now."""
    try:
        async with asyncio.timeout(PATIENCE):
            await storing
    except Exception as error:
        if not (isinstance(error, DatabaseError) or is_out_of_reach(error)):
            raise
        # A debug line: why is said by whoever works, once for all.
        structlog.get_logger("web").debug("push not stored", problem=type(error).__name__)
        return PlainTextResponse("try again\n", 503, headers={"Retry-After": str(_RETRY_AFTER)})
    return PlainTextResponse("ok\n")


def unauthorized() -> Response:
    """401: the secret is missing or wrong."""
    return PlainTextResponse("unauthorized\n", 401)


def malformed() -> Response:
    """400: not what this door is for."""
    return PlainTextResponse("malformed\n", 400)


def too_large() -> Response:
    """413; the rest is not read, so the connection ends."""
    return PlainTextResponse("too large\n", 413, headers={"Connection": "close"})
