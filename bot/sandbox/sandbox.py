"""The sandbox: one world of Telegram and KiriminAja, served on loopback."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.sandbox.changes import Changes, Clock
from bot.sandbox.chats import Chat, Topic
from bot.sandbox.door import Door
from bot.sandbox.messenger import Messenger
from bot.sandbox.people import Person
from bot.sandbox.provider import Provider
from bot.sandbox.server import build_app
from bot.sandbox.serving import HttpServer
from bot.sandbox.world import World

if TYPE_CHECKING:
    from bot.sandbox.cast import Cast
    from bot.sandbox.process import BotProcess

TOKEN = "7012345678:AAsandbox-token_that-opens-nothing-at-all"  # noqa: S105 - opens nothing but a sandbox
API_KEY = "sandbox-key-that-opens-nothing-at-all"


class Sandbox:
    """Telegram (`telegram`) and KiriminAja (`kiriminaja`, `payments`) for one bot and one account.

    The bot reaches each by a door of its own, which can be shut; `url` is open as long as the sandbox is served.
    `clock` gives seconds since the epoch; timestamps, flood limits and lifetimes go by it, waiting does not.
    `cast` and `process` are the demo's: who plays whom on its page, and the bot as its child.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        api_key: str = API_KEY,
        username: str = "paybot_sandbox_bot",
        clock: Clock = time.time,
        privacy_mode: bool = True,
    ) -> None:
        self.changes = Changes(clock)
        world = World(token=token, username=username, clock=clock, changes=self.changes, privacy_mode=privacy_mode)
        self.telegram = Messenger(world, token)
        self.kiriminaja = Provider(api_key=api_key, clock=clock, changes=self.changes)
        self.payments = self.kiriminaja.payments
        self.cast: Cast | None = None
        self.process: BotProcess | None = None
        self.app = build_app(self)
        self.url = ""
        self.telegram_door = Door(self.app)
        self.kiriminaja_door = Door(self.app)
        self._server: HttpServer | None = None

    @classmethod
    @asynccontextmanager
    async def serve(
        cls,
        port: int = 0,
        *,
        host: str = "127.0.0.1",
        token: str = TOKEN,
        api_key: str = API_KEY,
        username: str = "paybot_sandbox_bot",
        clock: Clock = time.time,
        privacy_mode: bool = True,
    ) -> AsyncIterator[Sandbox]:
        """A new sandbox, served while the context lasts."""
        sandbox = cls(token=token, api_key=api_key, username=username, clock=clock, privacy_mode=privacy_mode)
        await sandbox.start(port, host=host)
        try:
            yield sandbox
        finally:
            await sandbox.stop()

    async def start(self, port: int = 0, *, host: str = "127.0.0.1") -> None:
        """Serves on `port` (0: a free one); OSError where it is taken. `url` has no trailing slash."""
        self.changes.reopen()
        self._server = HttpServer(self.app)
        self.url = f"http://{host}:{await self._server.start(host, port)}"
        await self.telegram_door.open(host)
        await self.kiriminaja_door.open(host)
        self.telegram.webhook.resume()

    async def stop(self) -> None:
        """Ends every wait, poll and stream, and closes the port; the state stays and `start` may follow."""
        self.telegram.faults.clear()
        self.kiriminaja.faults.clear()
        self.changes.close()
        await self.telegram.webhook.close()
        await asyncio.gather(self.telegram_door.remove(), self.kiriminaja_door.remove())
        if self._server is not None:
            await self._server.stop()
            self._server = None

    def settings(self) -> dict[str, str]:
        """The environment that points the bot here."""
        return {
            "TELEGRAM_BOT_TOKEN": self.telegram.token,
            "TELEGRAM_API_URL": self.telegram_door.url,
            "KIRIMINAJA_API_KEY": self.kiriminaja.api_key,
            "KIRIMINAJA_EXPRESS_URL": self.kiriminaja_door.url,
            "KIRIMINAJA_INSTANT_URL": self.kiriminaja_door.url,
        }

    def person(
        self,
        first_name: str,
        *,
        user_id: int | None = None,
        last_name: str | None = None,
        username: str | None = None,
        language_code: str | None = None,
        started: bool = False,
    ) -> Person:
        """Somebody with a phone; `started` when they have written to the bot before."""
        return self.telegram.world.person(
            first_name,
            user_id=user_id,
            last_name=last_name,
            username=username,
            language_code=language_code,
            started=started,
        )

    def group(
        self,
        title: str,
        members: Sequence[Person] = (),
        *,
        admins: Sequence[Person] = (),
        chat_id: int | None = None,
        bot_status: str = "member",
    ) -> Chat:
        """A basic group; the first admin, else the first member, created it."""
        return self.telegram.world.group(title, members, admins=admins, chat_id=chat_id, bot_status=bot_status)

    def supergroup(
        self,
        title: str,
        members: Sequence[Person] = (),
        *,
        admins: Sequence[Person] = (),
        forum: bool = False,
        chat_id: int | None = None,
        bot_status: str = "member",
    ) -> Chat:
        """A supergroup, with topics where `forum`."""
        return self.telegram.world.group(
            title,
            members,
            admins=admins,
            chat_id=chat_id,
            bot_status=bot_status,
            supergroup=True,
            forum=forum,
        )

    def topic(self, chat: Chat, name: str) -> Topic:
        """A new topic in a forum; close it with ``topic.closed = True``."""
        return self.telegram.world.topic(chat, name)
