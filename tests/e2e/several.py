"""Several real bots on one PostgreSQL, and the one public address they stand behind."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx

from bot.sandbox import Sandbox
from tests.e2e.process import BotProcess


class Door:
    """A load balancer: each connection goes to the next process that takes it."""

    def __init__(self) -> None:
        self.behind: list[BotProcess] = []
        self.url = ""
        self._turn = 0

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator["Door"]:
        """Open while the context lasts."""
        door = cls()
        async with await asyncio.start_server(door._serve, "127.0.0.1", 0) as server:
            door.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield door

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError):
            for _ in range(len(self.behind)):
                self._turn += 1
                bot = self.behind[self._turn % len(self.behind)]
                with contextlib.suppress(OSError):
                    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", bot.port)
                    with contextlib.closing(inner_writer):
                        await asyncio.gather(_pass_on(reader, inner_writer), _pass_on(inner_reader, writer))
                    return


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


class Fleet:
    """The processes, each with a folder and a log of its own."""

    def __init__(self, bots: list[BotProcess]) -> None:
        self.bots = bots

    @classmethod
    @asynccontextmanager
    async def sail(
        cls, count: int, sandbox: Sandbox, folder: Path, url: str, *, webhook: bool = False, **settings: str
    ) -> AsyncIterator["Fleet"]:
        """All started at the same moment, and ready."""
        async with AsyncExitStack() as stack:
            door = await stack.enter_async_context(Door.open())
            public = {"TELEGRAM_WEBHOOK_URL": door.url if webhook else ""}
            fleet = cls([])
            for number in range(count):
                own = folder / f"bot{number}"
                own.mkdir()
                fleet.bots.append(BotProcess.against(sandbox, own, url, POLL_FIRST="0.3", **public, **settings))
            door.behind = fleet.bots
            stack.push_async_exit(fleet._end)
            await asyncio.gather(*(bot.start() for bot in fleet.bots))
            yield fleet

    @property
    def logs(self) -> str:
        """All that all wrote."""
        return "\n".join(bot.log for bot in self.bots)

    async def holder(self, *, among: list[BotProcess] | None = None, within: float = 15.0) -> BotProcess:
        """The one that works, as soon as one does and is ready."""
        asked = self.bots if among is None else among
        try:
            async with asyncio.timeout(within):
                while True:
                    for bot in asked:
                        with contextlib.suppress(httpx.TransportError):
                            status, parts = await bot.readiness()
                            if status == 200 and parts["work"] == "holder":
                                return bot
                    await asyncio.sleep(0.02)  # nobody tells when
        except TimeoutError:
            raise AssertionError(f"nobody works\n{self.logs}") from None

    async def _end(self, kind: object, error: BaseException | None, trace: object) -> None:
        for bot in self.bots:
            if error is not None:
                print(f"--- the log of {bot.port}\n{bot.log}")
            if bot.is_running:
                bot.kill()
                await bot.ended()
