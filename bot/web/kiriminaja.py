"""`POST /kiriminaja`: where KiriminAja pushes callbacks. Stored, then answered; what follows from them comes after."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.core.callbacks import Callback
from bot.kiriminaja.callbacks import MAX_BODY, read_callback
from bot.web.intake import body_of, is_same, malformed, stored, unauthorized

PATH: Final = "/kiriminaja"

Accept = Callable[[Callback, bytes, str], Awaitable[None]]
"""Takes a callback, its raw body and `Content-Type`; returns once it is stored."""


def routes(api_key: str, accept: Accept) -> list[Route]:
    """The route."""

    async def kiriminaja(request: Request) -> Response:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if not is_same(key.strip(), api_key) or scheme.lower() != "bearer":
            return unauthorized()
        body = await body_of(request, MAX_BODY)
        if isinstance(body, Response):
            return body
        callback = read_callback(body)
        if callback is None:
            return malformed()
        return await stored(accept(callback, body, request.headers.get("content-type", "")))

    return [Route(PATH, kiriminaja, methods=["POST"])]
