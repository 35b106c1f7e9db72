"""What is noted of one row leaves all others as they were: other chats', other rows of the chat, what is done."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.core import connections, facts
from bot.core.watch import Place
from bot.storage import outbox, waiting
from bot.storage.engine import Database, Tx
from bot.storage.outbox import Outgoing, RowState
from bot.storage.tables import chats, outbox as table
from tests.storage.making import (
    CHAT,
    SECOND,
    T0,
    TOKEN,
    begin,
    begin_first,
    due_rows,
    keep_card,
    keep_notice,
    keep_payment,
    keep_watch,
    rows_of,
)

HOUR = timedelta(hours=1)
Ending = Callable[[Tx, Outgoing], Awaitable[object]]
ENDINGS: dict[str, Ending] = {
    "sent": lambda tx, row: outbox.sent(tx, row, lease_token=TOKEN, message_id=7, now=T0),
    "put off": lambda tx, row: outbox.put_off(
        tx, row, lease_token=TOKEN, until=T0 + HOUR, problem="502", counts=True, maybe_sent=False
    ),
    "released": lambda tx, row: outbox.release(tx, row, lease_token=TOKEN),
    "buried": lambda tx, row: outbox.bury(tx, row, lease_token=TOKEN, problem="no", now=T0),
    "dropped": lambda tx, row: waiting.drop_unchanged(tx, row, lease_token=TOKEN, problem="late", now=T0),
}


async def by_key(database: Database) -> dict[str, Any]:
    """The rows."""
    return {row.key: row for row in await rows_of(database, table)}


@pytest.mark.parametrize("ending", sorted(ENDINGS))
async def test_what_came_of_a_try_is_noted_of_that_row_alone(database: Database, ending: str) -> None:
    """Two are on their way under the same lease."""
    for chat in (1, 2):
        await keep_notice(database, f"to {chat}", Place(chat))
    first, _ = [await begin(database, row_id) for row_id in await due_rows(database)]
    assert first is not None
    before = await by_key(database)
    async with database.begin() as tx:
        await ENDINGS[ending](tx, first)
    after = await by_key(database)
    assert after["to 1"] != before["to 1"]
    assert after["to 2"] == before["to 2"]


async def test_a_put_off_row_holds_up_what_is_due_in_its_own_chat(database: Database) -> None:
    """Not another chat's, nor what is done, and what is due later anyway comes no sooner."""
    for key, chat in (("done", CHAT), ("failing", CHAT), ("behind", CHAT), ("elsewhere", Place(9))):
        await keep_notice(database, key, chat)
    done = await begin_first(database)
    async with database.begin() as tx:
        await outbox.sent(tx, done, lease_token=TOKEN, message_id=None, now=T0)
    await keep_notice(database, "later", now=T0, gather=2 * HOUR)
    row = await begin_first(database)
    assert row.key == "failing"
    async with database.begin() as tx:
        await outbox.put_off(tx, row, lease_token=TOKEN, until=T0 + HOUR, problem="502", counts=True, maybe_sent=False)
    due_at = {key: (found.due_at - T0) // HOUR for key, found in (await by_key(database)).items()}
    assert due_at == {"done": 0, "failing": 1, "behind": 1, "elsewhere": 0, "later": 2}


async def test_the_newest_message_known_in_a_chat_is_its_own_and_only_rises(database: Database) -> None:
    """Answers come in any order."""
    async with database.begin() as tx:
        for chat in (CHAT.chat_id, 9):
            await tx.execute(chats.insert().values(id=chat, kind="private", seen_at=T0))
    known = []
    for number in (40, 1, 41):
        await keep_notice(database, f"n{number}")
        row = await begin_first(database)
        async with database.begin() as tx:
            await outbox.sent(tx, row, lease_token=TOKEN, message_id=number, now=T0)
        known.append({chat.id: chat.last_message_id for chat in await rows_of(database, chats)})
    assert known == [{CHAT.chat_id: newest, 9: None} for newest in (40, 40, 41)]


async def test_a_second_try_searches_from_where_the_first_began(database: Database) -> None:
    """Its message may lie below what the chat has got since."""
    async with database.begin() as tx:
        await tx.execute(chats.insert().values(id=CHAT.chat_id, kind="private", seen_at=T0, last_message_id=10))
    await keep_notice(database, "lost")
    await begin_first(database)
    async with database.begin() as tx:
        await tx.execute(chats.update().values(last_message_id=20))
    await begin_first(database, token=TOKEN + 1)
    again = await begin_first(database, token=TOKEN + 2)
    assert (again.maybe_sent, again.after_message_id) == (True, 10)


async def test_rows_of_one_moment_are_due_in_the_order_they_were_written(database: Database) -> None:
    """Whatever their chat."""
    for key, chat in (("a", 3), ("b", 1), ("c", 2)):
        await keep_notice(database, key, Place(chat))
    keys = {row.id: key for key, row in (await by_key(database)).items()}
    assert [keys[row_id] for row_id in await due_rows(database)] == ["a", "b", "c"]


async def test_only_notices_that_wait_are_put_aside_each_with_its_time(database: Database) -> None:
    """A card has a deadline of its own, and what was sent was in time."""
    await keep_payment(database)
    watch = await keep_watch(database)
    await keep_notice(database, "sent", fact=connections.AlertOtherPoller())
    row = await begin_first(database)
    async with database.begin() as tx:
        await outbox.sent(tx, row, lease_token=TOKEN, message_id=None, now=T0)
    await keep_card(database, watch)
    await keep_notice(database, "help", fact=facts.Help())
    await keep_notice(database, "late", fact=connections.AlertOtherPoller())
    async with database.begin() as tx:
        given_up = await waiting.put_past_aside(tx, T0 + HOUR + SECOND, problem="late", except_for=[])
    assert [fact for fact, *_ in given_up] == [connections.AlertOtherPoller()]
    rows = await by_key(database)
    states = {key: row.state for key, row in rows.items()}
    assert states == {
        "sent": RowState.SENT, f"card:{watch.id}": RowState.DUE, "help": RowState.DUE, "late": RowState.DEAD,
    }  # fmt: skip
    assert rows["late"].done_at == T0 + HOUR + SECOND


async def test_a_chat_that_rests_holds_up_no_other(database: Database) -> None:
    """What is written to another chat is due."""
    async with database.begin() as tx:
        await tx.execute(chats.insert().values(id=9, kind="private", seen_at=T0, silenced_at=T0))
    await keep_payment(database)
    watch = await keep_watch(database)
    await keep_card(database, watch)
    assert len(await due_rows(database)) == 1
