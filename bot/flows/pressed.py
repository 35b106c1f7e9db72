"""A press of a button, and the answers to it that only whoever pressed sees."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.facts import PaymentFact, Press, Reply
from bot.flows.asker import Asker
from bot.messenger.sender import Sender
from bot.storage import inbox
from bot.storage.engine import Database
from bot.words.words import Words


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press: who and where, under which message, and what the button carries."""

    asker: Asker
    press_id: str
    message_id: int
    data: str
    locale: str
    """The person's own language: what answers a press nobody else sees."""


class Toasts:
    """Answers presses."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        words: Words,
        *,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._sender = sender
        self._words = words
        self._clock = clock
        self._wake = wake

    async def show(self, pressed: Pressed, fact: PaymentFact | Reply | Press) -> None:
        """Answers a press, and no more."""
        toast = self._words.toast(fact, pressed.locale, now=self._clock())
        await self._sender.answer_press(pressed.press_id, toast)

    async def close(self, pressed: Pressed, fact: PaymentFact | Reply | Press | None) -> None:
        """Ends a press that changes nothing by itself."""
        if fact is not None:
            await self.show(pressed, fact)
        async with self._database.begin() as tx:
            await inbox.finish(tx, pressed.asker.update_id)
        self._wake()
