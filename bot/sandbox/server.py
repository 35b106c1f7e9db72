"""The HTTP face of the sandbox: Telegram's and KiriminAja's routes, and the control routes beside them."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox.bot_api import Json, Refusal, Upload, bad_request
from bot.sandbox.control import Control
from bot.sandbox.door import Door
from bot.sandbox.exchange import Dropped, Reply
from bot.sandbox.provider import Endpoint
from bot.sandbox.sending import response
from bot.sandbox.serving import cut_connection

if TYPE_CHECKING:
    from bot.sandbox.sandbox import Sandbox


def build_app(sandbox: Sandbox) -> Starlette:
    """The ASGI app of one sandbox."""
    face = _Face(sandbox)
    return Starlette(
        routes=[
            Route("/bot{token}/{method}", face.call, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", face.download),
            Route("/api/mitra/v2/get_payment", face.express, methods=["POST"]),
            Route("/open-api/v1/instants/payment/{payment_id}", face.instant),
            Route("/api/mitra/set_callback", face.set_callback, methods=["POST"]),
            *Control(sandbox).routes(),
        ]
    )


class _Face:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    async def call(self, request: Request) -> Response:
        """``/bot<token>/<method>``."""
        token, method = request.path_params["token"], request.path_params["method"]
        try:
            given = await _parameters(request)
        except Refusal as refusal:
            return response(request, Reply.of(refusal.as_json(), refusal.code))
        answer = asyncio.ensure_future(self._sandbox.telegram.handle(token, method, given))
        if method.lower() != "getupdates":
            return await _finish(request, answer, self._sandbox.telegram_door)
        # A poll whose client is gone must not look like a bot that listens.
        gone = asyncio.ensure_future(_left(request))
        try:
            await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                answer.cancel()
                await asyncio.wait({answer})
                return Response()
        finally:
            gone.cancel()
        return await _finish(request, answer, self._sandbox.telegram_door)

    async def download(self, request: Request) -> Response:
        """``/file/bot<token>/<path>``."""
        try:
            stored = self._sandbox.telegram.file(request.path_params["token"], request.path_params["path"])
        except Refusal as refusal:
            return response(request, Reply.of(refusal.as_json(), refusal.code))
        return Response(stored.content, media_type=stored.media_type)

    async def express(self, request: Request) -> Response:
        """KiriminAja's get_payment."""
        body = await _body(request)
        payment_id = body.get("payment_id", "") if isinstance(body, dict) else ""
        return await self._provider(request, "express", str(payment_id), body)

    async def instant(self, request: Request) -> Response:
        """KiriminAja's Instant payment."""
        return await self._provider(request, "instant", request.path_params["payment_id"])

    async def set_callback(self, request: Request) -> Response:
        """KiriminAja's set_callback."""
        return await self._provider(request, "set_callback", "", await _body(request))

    async def _provider(self, request: Request, endpoint: Endpoint, payment_id: str, body: Any = None) -> Response:
        key = request.headers.get("authorization", "")
        handling = self._sandbox.kiriminaja.handle(endpoint, payment_id, key, body)
        return await _finish(request, asyncio.ensure_future(handling), self._sandbox.kiriminaja_door)


async def _left(request: Request) -> None:
    """Returns when the client has closed its connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _finish(request: Request, answer: asyncio.Future[Reply], door: Door) -> Response:
    try:
        return response(request, await answer)
    except Dropped as dropped:
        if dropped.away:
            door.shut_for(dropped.away)
        if dropped.silent:
            await _left(request)
        cut_connection(request)
        return Response()  # goes nowhere: the connection is closed


async def _body(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except ValueError:
        return None


async def _parameters(request: Request) -> Json:
    """Query parameters, and those of a form-encoded, multipart or JSON body."""
    given: Json = dict(request.query_params)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json":
        body = await _body(request)
        if not isinstance(body, dict):
            raise bad_request("object expected as JSON body")
        return given | body
    if media_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        async with request.form(max_part_size=8 * 1024 * 1024) as form:
            for name, value in form.multi_items():
                given[name] = await _part(value)
    return given


async def _part(value: UploadFile | str) -> Upload | str:
    if isinstance(value, str):
        return value
    return Upload(value.filename or "file", await value.read(), value.content_type or "application/octet-stream")
