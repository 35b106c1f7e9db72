"""How much there is of what: what metrics show of the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from bot.core.payment import Status
from bot.storage.engine import Tx
from bot.storage.outbox import IS_DUE, RowState
from bot.storage.tables import outbox, payments


@dataclass(frozen=True, slots=True)
class Depths:
    """Payments by status (every status has a number), and the outbox: due, how long the oldest has been, dead."""

    payments: dict[str, int]
    outbox: tuple[int, timedelta, int]


async def depths(tx: Tx, now: datetime) -> Depths:
    """Counts."""
    counted = (await tx.execute(select(payments.c.status, func.count()).group_by(payments.c.status))).all()
    by_status = dict.fromkeys(Status, 0) | {Status(status): count for status, count in counted}
    waiting = select(func.count(), func.min(outbox.c.due_at)).where(IS_DUE)
    due, oldest = (await tx.execute(waiting.where(outbox.c.due_at <= now))).one()
    dead = (await tx.execute(select(func.count()).where(outbox.c.state == RowState.DEAD))).scalar_one()
    age = now - oldest if oldest else timedelta(0)
    return Depths({status.value: count for status, count in by_status.items()}, (due, age, dead))
