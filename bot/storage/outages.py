"""Payments while KiriminAja does not answer: many at once, in one write each for its beginning and its end."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select

from bot.core.ids import Kind
from bot.core.payment import Status
from bot.storage.engine import Tx
from bot.storage.payments import Due, of_kinds
from bot.storage.tables import payments


async def note_trouble(tx: Tx, kinds: Collection[Kind | None], since: datetime) -> None:
    """From `since` on there has been no answer about any payment of these kinds: their watches' clocks stand still,
    also of those that were not due."""
    # Who holds a row is deciding about it right now; to wait for all of them could end in a deadlock.
    well = payments.c.troubled_since.is_(None)
    found = select(payments.c.id).where(payments.c.look_at.is_not(None), well, of_kinds(kinds))
    free = found.with_for_update(skip_locked=True)
    await tx.execute(payments.update().where(payments.c.id.in_(free)).values(troubled_since=since))


async def release(tx: Tx, kinds: Collection[Kind | None], now: datetime, apart: timedelta) -> int:
    """Payments of these kinds that were due meanwhile, or tried in vain, are looked at now, one after another so far
    `apart` that what is due anew finds its place between them. Returns how many.

    First those that somebody waits for: never shown yet, or said to be paid; then the watched ones, the latest ask
    first; at last those whose watch is over.
    """
    awaited = or_(payments.c.seen.is_(False), payments.c.claim_until.is_not(None))
    rank = case((awaited, 0), (payments.c.status == Status.CLOSED, 2), else_=1)
    query = select(payments.c.id).where(_waits(now), of_kinds(kinds))
    query = query.order_by(rank, payments.c.asked_at.desc(), payments.c.id)
    found = (await tx.execute(query.with_for_update(skip_locked=True))).scalars().all()
    if found:
        one = payments.update().where(payments.c.id == bindparam("which")).values(look_at=bindparam("at"))
        await tx.execute(one, [{"which": each, "at": now + place * apart} for place, each in enumerate(found)])
    return len(found)


async def probe(tx: Tx, kinds: Collection[Kind | None], except_for: Iterable[str]) -> Due | None:
    """The payment of these kinds by which to find out whether there are answers again: the one that is due first.

    One that fails is put off by that, so that the next time it is another one's turn.
    """
    query = select(payments.c.id, payments.c.kind, payments.c.look_at).where(
        payments.c.look_at.is_not(None), of_kinds(kinds)
    )
    if busy := list(except_for):
        query = query.where(payments.c.id.not_in(busy))
    row = (await tx.execute(query.order_by(payments.c.look_at).limit(1))).one_or_none()
    return Due(row.id, Kind(row.kind) if row.kind else None, row.look_at) if row else None


async def troubled_since(tx: Tx, kinds: Collection[Kind | None]) -> datetime | None:
    """Since when one of these kinds that is looked at has had no usable answer; None where none waits for one."""
    first = select(func.min(payments.c.troubled_since)).where(payments.c.look_at.is_not(None), of_kinds(kinds))
    found: datetime | None = (await tx.execute(first)).scalar_one()
    return found


async def answered_at(tx: Tx, kinds: Collection[Kind | None]) -> datetime | None:
    """When any payment of these kinds had a usable answer last. Reads all of them."""
    last = select(func.max(payments.c.looked_at)).where(of_kinds(kinds))
    found: datetime | None = (await tx.execute(last)).scalar_one()
    return found


async def count_waiting(tx: Tx, kinds: Collection[Kind | None], now: datetime) -> int:
    """How many payments of these kinds were tried in vain, or are due and wait for the first usable answer."""
    count = select(func.count()).select_from(payments).where(_waits(now), of_kinds(kinds))
    return int((await tx.execute(count)).scalar_one())


def _waits(now: datetime) -> ColumnElement[bool]:
    """Whether a payment was due while there was no answer."""
    looked_at, troubled = payments.c.look_at.is_not(None), payments.c.troubled_since.is_not(None)
    return and_(looked_at, troubled, or_(payments.c.failures > 0, payments.c.look_at <= now))
