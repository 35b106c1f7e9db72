"""`/healthz`: the process lives. `/readyz`: it can do its work, or says what is amiss."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

Readiness = Callable[[], Awaitable[tuple[bool, Mapping[str, str]]]]
"""Whether the process is ready, and the state of each part in a word or two; no secrets, no ids."""


def routes(readiness: Readiness) -> list[Route]:
    """The two routes."""

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        ready, parts = await readiness()
        return JSONResponse({"ready": ready} | dict(parts), status_code=200 if ready else 503)

    return [Route("/healthz", healthz, methods=["GET"]), Route("/readyz", readyz, methods=["GET"])]
