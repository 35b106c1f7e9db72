"""uvicorn on a socket of ours, under our signals."""

import asyncio
import contextlib
import socket
from collections.abc import Sequence

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute


class AddressInUse(Exception):
    """The address cannot be bound; the text is one line with the mend."""


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: it would raise SIGTERM again after serving."""

    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]  # uvicorn's own has no public type
        yield


class Web:
    """The HTTP server of one process."""

    def __init__(self, host: str, port: int, routes: Sequence[BaseRoute]) -> None:
        self._host = host
        self._port = port
        self._routes = routes
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def port(self) -> int:
        """The port it listens on, also where a free one was asked for (0)."""
        return self._port

    async def start(self) -> None:
        """Binds, then serves in the background. Raises `AddressInUse`."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # With the protocol named, asyncio sets TCP_NODELAY on what it accepts; without, answers wait 40 ms.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
            listener.listen(128)
        except (OSError, OverflowError, ValueError) as error:  # the last two: no port, no host name at all
            listener.close()
            reason = getattr(error, "strerror", None) or str(error)
            raise AddressInUse(
                f"HTTP_PORT: {self._host}:{self._port} cannot be used ({reason}): "
                "stop what uses it, or set HTTP_HOST and HTTP_PORT to a free address."
            ) from None
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            Starlette(routes=list(self._routes)),
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
            server_header=False,
        )
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]), name="http")
        while not self._server.started and not self._serving.done():  # noqa: ASYNC110  # uvicorn has a flag alone
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Ends open requests within a second."""
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await asyncio.gather(self._serving, return_exceptions=True)
