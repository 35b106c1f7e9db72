"""`POST /telegram`: where Telegram pushes updates. Stored, then answered."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.messenger.updates import is_update
from bot.web.intake import body_of, is_same, malformed, stored, unauthorized

PATH: Final = "/telegram"
MAX_BODY: Final = 1_000_000
"""Longest body in bytes; an update has a few thousand."""


def routes(secret: str, take_in: Callable[[Sequence[Mapping[str, Any]]], Awaitable[None]]) -> list[Route]:
    """The route. `take_in` returns once the updates are stored."""

    async def telegram(request: Request) -> Response:
        if not is_same(request.headers.get("x-telegram-bot-api-secret-token", ""), secret):
            return unauthorized()
        body = await body_of(request, MAX_BODY)
        if isinstance(body, Response):
            return body
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            return malformed()
        return await stored(take_in([update])) if is_update(update) else malformed()

    return [Route(PATH, telegram, methods=["POST"])]
