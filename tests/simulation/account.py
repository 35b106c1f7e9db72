"""Telegram as one process reaches it."""

from datetime import datetime

from bot.core.message import Message, Toast
from bot.core.watch import Place
from bot.messenger.outcomes import Outcome
from bot.messenger.updates import Batch, Trouble
from tests.simulation.messenger import Messenger
from tests.simulation.process import Process


class SenderOf:
    """As `bot.messenger.sender.Sender`."""

    def __init__(self, process: Process, messenger: Messenger) -> None:
        self._process, self._messenger = process, messenger

    async def send_text(self, place: Place, message: Message, *, reply_to: int | None = None) -> Outcome:
        """A text message."""
        return await self._messenger.send(self._process, place, message.html, message.keyboard, None)

    async def send_picture(self, place: Place, picture: bytes | str, message: Message) -> Outcome:
        """A picture."""
        return await self._messenger.send(self._process, place, message.html, message.keyboard, picture)

    async def change_picture(self, place: Place, message_id: int, picture: bytes | str, message: Message) -> Outcome:
        """Another picture."""
        return await self._messenger.change(
            self._process, place, message_id, message.html, message.keyboard, picture, "picture"
        )

    async def change_text(self, place: Place, message_id: int, message: Message) -> Outcome:
        """Another text."""
        return await self._messenger.change(
            self._process, place, message_id, message.html, message.keyboard, None, "text"
        )

    async def change_caption(self, place: Place, message_id: int, message: Message) -> Outcome:
        """Another caption."""
        return await self._messenger.change(
            self._process, place, message_id, message.html, message.keyboard, None, "caption"
        )

    async def erase(self, place: Place, message_id: int) -> Outcome:
        """Takes a message away."""
        return await self._messenger.erase(self._process, place, message_id)

    async def answer_press(self, press_id: str, toast: Toast) -> Outcome:
        """Answers a press."""
        return await self._messenger.answer_press(self._process, press_id, toast)

    async def show_typing(self, place: Place) -> None:
        """Nobody looks."""
        await self._process.reach("typing")


class UpdatesOf:
    """As `bot.messenger.updates.Updates`."""

    def __init__(self, process: Process, messenger: Messenger) -> None:
        self._process, self._messenger = process, messenger

    @property
    def telegram_time(self) -> datetime:
        """What time it is."""
        return self._process.world.clock()

    async def fetch(self, offset: int | None, *, wait: int) -> Batch | Trouble:
        """A poll; a long one lasts until there is something."""
        return await self._messenger.fetch(offset, self._process, wait=wait > 0)
