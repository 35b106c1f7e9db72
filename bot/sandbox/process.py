"""The demo's bot: `paybot run` as a child process, started, killed for real, and never left behind."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal

from bot.sandbox.bot_api import Json
from bot.sandbox.changes import Changes

State = Literal["starting", "running", "stopped"]

LOG_NAME: Final = "bot.log"
_PATIENCE: Final = 1.5
"""Seconds a bot has to end by itself at the demo's end; the whole end takes less than three."""

_LOOK_EVERY: Final = 0.05
"""Seconds between two looks at `/readyz` while it starts."""

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


class BotProcess:
    """One bot at a time, in `folder`; what it writes goes to ``bot.log`` there.

    `state` is running once `/readyz` answered 200; each change is an event ``process``. `ended` is told the exit
    status of a bot that stopped without being asked to (negative: the signal).
    """

    def __init__(
        self, changes: Changes, folder: Path, environment: Mapping[str, str], *, ended: Callable[[int], None]
    ) -> None:
        self.state: State = "stopped"
        self.url: str | None = None
        """Its HTTP side, another one in each life."""
        self.log = folder / LOG_NAME
        self._changes = changes
        self._folder = folder
        self._environment = environment
        self._ended = ended
        self._process: asyncio.subprocess.Process | None = None
        self._life: asyncio.Task[None] | None = None
        self._asked_to_end = False
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The process's id while there is one."""
        return self._process.pid if self._process is not None and self.state != "stopped" else None

    def view(self) -> Json:
        """As the page sees it."""
        return {"state": self.state, "pid": self.pid}

    async def start(self) -> None:
        """Starts it, on the database of its last life; nothing where it lives already."""
        async with self._turn:
            if self.state != "stopped":
                return
            port = _free_port()
            self.url = f"http://127.0.0.1:{port}"
            with self.log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "bot",
                    "run",
                    cwd=self._folder,
                    env={**self._environment, "HTTP_HOST": "127.0.0.1", "HTTP_PORT": str(port)},
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # the terminal's Ctrl-C is the demo's to pass on
                    preexec_fn=_die_with_parent(),
                )
            self._asked_to_end = False
            self._become("starting")
            self._life = asyncio.create_task(self._live(self._process, port), name="bot")

    async def kill(self) -> None:
        """kill -9; returns when it is gone."""
        async with self._turn:
            await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL for one that hangs."""
        async with self._turn:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await self._end(signal.SIGTERM)
            await self._end(signal.SIGKILL)

    def last_lines(self, count: int) -> list[str]:
        """The end of its log."""
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]

    async def _end(self, how: signal.Signals) -> None:
        if self._process is None or self._life is None or self._life.done():
            return
        self._asked_to_end = True
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(how)
        await asyncio.shield(self._life)

    async def _live(self, process: asyncio.subprocess.Process, port: int) -> None:
        looking = asyncio.create_task(self._await_readiness(port))
        status = await process.wait()
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        self._become("stopped")
        if not self._asked_to_end:
            self._ended(status)

    async def _await_readiness(self, port: int) -> None:
        while not await _is_ready(port):  # noqa: ASYNC110 - another process, there is no event
            await asyncio.sleep(_LOOK_EVERY)
        self._become("running")

    def _become(self, state: State) -> None:
        self.state = state
        self._changes.publish("process", **self.view())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


async def _is_ready(port: int) -> bool:
    try:
        async with asyncio.timeout(3):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                return (await reader.readline()).split()[1:2] == [b"200"]
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


def _die_with_parent() -> Callable[[], None] | None:
    """For the child: on Linux the kernel kills it when the demo dies, even of kill -9. None elsewhere."""
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def bind() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return bind
