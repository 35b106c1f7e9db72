"""Who said "I'll pay this", until they take it back or five minutes are over."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, func, select

from bot.core.payer import PAYS_WITHIN, Payer
from bot.storage.engine import Tx
from bot.storage.tables import payments

_OF: Final = select(payments.c.payer_id, payments.c.payer_chat_id, payments.c.payer_since).where(
    payments.c.id == bindparam("payment")
)
_NOTE: Final = (
    payments.update()
    .where(payments.c.id == bindparam("payment"))
    .values(payer_id=bindparam("who"), payer_chat_id=bindparam("where"), payer_since=bindparam("since"))
)
_LAPSE: Final = (
    payments.update()
    .where(payments.c.payer_since <= bindparam("since"))
    .values(payer_id=None, payer_chat_id=None, payer_since=None)
    .returning(payments.c.id)
)
_FIRST: Final = select(func.min(payments.c.payer_since))


async def of(tx: Tx, payment_id: str) -> Payer | None:
    """Who said last that they pay it."""
    row = (await tx.execute(_OF, {"payment": payment_id})).one_or_none()
    return Payer(*row) if row and row.payer_since is not None else None


async def note(tx: Tx, payment_id: str, payer: Payer | None) -> None:
    """Keeps who says that they pay it; None where they take it back."""
    who, where, since = (payer.person_id, payer.chat_id, payer.since) if payer else (None, None, None)
    await tx.execute(_NOTE, {"payment": payment_id, "who": who, "where": where, "since": since})


async def let_lapse(tx: Tx, now: datetime) -> Sequence[str]:
    """Forgets words that are five minutes old; returns their payments."""
    return sorted((await tx.execute(_LAPSE, {"since": now - PAYS_WITHIN})).scalars())


async def next_lapse_at(tx: Tx) -> datetime | None:
    """When the next such word is over."""
    first: datetime | None = (await tx.execute(_FIRST)).scalar_one()
    return first + PAYS_WITHIN if first else None
