"""Callbacks: kept once, heard once, passed on until taken; on SQLite and PostgreSQL."""

from datetime import timedelta

from bot.core.callbacks import Callback, ExpressNews, Parcel, ParcelEvent
from bot.core.watch import Place
from bot.storage import callbacks
from bot.storage.callbacks import Arrived
from bot.storage.engine import Database
from bot.storage.purge import BODIES_FOR, UPDATES_FOR, purge
from bot.storage.tables import callbacks as table
from tests.storage.making import ID, SECOND, T0, keep_notice, keep_payment, keep_watch, rows_of

SHIPPED = Callback("shipped_packages", "a" * 64, "XID-1", (Parcel("OID-1", "AWB-1", "jne"), Parcel("OID-2")))
DELIVERED = Callback("finished_packages", "b" * 64)
RAW = b'{"method": "\xff"}'


async def store(database: Database, *arrived: Arrived) -> frozenset[str]:
    """Keeps callbacks in a transaction of their own."""
    async with database.begin() as tx:
        return await callbacks.store(tx, arrived, T0)


async def test_a_callback_is_kept_once(database: Database) -> None:
    """Within one commit and over several; what it says is read again as it was."""
    assert await store(database, Arrived(SHIPPED), Arrived(SHIPPED)) == {SHIPPED.digest}
    assert await store(database, Arrived(DELIVERED), Arrived(SHIPPED, RAW)) == {DELIVERED.digest}
    assert await store(database, Arrived(SHIPPED)) == frozenset()
    async with database.begin() as tx:
        found = await callbacks.waiting(tx, 10)
        assert [one.callback for one in found] == [SHIPPED, DELIVERED]
        assert await callbacks.waiting(tx, 1) == found[:1]
        await callbacks.note_heard(tx, found[:1])
        assert await callbacks.waiting(tx, 10) == found[1:]
    assert [row.body for row in await rows_of(database, table)] == [None, None]


async def test_what_is_said_again_is_heard_again(database: Database) -> None:
    """The first may have come too early; but it is neither kept nor passed on twice."""
    await store(database, Arrived(SHIPPED, RAW), Arrived(DELIVERED))
    async with database.begin() as tx:
        heard = await callbacks.waiting(tx, 10)
        await callbacks.note_heard(tx, heard)
        await callbacks.note_forwarded(tx, heard[0].id)
    assert await store(database, Arrived(SHIPPED, RAW), Arrived(SHIPPED, RAW)) == frozenset()
    async with database.begin() as tx:
        (again,) = await callbacks.waiting(tx, 10, heard)
        assert (again.id, again.callback) == (heard[0].id, SHIPPED)
        assert await callbacks.waiting(tx, 10, [again]) == []
        assert await callbacks.to_forward(tx, T0, 10, []) == []


async def test_what_is_said_again_while_it_is_heard_is_not_taken_for_heard(database: Database) -> None:
    """The second word came after the look that the first one asked for."""
    await store(database, Arrived(SHIPPED))
    async with database.begin() as tx:
        first = await callbacks.waiting(tx, 10)
    await store(database, Arrived(SHIPPED))
    async with database.begin() as tx:
        await callbacks.note_heard(tx, first)
        assert [one.callback for one in await callbacks.waiting(tx, 10)] == [SHIPPED]


async def test_a_body_is_kept_until_it_is_passed_on(database: Database) -> None:
    """Byte for byte; put off it comes later, and what is under way is not begun again."""
    await store(database, Arrived(SHIPPED, RAW, "application/json"), Arrived(DELIVERED, b""))
    async with database.begin() as tx:
        first, second = await callbacks.to_forward(tx, T0, 10, [])
        assert (first.body, first.content_type, first.attempts, first.received_at) == (RAW, "application/json", 0, T0)
        assert (second.body, second.content_type) == (b"", None)
        assert await callbacks.to_forward(tx, T0, 10, [first.id]) == [second]
        await callbacks.put_off(tx, first.id, T0 + SECOND, "http_503")
        assert await callbacks.to_forward(tx, T0, 10, []) == [second]
        assert await callbacks.next_forward_at(tx, [second.id]) == T0 + SECOND
        await callbacks.note_forwarded(tx, second.id)
        (again,) = await callbacks.to_forward(tx, T0 + SECOND, 10, [])
        assert (again.id, again.attempts) == (first.id, 1)
        await callbacks.note_forwarded(tx, first.id, problem="timeout")
        assert await callbacks.next_forward_at(tx, []) is None
    assert {row.id: (row.body, row.problem) for row in await rows_of(database, table)} == {
        first.id: (None, "timeout"),
        second.id: (None, None),
    }


async def test_what_a_chat_was_told_is_found(database: Database) -> None:
    """Its own messages alone, whether they are sent or not."""
    await keep_payment(database)
    watch, other = await keep_watch(database), await keep_watch(database, place=Place(502))
    news = ExpressNews(ParcelEvent.SHIPPED, SHIPPED.parcels)
    await keep_notice(database, "express:1", fact=news, payment_id=ID, watch_id=watch.id)
    await keep_notice(database, "unpaid", payment_id=ID, watch_id=watch.id)
    async with database.begin() as tx:
        assert await callbacks.express_told(tx, watch) == [news]
        assert await callbacks.express_told(tx, other) == []


async def test_callbacks_go_after_a_week_and_bodies_before(database: Database) -> None:
    """One that was not heard stays, without its body; so does what was not passed on in time."""
    await store(database, Arrived(SHIPPED, RAW), Arrived(DELIVERED, RAW))
    async with database.begin() as tx:
        await callbacks.note_heard(tx, await callbacks.waiting(tx, 1))
        await purge(tx, T0 + BODIES_FOR)
        assert len(await callbacks.to_forward(tx, T0, 10, [])) == 2
        await purge(tx, T0 + BODIES_FOR + SECOND)
        assert await callbacks.next_forward_at(tx, []) is None
    assert [row.body for row in await rows_of(database, table)] == [None, None]
    async with database.begin() as tx:
        assert await purge(tx, T0 + UPDATES_FOR) == 0
        assert await purge(tx, T0 + UPDATES_FOR + timedelta(seconds=1)) == 1
    assert [row.digest for row in await rows_of(database, table)] == [DELIVERED.digest]
