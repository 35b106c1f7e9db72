"""uvicorn in somebody else's event loop: no signal handlers, a free port, a stop that waits for nobody."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Any

import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol


class _Protocol(H11Protocol):
    """Hands each request its transport, so that a fault can close the connection for real."""

    def connection_made(  # type: ignore[override]  # uvicorn narrows it in the same way
        self, transport: asyncio.Transport
    ) -> None:
        super().connection_made(transport)
        # asyncio does so only for sockets it made itself; without it an answer in two writes waits 40 ms.
        if (sock := transport.get_extra_info("socket")) is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {**self.app_state, "transport": transport}


def is_cut(request: Request) -> bool:
    """Whether the request's connection is gone, or going."""
    transport: asyncio.Transport = request.scope["state"]["transport"]
    return transport.is_closing()


def cut_connection(request: Request) -> None:
    """Closes the request's connection at once: the peer sees a reset, not an end of stream."""
    if is_cut(request):
        return
    transport: asyncio.Transport = request.scope["state"]["transport"]
    if (sock := transport.get_extra_info("socket")) is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _unmoved(app: ASGIApp) -> ASGIApp:
    """A client that leaves midway, or is cut off, is no error of ours that uvicorn should print."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(asyncio.CancelledError, ClientDisconnect):
            await app(scope, receive, send)

    return serve


class HttpServer:
    """Serves an ASGI app on loopback from `start` to `stop`."""

    def __init__(self, app: ASGIApp) -> None:
        config = uvicorn.Config(
            _unmoved(app),
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # Longer than a client's pool keeps a connection, so that none is closed under a request.
            timeout_keep_alive=120,
        )
        config.load()
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)

    async def start(self, host: str, port: int, *, reuse_port: bool = False) -> int:
        """Listens, and returns the port; OSError where it is taken, unless `reuse_port` shares it. Port 0 takes a free
        one."""
        listener = socket.create_server((host, port), reuse_port=reuse_port)
        taken: int = listener.getsockname()[1]
        # Not `Server.serve`: that one installs signal handlers, looks after itself every 0.1 s, and exits the
        # process on errors.
        await self._server.startup(sockets=[listener])
        return taken

    async def stop(self) -> None:
        """Closes the port and every connection; requests under way are cancelled."""
        for server in self._server.servers:
            server.close()
        tasks = set(self._server.server_state.tasks)
        if tasks:
            await asyncio.wait(tasks, timeout=0.2)
        for _ in range(5):
            # One turn of the loop, in which what was accepted last becomes a connection, and what is aborted tells its
            # protocol and closes its socket.
            await asyncio.sleep(0)
            connections: set[Any] = set(self._server.server_state.connections)
            for connection in connections:
                connection.transport.abort()
        tasks = set(self._server.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)
