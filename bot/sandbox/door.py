"""A port for one side of the sandbox, so that it can be out of reach while the other is not."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

from starlette.types import ASGIApp

from bot.sandbox.serving import HttpServer


class Door:
    """Open: the app is served. Shut: connections are refused; the port stays ours all the same."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._host = ""
        self._place: socket.socket | None = None
        self._server: HttpServer | None = None
        self._opening: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Without a slash at the end; the same until the door is removed."""
        if self._place is None:
            raise ValueError("the door has not been opened yet")
        return f"http://{self._host}:{self._place.getsockname()[1]}"

    @property
    def is_open(self) -> bool:
        """Whether somebody listens."""
        return self._server is not None

    async def open(self, host: str = "127.0.0.1") -> None:
        """Listens; nothing where it does already."""
        if self._server is not None:
            return
        if self._place is None:
            # Bound and never listening: nobody else gets the port while the door is shut.
            self._host, self._place = host, socket.socket()
            self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            self._place.bind((host, 0))
        server = self._server = HttpServer(self._app)
        await server.start(self._host, self._place.getsockname()[1], reuse_port=True)

    async def shut(self) -> None:
        """Stops listening and cuts every connection."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop()

    def shut_for(self, seconds: float) -> None:
        """Shuts, and opens again by itself; nothing where that is under way."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._shut_for(seconds))

    async def remove(self) -> None:
        """Shuts for good and gives the port back."""
        opening, self._opening = self._opening, None
        if opening is not None:
            opening.cancel()
            with suppress(asyncio.CancelledError):
                await opening
        await self.shut()
        if self._place is not None:
            self._place.close()
            self._place = None

    async def _shut_for(self, seconds: float) -> None:
        await self.shut()
        await asyncio.sleep(seconds)
        await self.open()
        self._opening = None
