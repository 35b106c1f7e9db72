"""The real deliveries against a Telegram made of lists, on a clock that goes only when it is waited for.

What a chat was told is what that Telegram accepted, never what the outbox says.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, cast

from bot.core.message import Message
from bot.core.watch import Place
from bot.flows.announce import Operators
from bot.flows.deliver import Deliver
from bot.flows.rendered import TextMessage
from bot.messenger.pace import ALL_PER_SECOND
from bot.messenger.sender import Delivered, MessageGone, Outcome, RetryAt, Undeliverable
from bot.metrics import Metrics
from bot.storage import chats
from bot.storage.engine import Database
from bot.storage.outbox import Outgoing
from tests.storage.making import T0, TOKEN

_TICK: Final = timedelta(milliseconds=1)
LOST: Final = "lost"
"""What a Telegram says that took the message, and whose answer never came."""

Says = Callable[[int, str], Outcome | str | None]
"""What Telegram does with a text for a chat; None: it takes it."""


class World:
    """Telegram, time, and the bot's deliveries."""

    def __init__(self, database: Database, says: Says = lambda *_: None) -> None:
        self.now = T0
        self.says = says
        self.told: defaultdict[int, list[str]] = defaultdict(list)
        """By chat: each text that was taken."""
        self._taken: list[tuple[int, str]] = []
        """All of them, a message's number being its place: private chats share one numbering."""
        self.told_at: dict[str, datetime] = {}
        self.tries: list[tuple[datetime, int]] = []
        """When and where something was sent or changed."""
        self._database = database
        self._deliver = Deliver(
            database,
            cast("Any", self),
            cast("Any", self),
            lease=cast("Any", SimpleNamespace(held=True, token=TOKEN)),
            pace=cast("Any", self),
            operators=Operators((), "id"),
            clock=lambda: self.now,
            metrics=Metrics("0"),
        )

    async def run(self, time: timedelta) -> None:
        """Delivers for a while."""
        until = self.now + time
        while self.now < until:
            next_at = await self._deliver.run_due(lambda: None)
            lanes = [task for task in asyncio.all_tasks() if task.get_name().startswith("deliver ")]
            if lanes:
                await asyncio.wait(lanes)
                continue
            # The job looks every few seconds anyway, but finds nothing then.
            self.now = min(until, max(next_at or until, self.now + _TICK))

    async def meet(self, chat_id: int) -> None:
        """Somebody in the chat has written before, so its numbers are known."""
        async with self._database.begin() as tx:
            await chats.meet(tx, chat_id, "private", 0, self.now)

    # --- the pace: on this clock, and never in doubt ---

    async def turn(self, _: int) -> None:
        """The next message's turn."""
        self.now += timedelta(seconds=1 / ALL_PER_SECOND)

    async def depart(self) -> bool:
        """It may leave at once."""
        return True

    async def another(self) -> None:
        """One more call."""
        await self.turn(0)

    def went(self) -> None:
        """One got through."""

    def refused(self, chat_id: int, after: float) -> None:
        """One did not."""

    # --- the renderer: a text is the row's key ---

    async def gather(self, _tx: object, row: Outgoing, *_: object) -> TextMessage:
        """What is told."""
        return TextMessage(Message(row.key))

    async def draw(self, rendered: object) -> object:
        """Nothing to draw."""
        return rendered

    # --- the sender ---

    async def send_text(self, place: Place, message: Message, **_: object) -> Outcome:
        """Takes a message, or does not."""
        chat_id, text = place.chat_id, message.html
        self.tries.append((self.now, chat_id))
        answer = self.says(chat_id, text)
        if answer in {None, LOST}:
            self.told[chat_id].append(text)
            self._taken.append((chat_id, text))
            self.told_at[text] = self.now
        if isinstance(answer, str):
            return RetryAt("ReadTimeout", maybe_sent=True)
        return answer or Delivered(len(self._taken))

    async def change_text(self, place: Place, number: int, message: Message) -> Outcome:
        """Says whether the message of that number is ours to change."""
        self.tries.append((self.now, place.chat_id))
        answer = self.says(place.chat_id, message.html)
        if isinstance(answer, RetryAt):
            return answer
        chat_id, text = self._taken[number - 1] if 1 <= number <= len(self._taken) else (None, "")
        if chat_id != place.chat_id:
            return MessageGone()
        return Delivered(None) if text == message.html else Undeliverable("not the same")
