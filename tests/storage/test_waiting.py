"""What waits in the outbox, all chats together: made due, put aside; and what steps aside, or counts anew."""

from datetime import timedelta
from typing import Any

from bot.core import connections, facts, journey
from bot.core.retries import ASIDE_AFTER
from bot.core.watch import Place
from bot.storage import outbox, waiting, watches
from bot.storage.engine import Database
from bot.storage.outbox import THROTTLED, RowState
from bot.storage.tables import outbox as table
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


async def by_key(database: Database) -> dict[str, Any]:
    """The rows."""
    return {row.key: row for row in await rows_of(database, table)}


async def fail(database: Database, key: str, problem: str, *, counts: bool = True) -> None:
    """A try at a row, which is put off for an hour."""
    row_id = (await by_key(database))[key].id
    row = await begin(database, row_id, now=T0 + 2 * HOUR)
    assert row is not None
    async with database.begin() as tx:
        await outbox.put_off(
            tx, row, lease_token=TOKEN, until=T0 + HOUR, problem=problem, counts=counts, maybe_sent=False
        )


async def test_what_failed_is_made_due_with_all_behind_it(database: Database) -> None:
    """But not where Telegram named a pause, nor in a chat that is being served."""
    for key, chat in (("a1", 1), ("a2", 1), ("b1", 2), ("b2", 2), ("c1", 3)):
        await keep_notice(database, key, Place(chat))
    for key, problem in (("a1", "ConnectError"), ("b1", THROTTLED), ("c1", "ConnectError")):
        await fail(database, key, problem)
    assert await due_rows(database, T0 + SECOND) == []
    async with database.begin() as tx:
        await waiting.hasten(tx, T0 + SECOND, except_for=[3])
    found = await due_rows(database, T0 + SECOND)
    rows = await by_key(database)
    assert found == [rows["a1"].id, rows["a2"].id]
    assert {rows[key].due_at for key in ("b1", "b2", "c1")} == {T0 + HOUR}


async def test_a_chat_that_is_told_to_wait_waits_whatever_failed_there_before(database: Database) -> None:
    """Two rows, one trouble each."""
    await keep_notice(database, "a1")
    await keep_notice(database, "a2")
    await fail(database, "a1", "ConnectError")
    await fail(database, "a2", THROTTLED, counts=False)
    async with database.begin() as tx:
        await waiting.hasten(tx, T0 + SECOND, except_for=[])
    assert await due_rows(database, T0 + SECOND) == []


async def test_what_is_past_its_deadline_is_put_aside_with_its_reason(database: Database) -> None:
    """Dead, or dropped where nobody misses it; "paid" never, nor what is being sent, changed or not so old."""
    await keep_notice(database, "ops:1", fact=connections.AlertOtherPoller())
    await keep_notice(database, "driver", fact=journey.NoDriver(15, ("ORD-1",)))
    await keep_notice(database, "paid", fact=facts.Paid(1, T0))
    await keep_notice(database, "help", fact=facts.Help())
    await keep_notice(database, "ops:2", Place(9), fact=connections.AlertOtherPoller())
    await keep_notice(database, "ops:3", fact=connections.AlertOtherPoller(), now=T0 + SECOND)
    await fail(database, "ops:1", "ConnectError")
    async with database.begin() as tx:
        assert len(await waiting.put_past_aside(tx, T0 + HOUR, problem="late", except_for=[9])) == 0
        assert len(await waiting.put_past_aside(tx, T0 + HOUR + SECOND, problem="late", except_for=[9])) == 2
    rows = await by_key(database)
    assert (rows["ops:1"].state, rows["ops:1"].problem) == (RowState.DEAD, "late; before: ConnectError")
    assert (rows["driver"].state, rows["driver"].problem) == (RowState.DROPPED, "late")
    assert {key for key, row in rows.items() if row.state == RowState.DUE} == {"paid", "help", "ops:2", "ops:3"}
    async with database.begin() as tx:
        assert len(await waiting.put_past_aside(tx, T0 + 100 * 24 * HOUR, problem="late", except_for=[])) == 3
    assert {key for key, row in (await by_key(database)).items() if row.state == RowState.DUE} == {"paid"}


async def test_a_row_that_failed_often_holds_up_neither_old_rows_nor_new(database: Database) -> None:
    """Until then it does."""
    await keep_notice(database, "poison")
    await keep_notice(database, "behind")
    for _ in range(ASIDE_AFTER - 1):
        await fail(database, "poison", "NetworkError")
    assert (await by_key(database))["behind"].due_at == T0 + HOUR
    async with database.begin() as tx:
        await waiting.hasten(tx, T0, except_for=[])
    await fail(database, "poison", "NetworkError")
    await keep_notice(database, "new", now=T0 + SECOND)
    rows = await by_key(database)
    assert rows["poison"].due_at == T0 + HOUR
    assert rows["behind"].due_at <= T0 + SECOND
    assert rows["new"].due_at == T0 + SECOND


async def test_a_cards_age_counts_from_the_last_ask_or_change(database: Database) -> None:
    """A change of what still waits makes it no younger; a new ask does, and so does a change of what was sent."""
    await keep_payment(database)
    watch = await keep_watch(database)
    ages = []
    await keep_card(database, watch)
    await keep_card(database, watch, T0 + HOUR)
    ages.append((await by_key(database))[f"card:{watch.id}"].created_at)
    async with database.begin() as tx:
        watch = await watches.renew(tx, watch, locale="id", asked_by=9, now=T0 + HOUR)
    await keep_card(database, watch, T0 + HOUR)
    ages.append((await by_key(database))[f"card:{watch.id}"].created_at)
    row = await begin_first(database, now=T0 + HOUR)
    async with database.begin() as tx:
        await outbox.sent(tx, row, lease_token=TOKEN, message_id=41, now=T0 + HOUR)
    await keep_card(database, watch, T0 + 2 * HOUR)
    ages.append((await by_key(database))[f"card:{watch.id}"].created_at)
    assert ages == [T0, T0 + HOUR, T0 + 2 * HOUR]


async def test_a_card_is_dropped_only_as_it_was_begun(database: Database) -> None:
    """Asked for anew during the try, it stays due."""
    await keep_payment(database)
    watch = await keep_watch(database, place=CHAT)
    await keep_card(database, watch)
    dropped = []
    for change in (True, False):
        row = await begin_first(database)
        if change:
            await keep_card(database, watch)
        async with database.begin() as tx:
            dropped.append(await waiting.drop_unchanged(tx, row, lease_token=TOKEN, problem="late", now=T0))
    assert dropped == [False, True]
    kept = (await by_key(database))[f"card:{watch.id}"]
    assert (kept.state, kept.problem, kept.lease_token) == (RowState.DROPPED, "late", None)
