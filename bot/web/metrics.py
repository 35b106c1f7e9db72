"""`/metrics`, for Prometheus."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.metrics import CONTENT_TYPE

Exposition = Callable[[], Awaitable[bytes]]
"""The metrics as text; no ids, no secrets."""


def routes(exposition: Exposition) -> list[Route]:
    """The one route."""

    async def metrics(_: Request) -> Response:
        return Response(await exposition(), media_type=CONTENT_TYPE)

    return [Route("/metrics", metrics, methods=["GET"])]
