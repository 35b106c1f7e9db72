"""Payments whose looks ended at about the same time: read and locked together, moved on together."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from sqlalchemy import BindParameter, bindparam, select

from bot.core.payment import Payment
from bot.storage.engine import Tx
from bot.storage.payments import WITH_PACKAGES, payment_of
from bot.storage.tables import packages, payments

MOVED_ON: Final = ("looked_at", "failures", "troubled_since", "closes_at", "claim_until")
"""What `move_on` writes of a payment, besides when to look again."""

_IDS: Final[BindParameter[str]] = bindparam("ids", expanding=True)
# What another transaction holds is left out: who waits for one row while it holds others may wait for ever.
_LOCK_FREE: Final = (
    select(payments.c.id).where(payments.c.id.in_(_IDS)).order_by(payments.c.id).with_for_update(skip_locked=True)
)
_MANY: Final = WITH_PACKAGES.where(payments.c.id.in_(_IDS)).order_by(payments.c.id, packages.c.place)
_MOVE_ON: Final = payments.update().where(payments.c.id == bindparam("which"))


async def load_free(tx: Tx, payment_ids: Iterable[str]) -> Mapping[str, Payment]:
    """Those payments of these that are there and, on PostgreSQL, locked by nobody else; they are ours from then on."""
    ids = list(payment_ids)
    if tx.dialect.name == "postgresql":
        ids = list((await tx.execute(_LOCK_FREE, {"ids": ids})).scalars())
    rows = (await tx.execute(_MANY, {"ids": ids})).all()
    return {payment_id: payment_of(list(its)) for payment_id, its in groupby(rows, key=lambda row: str(row.id))}


async def move_on(tx: Tx, looked_at: Sequence[tuple[Payment, datetime | None]]) -> None:
    """Writes what changes with every look (`MOVED_ON`), and when to look next; of payments that are ours."""
    values = [
        {name: getattr(payment, name) for name in MOVED_ON} | {"look_at": look_at, "which": payment.id}
        for payment, look_at in looked_at
    ]
    if values:
        await tx.execute(_MOVE_ON, values)
