"""A message that may have been sent is looked for, among all that was said meanwhile."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.core.message import Message
from bot.core.watch import Place
from bot.flows.recover import REACH, Recover
from bot.messenger.pace import Pace
from bot.messenger.sender import Delivered, MessageGone, Outcome, RetryAt
from bot.storage import chats, outbox
from bot.storage.engine import Database
from bot.storage.outbox import Outgoing
from bot.storage.tables import outbox as table
from tests.storage.making import CHAT, T0, TOKEN, begin_first, keep_notice

HELLO = Message("halo")


class Chat:
    """Telegram's side: what is at a number; elsewhere nothing of ours."""

    def __init__(self, there: dict[int, Outcome]) -> None:
        self.there = there
        self.tried: list[int] = []

    async def change_text(self, place: Place, number: int, message: Message) -> Outcome:
        """Edits."""
        self.tried.append(number)
        return self.there.get(number, MessageGone())


def recover(database: Database, chat: Chat) -> Recover:
    """The search, in that chat."""
    return Recover(database, cast("Any", chat), lease=cast("Any", SimpleNamespace(token=TOKEN)), pace=Pace())


async def unsure(database: Database) -> Outgoing:
    """A row whose first try may have been sent, when message 40 was the newest of all chats."""
    async with database.begin() as tx:
        await chats.meet(tx, CHAT.chat_id, "private", 12, T0)
        await chats.meet(tx, 77, "private", 40, T0)
    await keep_notice(database, "a")
    row = await begin_first(database)
    async with database.begin() as tx:
        await outbox.put_off(tx, row, lease_token=TOKEN, until=T0, problem="", counts=True, maybe_sent=True)
    return await begin_first(database)


async def test_it_is_found_beyond_what_other_chats_were_sent(database: Database) -> None:
    """However many messages of ours lie in between: those are noted, and not tried."""
    row = await unsure(database)
    async with database.begin() as tx:
        for number in range(41, 41 + 2 * REACH):
            place = Place(1000 + number)
            await outbox.put_notice(tx, f"other:{number}", place, cast("Any", row.fact), locale="id", now=T0)
            await tx.execute(table.update().where(table.c.key == f"other:{number}").values(message_id=number))
    number = 41 + 2 * REACH
    chat = Chat({number + 2: Delivered(None)})
    assert await recover(database, chat).text(row, HELLO) == Delivered(number + 2)
    assert chat.tried == [number, number + 1, number + 2]


async def test_in_vain_it_ends_and_the_next_one_begins_where_this_try_does(database: Database) -> None:
    """So that what is said again now can be found in its turn."""
    row = await unsure(database)
    async with database.begin() as tx:
        await chats.meet(tx, 77, "private", 90, T0)
    chat = Chat({})
    assert await recover(database, chat).text(row, HELLO) is None
    assert chat.tried == list(range(41, 41 + REACH))
    async with database.begin() as tx:
        await outbox.put_off(tx, row, lease_token=TOKEN, until=T0, problem="", counts=True, maybe_sent=True)
    assert (await begin_first(database)).after_message_id == 90


@pytest.mark.parametrize("after", [None, 3.0])
async def test_a_search_that_fails_leaves_the_doubt(database: Database, after: float | None) -> None:
    """Telegram is away, or asks for a pause: nothing was learnt of the earlier try."""
    row = await unsure(database)
    chat = Chat({42: RetryAt("ConnectError", after=after)})
    outcome = await recover(database, chat).text(row, HELLO)
    assert outcome == RetryAt("ConnectError", after=after)
    assert chat.tried == [41, 42]
    async with database.begin() as tx:
        await outbox.put_off(tx, row, lease_token=TOKEN, until=T0, problem="", counts=False, maybe_sent=False)
    again = await begin_first(database)
    assert (again.maybe_sent, again.after_message_id) == (True, 40)


async def test_a_search_that_failed_goes_on_where_it_was(database: Database) -> None:
    """Each edit may fail: one that began anew each time would hardly ever come to its end."""
    row = await unsure(database)
    chat = Chat({43: RetryAt("ConnectError")})
    search = recover(database, chat)
    assert await search.text(row, HELLO) == RetryAt("ConnectError")
    chat.there = {45: Delivered(None)}
    assert await search.text(row, HELLO) == Delivered(45)
    assert chat.tried == [41, 42, 43, 43, 44, 45]


async def test_what_was_never_sent_is_not_looked_for(database: Database) -> None:
    """A first try."""
    await keep_notice(database, "a")
    chat = Chat({})
    assert await recover(database, chat).text(await begin_first(database), HELLO) is None
    assert chat.tried == []
