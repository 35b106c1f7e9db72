"""How an answer leaves: whole and at once, or as badly as a fault wants it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from bot.sandbox.exchange import Reply
from bot.sandbox.faults import Fault
from bot.sandbox.serving import cut_connection, is_cut

_CHUNK = b" " * 65_536


def response(request: Request, reply: Reply) -> Response:
    """The answer to a request."""
    headers = {name.lower(): value for name, value in reply.headers.items()}
    media_type = headers.get("content-type", reply.media_type)
    fault = reply.fault
    if fault is None or not (fault.drip or fault.filler or fault.reset == "midway"):
        return Response(reply.body, reply.status, headers, media_type)
    # Only what has no end of its own goes without a length, as a stream does.
    if not fault.filler:
        headers["content-length"] = str(len(reply.body))
    return StreamingResponse(_badly(request, reply.body, fault), reply.status, headers, media_type)


async def _badly(request: Request, body: bytes, fault: Fault) -> AsyncIterator[bytes]:
    if fault.reset == "midway":
        yield body[: len(body) // 2]
        await asyncio.sleep(0.01)  # a reset may overtake what lies before it
        cut_connection(request)
        await asyncio.sleep(0)
    elif fault.drip:
        for byte in body:
            yield bytes([byte])
            await asyncio.sleep(fault.drip)
    else:
        yield body
        for _ in range(0, fault.filler, len(_CHUNK)):
            if is_cut(request):
                return
            yield _CHUNK
