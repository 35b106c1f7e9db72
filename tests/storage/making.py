"""Makes what the tests of the storage are about."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Table, select

from bot.core.facts import Fact, StillUnpaid
from bot.core.ids import Kind
from bot.core.payment import Payment, Status
from bot.core.watch import Place, Watch
from bot.storage import outbox, payments, waiting, watches
from bot.storage.engine import Database, Tx
from bot.storage.outbox import Outgoing

T0: Final = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)
DAY: Final = timedelta(days=1)
ID: Final = "XID-4875081955"
CHAT: Final = Place(501)
GROUP: Final = Place(-100, 7)
TOKEN: Final = 3


def a_payment(payment_id: str = ID, status: Status = Status.WAITING, asked_at: datetime = T0) -> Payment:
    """A payment somebody asked for."""
    return Payment(payment_id, Kind.EXPRESS, status, asked_at, asked_at + DAY)


async def keep_payment(
    database: Database,
    payment_id: str = ID,
    status: Status = Status.WAITING,
    *,
    look_at: datetime | None = T0,
    asked_at: datetime = T0,
) -> None:
    """Stores a payment."""
    async with database.begin() as tx:
        await payments.save(tx, a_payment(payment_id, status, asked_at), look_at)


async def next_look_at(
    tx: Tx, except_for: Collection[str] = (), kinds: frozenset[Kind | None] | None = None
) -> datetime | None:
    """When the next look (at one of these kinds) is due, be it overdue."""
    _, next_at = await payments.due(tx, T0 - 1000 * DAY, 1, except_for, kinds)
    return next_at


async def keep_watch(database: Database, payment_id: str = ID, place: Place = CHAT) -> Watch:
    """Stores a watch on a payment that is there."""
    handle = f"{payment_id}:{place.chat_id}:{place.topic_id}"
    async with database.begin() as tx:
        return await watches.add(tx, payment_id, place, locale="id", asked_by=9, handle=handle, now=T0)


async def keep_notice(database: Database, key: str, place: Place = CHAT, *, now: datetime = T0, **more: Any) -> None:
    """Writes a notice."""
    fact: Fact = more.pop("fact", StillUnpaid(T0))
    async with database.begin() as tx:
        await outbox.put_notice(tx, key, place, fact, locale="id", now=now, **more)


async def keep_card(database: Database, watch: Watch, now: datetime = T0) -> None:
    """Says that a card is out of date."""
    async with database.begin() as tx:
        await outbox.put_card(tx, watch, now)


async def due_rows(database: Database, now: datetime = T0, busy: Sequence[int] = ()) -> list[int]:
    """The rows to deliver, in their order."""
    async with database.begin() as tx:
        return [row for row, _ in await waiting.due(tx, now, limit=100, except_for=busy)]


async def begin(database: Database, row_id: int, *, token: int = TOKEN, now: datetime = T0) -> Outgoing | None:
    """Begins a delivery in a transaction of its own."""
    async with database.begin() as tx:
        return await outbox.begin(tx, row_id, lease_token=token, now=now)


async def begin_first(database: Database, *, token: int = TOKEN, now: datetime = T0) -> Outgoing:
    """Begins the first row that is due."""
    row = await begin(database, (await due_rows(database, now))[0], token=token, now=now)
    assert row is not None
    return row


async def rows_of(database: Database, table: Table) -> list[Any]:
    """A whole table."""
    async with database.begin() as tx:
        return list((await tx.execute(select(table))).all())
