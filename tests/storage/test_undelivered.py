"""What the outbox could not deliver: listed, retried by a row that names the old one, discarded with a note."""

from typing import Any

from bot.core.watch import Place
from bot.storage import chats, outbox, undelivered
from bot.storage.engine import Database
from bot.storage.outbox import RowKind, RowState
from bot.storage.tables import outbox as table
from bot.storage.undelivered import Entry, Which
from tests.storage.making import (
    CHAT,
    DAY,
    GROUP,
    ID,
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


async def keep_dead(database: Database, key: str = "paid:17", place: Place = CHAT, **more: Any) -> int:
    """A message that Telegram refused for good."""
    await keep_notice(database, key, place, **more)
    row = await begin_first(database)
    async with database.begin() as tx:
        await outbox.bury(tx, row, lease_token=TOKEN, problem="chat not found", now=T0)
    return row.id


async def listed(database: Database, which: Which = Which.TROUBLED, limit: int = 10) -> list[Entry]:
    """What an operator sees."""
    async with database.begin() as tx:
        return list(await undelivered.entries(tx, which, limit=limit))


async def retried(database: Database, row_id: int) -> int | None:
    """Retries in a transaction of its own."""
    async with database.begin() as tx:
        return await undelivered.retry(tx, row_id, T0 + DAY)


async def test_what_was_delivered_or_simply_waits_is_no_trouble(database: Database) -> None:
    """Only dead rows, and due ones that met a problem; all are there when asked for, the newest first."""
    dead = await keep_dead(database, payment_id=ID)
    await keep_notice(database, "waits", Place(1))
    await keep_notice(database, "put off", Place(2))
    _, put_off = await due_rows(database)
    row = await begin(database, put_off)
    assert row is not None
    async with database.begin() as tx:
        await outbox.put_off(
            tx, row, lease_token=TOKEN, until=T0 + SECOND, problem="ConnectError", counts=True, maybe_sent=False
        )
    troubled = await listed(database)
    assert [(entry.id, entry.state, entry.problem) for entry in troubled] == [
        (put_off, RowState.DUE, "ConnectError"),
        (dead, RowState.DEAD, "chat not found"),
    ]
    (found,) = await listed(database, Which.DEAD)
    assert (found.what, found.place, found.payment_id, found.attempts) == ("StillUnpaid", CHAT, ID, 1)
    assert len(await listed(database, Which.ALL)) == 3
    assert [entry.id for entry in await listed(database, Which.ALL, limit=1)] == [put_off]


async def test_a_retry_is_a_new_row_that_names_the_old_one(database: Database) -> None:
    """Both stay; the new one says the same in the same place, and counts its age from now."""
    await keep_payment(database)
    watch = await keep_watch(database, place=GROUP)
    old_id = await keep_dead(database, place=GROUP, payment_id=ID, watch_id=watch.id)
    new_id = await retried(database, old_id)
    old, new = await rows_of(database, table)
    assert (new.id, new.key, new.state, new.attempts) == (new_id, f"retry:{old_id}:1", RowState.DUE, 0)
    for name in ("kind", "chat_id", "topic_id", "locale", "payment_id", "watch_id", "message_id", "fact"):
        assert getattr(new, name) == getattr(old, name), name
    assert (new.created_at, old.state, old.problem) == (T0 + DAY, RowState.DEAD, "chat not found")
    assert await listed(database) == []
    (entry,) = await listed(database, Which.DEAD)
    assert entry.retried_as == new_id
    assert await due_rows(database, T0 + DAY) == [new_id]


async def test_what_is_on_its_way_is_not_retried_twice(database: Database) -> None:
    """Once that failed too it may be tried again: from either row."""
    old_id = await keep_dead(database)
    first = await retried(database, old_id)
    assert first is not None
    assert await retried(database, old_id) is None
    assert await retried(database, first) is None
    row = await begin(database, first, now=T0 + DAY)
    assert row is not None
    async with database.begin() as tx:
        await outbox.bury(tx, row, lease_token=TOKEN, problem="blocked", now=T0 + DAY)
        assert await undelivered.dead_ids(tx) == [first]
    second = await retried(database, old_id)
    async with database.begin() as tx:
        entry = await undelivered.entry(tx, old_id)
        made = await undelivered.entry(tx, second or 0)
    assert entry is not None
    assert made is not None
    assert (entry.retried_as, made.key) == (second, f"retry:{old_id}:2")


async def test_only_what_is_dead_is_retried(database: Database) -> None:
    """What is due is tried anyway; what was sent would be told twice."""
    await keep_notice(database, "waits")
    (due,) = await due_rows(database)
    assert await retried(database, due) is None
    assert await retried(database, due + 1) is None
    assert len(await rows_of(database, table)) == 1


async def test_rows_whose_numbers_begin_alike_are_told_apart(database: Database) -> None:
    """`retry:1:1` is none of row 11's."""
    ids = [await keep_dead(database, f"k{number}") for number in range(11)]
    assert ids[10] - ids[0] == 10
    await retried(database, ids[10])
    async with database.begin() as tx:
        assert await undelivered.dead_ids(tx) == ids[:10]
        first = await undelivered.entry(tx, ids[0])
    assert first is not None
    assert first.retried_as is None


async def test_a_card_is_retried_as_a_card(database: Database) -> None:
    """State, rendered when it is delivered."""
    await keep_payment(database)
    watch = await keep_watch(database)
    await keep_card(database, watch)
    row = await begin_first(database)
    async with database.begin() as tx:
        await outbox.bury(tx, row, lease_token=TOKEN, problem="too big", now=T0)
    new_id = await retried(database, row.id)
    again = await begin(database, new_id or 0, now=T0 + DAY)
    assert again is not None
    assert (again.kind, again.watch_id, again.payment_id) == (RowKind.CARD, watch.id, ID)


async def test_a_retry_rests_where_the_chat_takes_no_messages(database: Database) -> None:
    """As any news of a payment does."""
    await keep_payment(database)
    watch = await keep_watch(database)
    row_id = await keep_dead(database, payment_id=ID, watch_id=watch.id)
    async with database.begin() as tx:
        await chats.meet(tx, CHAT.chat_id, "private", 1, T0)
        await chats.silence(tx, CHAT.chat_id, "blocked", T0)
    await retried(database, row_id)
    assert [row.state for row in await rows_of(database, table)] == [RowState.DEAD, RowState.RESTS]


async def test_what_is_discarded_is_not_sent_and_says_so(database: Database) -> None:
    """Due, resting or dead; once, and with its problem kept."""
    dead = await keep_dead(database)
    await keep_notice(database, "waits", Place(1))
    (due,) = await due_rows(database)
    for row_id in (dead, due):
        async with database.begin() as tx:
            assert await undelivered.discard(tx, row_id, T0)
        async with database.begin() as tx:
            assert not await undelivered.discard(tx, row_id, T0)
    assert await due_rows(database) == []
    by_id = {row.id: row for row in await rows_of(database, table)}
    assert {row.state for row in by_id.values()} == {RowState.DROPPED}
    assert "chat not found" in by_id[dead].problem
    assert "operator" in by_id[due].problem
    async with database.begin() as tx:
        assert not await undelivered.discard(tx, 999, T0)


async def test_a_row_that_is_not_there_is_none(database: Database) -> None:
    """A mistyped number."""
    async with database.begin() as tx:
        assert await undelivered.entry(tx, 999) is None
