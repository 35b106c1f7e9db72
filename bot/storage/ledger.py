"""The ledger, which the totals are made of: one row a payment that was shown or watched, kept longer than the payment.

Ids, amounts and times; no chat, and nobody but who said "I'll pay this".
"""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Row, bindparam, func, or_, select

from bot.core.ids import Kind
from bot.core.payment import Payment
from bot.core.totals import Entry
from bot.storage.engine import Tx
from bot.storage.payments import upsert
from bot.storage.tables import ledger, payments


@cache
def _opening(insert: Any) -> Any:
    return insert(ledger).on_conflict_do_nothing(index_elements=["payment_id"])


_NOTE: Final = (
    ledger.update()
    .where(ledger.c.payment_id == bindparam("payment"), ledger.c.paid_at.is_(None))
    .values(kind=bindparam("of_kind"), amount=bindparam("rupiah"), paid_at=bindparam("paid"))
)
_CLAIM: Final = select(payments).where(payments.c.id == bindparam("payment"))
_NOTE_PAID: Final = _NOTE.values(
    {name: _CLAIM.with_only_columns(payments.c[name]).scalar_subquery() for name in ("payer_id", "payer_chat_id")}
)


async def open_entry(tx: Tx, payment: Payment, now: datetime) -> None:
    """Enters a payment that somebody asked for. One that is there keeps the time of its first ask; one that was paid
    before anybody asked here is none of ours."""
    if payment.settled:
        return
    values = {"payment_id": payment.id, "kind": payment.kind, "amount": payment.amount, "asked_at": now}
    await tx.execute(_opening(upsert(tx)), values)


async def note(tx: Tx, payment: Payment) -> None:
    """Keeps what is known now, with who said they would pay it once it is paid. What was entered as paid stays so."""
    known = {"payment": payment.id, "of_kind": payment.kind, "rupiah": payment.amount, "paid": payment.paid_at}
    await tx.execute(_NOTE if payment.paid_at is None else _NOTE_PAID, known)


async def since(tx: Tx, begin: datetime) -> Sequence[Entry]:
    """What was asked for or paid from a moment on."""
    query = select(ledger).where(or_(ledger.c.asked_at >= begin, ledger.c.paid_at >= begin))
    return [_entry(row) for row in (await tx.execute(query)).all()]


async def is_quiet(tx: Tx, begin: datetime) -> bool:
    """Whether nothing was asked for or paid from a moment on."""
    query = select(ledger.c.payment_id).where(or_(ledger.c.asked_at >= begin, ledger.c.paid_at >= begin)).limit(1)
    return (await tx.execute(query)).first() is None


async def between(tx: Tx, begin: datetime, end: datetime) -> Sequence[Entry]:
    """What was paid from `begin` to before `end`, and what was asked for then and is unpaid; by these times."""
    unpaid = ledger.c.paid_at.is_(None) & (ledger.c.asked_at >= begin) & (ledger.c.asked_at < end)
    paid = (ledger.c.paid_at >= begin) & (ledger.c.paid_at < end)
    moment = func.coalesce(ledger.c.paid_at, ledger.c.asked_at)
    query = select(ledger).where(or_(paid, unpaid)).order_by(moment, ledger.c.payment_id)
    return [_entry(row) for row in (await tx.execute(query)).all()]


def _entry(row: Row[Any]) -> Entry:
    kind = Kind(row.kind) if row.kind else None
    return Entry(row.payment_id, kind, row.amount, row.asked_at, row.paid_at, row.payer_id, row.payer_chat_id)
