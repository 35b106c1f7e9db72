"""Finds a message whose sending was begun but never noted: the process died, or the answer was lost, in between.

Telegram has no key that makes a send safe to repeat, and a bot cannot read a chat. But it can edit its own messages,
and their numbers rise: what was sent unnoted lies just above the highest number known when the try began. An edit that
Telegram takes, or calls "not modified", has found it; for every other message there Telegram refuses the edit.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from bot.core.message import Message
from bot.messenger.sender import Delivered, MessageGone, Outcome, RetryAt, Sender, Undeliverable
from bot.storage import shown
from bot.storage.engine import Database
from bot.storage.outbox import Outgoing

# People and other chats number their messages in between; farther up it is cheaper to say it again.
REACH: Final = 8


class Recover:
    """The search, by careful edits."""

    def __init__(self, database: Database, sender: Sender) -> None:
        self._database = database
        self._sender = sender

    async def text(self, row: Outgoing, message: Message) -> Outcome | None:
        """The text message that was sent, brought up to date; None where there is none."""
        return await self._search(row, lambda number: self._sender.change_text(row.place, number, message))

    async def card(self, row: Outgoing, message: Message) -> Outcome | None:
        """The picture or file that was sent, with this caption now; None where there is none."""
        return await self._search(row, lambda number: self._sender.change_caption(row.place, number, message))

    async def _search(self, row: Outgoing, edit: Callable[[int], Awaitable[Outcome]]) -> Outcome | None:
        if not row.maybe_sent or row.after_message_id is None:
            return None
        async with self._database.begin() as tx:
            noted = await shown.messages_above(tx, row.place.chat_id, row.after_message_id)
        for number in range(row.after_message_id + 1, row.after_message_id + 1 + REACH):
            if number in noted:
                continue
            outcome = await edit(number)
            if isinstance(outcome, Delivered):
                return Delivered(number)
            if isinstance(outcome, RetryAt):
                return replace(outcome, maybe_sent=True)  # what was sent before is as unknown as ever
            if not isinstance(outcome, MessageGone | Undeliverable) or getattr(outcome, "chat_is_gone", False):
                return outcome
        return None
