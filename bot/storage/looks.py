"""Payments whose looks ended at about the same time: read and locked together, moved on together."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Row, bindparam, select

from bot.core.payment import Payment
from bot.storage.engine import Tx
from bot.storage.payments import package_of, payment_of
from bot.storage.tables import packages, payments

MOVED_ON: Final = ("looked_at", "failures", "troubled_since", "closes_at", "claim_until")
"""What `move_on` writes of a payment, besides when to look again."""

_IDS: Final[BindParameter[str]] = bindparam("ids", expanding=True)
# What another transaction holds is left out: who waits for one row while it holds others may wait for ever.
_FREE: Final = (
    select(payments).where(payments.c.id.in_(_IDS)).order_by(payments.c.id).with_for_update(skip_locked=True)
)
_THEIR_PACKAGES: Final = (
    select(packages).where(packages.c.payment_id.in_(_IDS)).order_by(packages.c.payment_id, packages.c.place)
)
_MOVE_ON: Final = payments.update().where(payments.c.id == bindparam("which"))


async def load_free(tx: Tx, payment_ids: Iterable[str]) -> Mapping[str, Payment]:
    """Those payments of these that are there and, on PostgreSQL, locked by nobody else; they are ours from then on."""
    ids = {"ids": list(payment_ids)}
    rows = (await tx.execute(_FREE, ids)).all()
    found: dict[str, list[Row[Any]]] = {}
    for row in await tx.execute(_THEIR_PACKAGES, ids):
        found.setdefault(row.payment_id, []).append(row)
    return {row.id: payment_of(row, tuple(map(package_of, found.get(row.id, ())))) for row in rows}


async def move_on(tx: Tx, looked_at: Sequence[tuple[Payment, datetime | None]]) -> None:
    """Writes what changes with every look (`MOVED_ON`), and when to look next; of payments that are ours."""
    values = [
        {name: getattr(payment, name) for name in MOVED_ON} | {"look_at": look_at, "which": payment.id}
        for payment, look_at in looked_at
    ]
    if values:
        await tx.execute(_MOVE_ON, values)
