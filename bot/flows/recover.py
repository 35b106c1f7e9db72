"""Finds a message whose sending was begun but never noted: the process died, or the answer was lost, in between.

Telegram has no key that makes a send safe to repeat, and a bot cannot read a chat. But it can edit its own messages,
and their numbers rise (in a supergroup its own, everywhere else one count for all chats of the bot): what was sent
unnoted lies just above the highest number known when the try began. An edit that Telegram takes, or calls "not
modified", has found it; for every other message there Telegram refuses the edit.
"""

from collections.abc import Awaitable, Callable
from itertools import count, islice
from typing import Final

from bot.core.message import Message
from bot.messenger.pace import Pace
from bot.messenger.sender import Delivered, MessageGone, Outcome, Sender, Undeliverable
from bot.storage import shown
from bot.storage.engine import Database
from bot.storage.lease import Lease
from bot.storage.outbox import Outgoing

# People's messages, and ours of the same moment, lie in between; farther up it is cheaper to say it again.
REACH: Final = 24


class Recover:
    """The search, by careful edits."""

    def __init__(self, database: Database, sender: Sender, *, lease: Lease, pace: Pace) -> None:
        self._database = database
        self._sender = sender
        self._lease = lease
        self._pace = pace
        self._in_vain: dict[tuple[int, int], int] = {}
        """How far a search came before it failed, by row and where it began: there is nothing up to that number."""

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
        begun = (row.id, row.after_message_id)
        searched = self._in_vain.pop(begun, row.after_message_id)
        numbers = (number for number in count(row.after_message_id + 1) if number not in noted)
        for number in islice(numbers, REACH):
            if number <= searched:
                continue
            outcome = await edit(number)
            # Telegram counts each of them like a message, and so the send that follows.
            await self._pace.another()
            if isinstance(outcome, Delivered):
                return Delivered(number)
            if not isinstance(outcome, MessageGone | Undeliverable) or getattr(outcome, "chat_is_gone", False):
                self._in_vain[begun] = number - 1
                return outcome
        async with self._database.begin() as tx:
            await shown.search_from_here(tx, row.place.chat_id, row.after_message_id, lease_token=self._lease.token)
        return None
