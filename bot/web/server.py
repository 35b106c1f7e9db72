"""uvicorn on a socket of ours, under our signals."""

import asyncio
import contextlib
from collections.abc import Sequence

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from bot.web.listening import listen


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
        """Binds, then serves in the background. Raises `CannotListen`."""
        listener = listen(self._host, self._port)
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
